//! A day at a whole site: what everybody does and what befalls them, made of bytes.
//!
//! The first [`HEADER`] bytes build the site, every further [`DEED`] bytes are one [`Deed`]: who does
//! what, and how long nothing else happens then. Any bytes are a day; all zeros are a calm one. A seed
//! makes the bytes of a day in which people follow the flows of the contract while links break, nodes
//! fail and processes die in between ([`from_seed`]); a fuzzer makes them without such sense.
//!
//! [`run()`] lives a day through. The rules of machines, that every command ends once and that nobody
//! shows a secret are checked at each step; whenever all is mended and nothing is under way
//! ([`Deed::Noon`], and at the end), the models of drivers and connectors are compared with how things
//! are at Finesse, and what everybody holds with its bounds.

mod accidents;
mod bounds;
mod deed;
mod doing;
mod flows;
mod header;
mod knowing;
mod many;
mod noon;
mod run;
mod shrink;
mod tally;

pub use deed::{DEED, Deed, Gap, Step};
pub use flows::from_seed;
pub use header::HEADER;
pub use many::{Failure, attempt, run_seeds};
pub use run::{Day, fuzz, run};
pub use shrink::shrink;
pub use tally::Tally;
