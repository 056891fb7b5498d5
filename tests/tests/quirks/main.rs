//! Quirks of Finesse's notification service and of its service as a whole, and what may come later:
//! real connector, real drivers, broker and Finesse, fake time, no socket.

mod codes;
mod later;
mod service;
mod stanzas;
