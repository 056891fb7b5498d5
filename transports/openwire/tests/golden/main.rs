//! The codec against bytes that ActiveMQ made: `tests/vectors/openwire`, or the folder that the variable
//! `FINEWIRE_OPENWIRE_VECTORS` names (same file names; what is missing there is skipped and said so).

mod captures;
mod json;
mod lines;
mod malformed;
mod mutations;
mod vectors;
