//! Every feature of the contract end to end, on both products: real connector, real drivers, broker
//! and Finesse, fake time, no socket.

mod call_data;
mod consults;
mod entry;
mod lists;
mod previews;
mod supervisors;
mod wrap_up;
