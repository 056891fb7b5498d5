//! The finewire program.

fn main() {}
