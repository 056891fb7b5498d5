//! The whole connector as a sans-IO machine over all its links.
