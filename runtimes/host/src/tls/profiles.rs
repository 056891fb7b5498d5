//! What TLS ids mean.

use super::Session;
use finewire_core::machine::{TlsFault, TlsId};
use std::collections::BTreeMap;

#[cfg(feature = "tls")]
use super::{ClientTls, ServerTls};

/// The TLS profiles of a host, by the ids that machines name them with.
///
/// ```
/// # #[cfg(feature = "tls")] {
/// use finewire_core::machine::TlsId;
/// use finewire_host::{ClientTls, ServerTls, TlsProfiles};
///
/// let server = ServerTls::self_made(&["localhost"])?;
/// let mut profiles = TlsProfiles::new();
/// profiles.set_client(TlsId(1), ClientTls::pinned(server.fingerprint()));
/// profiles.set_server(TlsId(2), server);
/// # }
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, Default)]
pub struct TlsProfiles {
    by_id: BTreeMap<TlsId, Profile>,
}

#[derive(Clone, Debug)]
enum Profile {
    #[cfg(feature = "tls")]
    Client(ClientTls),
    #[cfg(feature = "tls")]
    Server(ServerTls),
}

impl TlsProfiles {
    /// No profiles: every `Secure` ends in [`TlsFault::NoProfile`].
    #[must_use]
    pub const fn new() -> Self {
        Self {
            by_id: BTreeMap::new(),
        }
    }

    /// Sets what `id` means on links that the machine opens.
    #[cfg(feature = "tls")]
    pub fn set_client(&mut self, id: TlsId, client: ClientTls) {
        self.by_id.insert(id, Profile::Client(client));
    }

    /// Whether `id` means something on links that the machine opens.
    #[cfg(feature = "tls")]
    #[must_use]
    pub fn has_client(&self, id: TlsId) -> bool {
        matches!(self.by_id.get(&id), Some(Profile::Client(_)))
    }

    /// Sets what `id` means on accepted links.
    #[cfg(feature = "tls")]
    pub fn set_server(&mut self, id: TlsId, server: ServerTls) {
        self.by_id.insert(id, Profile::Server(server));
    }

    /// Begins a handshake: as client of `host`, or as server where `host` is `None`.
    pub(crate) fn begin(&self, id: TlsId, host: Option<&str>) -> Result<Session, TlsFault> {
        match (self.by_id.get(&id), host) {
            #[cfg(feature = "tls")]
            (Some(Profile::Client(client)), Some(host)) => Session::client(client, host),
            #[cfg(feature = "tls")]
            (Some(Profile::Server(server)), None) => Session::server(server),
            _ => Err(TlsFault::NoProfile),
        }
    }
}
