//! XML as small as Finesse needs it: a tree read from a complete document, and written.
//!
//! Names are local names (prefixes are dropped) and compare case-insensitively, because bodies
//! begin with `User` where updates begin with `user`. There is no document type, no entity of
//! one's own, and attributes are not kept. Bytes, depth and number of elements are bounded.

mod read;
mod tree;
mod write;

pub use read::Limits;
pub use tree::Element;
