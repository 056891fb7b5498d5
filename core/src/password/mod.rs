//! Passwords: how they are held in memory, and how they travel between driver and connector.
//!
//! A [`Secret`] is wiped when its last holder lets go, has no readable `Debug` and compares in
//! constant time. A [`PasswordCodec`] decodes and encodes the password field of a command: in
//! clear, or encrypted with Triple-DES in CBC mode.
//!
//! Triple-DES is here for the sake of old drivers only: its key is shared by all of them and it
//! does not protect the message around the password. Use TLS between drivers and broker.
//!
//! Not here: who may try how often (the connector's session), and TLS.

mod cipher;
mod codec;
mod secret;

pub use cipher::{CipherText, InitialVector, TripleDes};
pub use codec::{DecodeFault, KeyFault, PasswordCodec, Undecodable, Unencodable};
pub use secret::Secret;
