//! What a release consists of: what each package says of itself and holds, what it depends on and what
//! that may be, and how little a driver's process has to take in.

mod closure;
mod contents;
mod dependencies;
mod descriptions;
mod graph;
mod growing;
mod policy;
mod widths;
