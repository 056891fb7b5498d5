//! What a connection is made from.

use finewire_core::password::Secret;

use crate::client::{BrokerUri, ClientConfig, UriError};

/// What a connection is made from; see [`Plan::new`].
#[derive(Clone, Debug)]
pub struct Plan {
    /// The URI, for its brokers and the `jms.` options.
    pub uri: BrokerUri,
    /// The client; `jms.`, `wireFormat.` and `timeout` of the URI are in it.
    pub config: ClientConfig,
}

impl Plan {
    /// Reads ActiveMQ's URI.
    ///
    /// # Errors
    ///
    /// What is wrong with the URI.
    pub fn new(url: &str) -> Result<Self, UriError> {
        let uri: BrokerUri = url.parse()?;
        let mut config = ClientConfig::default();
        config.apply(&uri);
        Ok(Self { uri, config })
    }

    /// The same with this user; wins over `jms.userName` and `jms.password`.
    #[must_use]
    pub fn user(mut self, name: impl Into<String>, password: impl Into<Secret>) -> Self {
        self.config.user = Some(name.into());
        self.config.password = Some(password.into());
        self
    }

    /// The same with this client id; wins over `jms.clientID`.
    #[must_use]
    pub fn client_id(mut self, id: impl Into<String>) -> Self {
        self.config.client_id = Some(id.into());
        self
    }

    /// Whether any of the brokers is behind TLS.
    #[must_use]
    pub fn needs_tls(&self) -> bool {
        self.uri.servers.iter().any(|server| server.tls)
    }
}
