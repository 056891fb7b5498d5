#![doc = include_str!("../PITFALLS.md")]
