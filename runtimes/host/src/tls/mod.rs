//! TLS between socket bytes and link bytes, the same for every adapter.
//!
//! A machine says [`Secure`](finewire_core::machine::Output::Secure) with a
//! [`TlsId`](finewire_core::machine::TlsId); [`TlsProfiles`] says what that id means: whom to
//! trust as a client, what certificate to show as a server.
//!
//! Not here: client certificates and ALPN; Finesse asks for neither.

mod profiles;
pub use profiles::TlsProfiles;

#[cfg(feature = "tls")]
mod client;
#[cfg(feature = "tls")]
mod fault;
#[cfg(feature = "tls")]
mod fingerprint;
#[cfg(feature = "tls")]
mod pin;
#[cfg(feature = "tls")]
mod server;
#[cfg(feature = "tls")]
mod session;
#[cfg(feature = "tls")]
mod setup;
#[cfg(feature = "tls")]
pub use client::ClientTls;
#[cfg(feature = "tls")]
pub use fault::tls_fault;
#[cfg(feature = "tls")]
pub use fingerprint::fingerprint;
#[cfg(feature = "tls")]
pub use server::ServerTls;
#[cfg(feature = "tls")]
pub(crate) use session::Session;
#[cfg(feature = "tls")]
pub use setup::TlsSetupError;

#[cfg(not(feature = "tls"))]
mod absent;
#[cfg(not(feature = "tls"))]
pub(crate) use absent::Session;
