//! What the benches measure: real traffic of a whole site, recorded once and played again.
//!
//! A [`Life`] is everything that a connector was told while a driver and Finesse worked with it. It
//! is played to a fresh connector as often as one likes, with nobody else in the process, and each
//! [`Way`] through it can be timed or counted alone.

mod life;

pub use life::{Life, Way};
