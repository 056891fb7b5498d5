//! What client and broker have in common on one byte stream: greeting, frames, keep-alive, outbox.

mod keep_alive;
mod stream;

pub(crate) use stream::{Channel, ChannelConfig, Heard};
