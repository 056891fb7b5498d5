//! Asking the monitor of a connector that runs, over HTTP or HTTPS.

use crate::config::{Access, AccessWire};
use crate::doctor::exchange::exchange;
use crate::doctor::handshake::shown;
use anyhow::{Context as _, Result, bail};
use bytes::Bytes;
use core::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use core::time::Duration;
use finewire_core::password::Secret;
use finewire_host::{ClientTls, fingerprint};
use finewire_http::{Request, header};
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject as _;

/// For one page.
const PATIENCE: Duration = Duration::from_secs(10);

/// Where a monitor is, and whom to believe there.
#[derive(Clone)]
pub(crate) struct Running {
    address: SocketAddr,
    tls: Option<ClientTls>,
}

impl Running {
    /// The monitor at `named` (`http://127.0.0.1:8162`), else where the configuration has it listen.
    ///
    /// Over HTTPS the certificate of `[monitor] certificate_file` is believed alone. One of the program's own
    /// making is new at every start, so whichever is shown on this machine is believed, and pinned from
    /// there on; elsewhere it is not.
    ///
    /// # Errors
    ///
    /// There is no monitor, or nobody there can be believed.
    pub(crate) async fn find(
        named: Option<&str>,
        configured: Option<(SocketAddr, &Access)>,
    ) -> Result<Self> {
        let own = configured.map(|(_, access)| &access.wire);
        let (address, is_secure) = match (named, configured) {
            (Some(url), _) => parse(url)?,
            (None, Some((address, access))) => (
                SocketAddr::new(reachable(address.ip()), address.port()),
                access.wire != AccessWire::Plain,
            ),
            (None, None) => bail!("the configuration has no monitor (--monitor URL names one)"),
        };
        let is_here = address.ip().is_loopback();
        let tls = match own {
            _ if !is_secure && is_here => None,
            _ if !is_secure => bail!("{address}: without TLS only a monitor on loopback is asked"),
            Some(AccessWire::Files { certificate, .. }) => {
                let first = CertificateDer::from_pem_file(certificate)
                    .with_context(|| format!("{}", certificate.display()))?;
                Some(ClientTls::pinned(fingerprint(&first)))
            }
            _ if is_here => {
                let host = address.ip().to_string();
                let chain = tokio::time::timeout(PATIENCE, shown(address, &host)).await;
                let chain = chain.with_context(|| format!("{address} says nothing"))?;
                let first = chain
                    .first()
                    .with_context(|| format!("{address} shows no certificate"))?;
                Some(ClientTls::pinned(fingerprint(first)))
            }
            _ => bail!("{address}: a certificate of its own making is believed on loopback only"),
        };
        Ok(Self { address, tls })
    }

    /// The text of a page.
    ///
    /// # Errors
    ///
    /// No answer within 10 s, or one that says who asks is not let in.
    pub(crate) async fn ask(&self, page: &str, token: Option<&Secret>) -> Result<String> {
        let mut request = Request::get(page);
        if let Some(token) = token {
            let mut value = header::HeaderValue::from_str(&format!("Bearer {}", token.expose()))?;
            value.set_sensitive(true);
            request = request.header(header::AUTHORIZATION, value);
        }
        let host = self.address.ip().to_string();
        let port = self.address.port();
        let request = request.body(Bytes::new())?;
        let answer = exchange(&host, port, self.tls.clone(), request, PATIENCE).await;
        let response = answer.map_err(|why| anyhow::anyhow!("{}: {why}", self.address))?;
        let status = response.status().as_u16();
        if matches!(status, 401 | 403 | 404) {
            bail!("the monitor answers {status} (--monitor-token-file FILE lets it answer)");
        }
        Ok(String::from_utf8_lossy(response.body()).into_owned())
    }
}

/// Whom to ask where a server listens on every address.
const fn reachable(ip: IpAddr) -> IpAddr {
    match ip {
        IpAddr::V4(ip) if ip.is_unspecified() => IpAddr::V4(Ipv4Addr::LOCALHOST),
        IpAddr::V6(ip) if ip.is_unspecified() => IpAddr::V6(Ipv6Addr::LOCALHOST),
        other => other,
    }
}

/// The address in a URL of a monitor, and whether it has TLS.
fn parse(url: &str) -> Result<(SocketAddr, bool)> {
    let (is_secure, rest) = match url.split_once("://") {
        Some(("http", rest)) => (false, rest),
        Some(("https", rest)) => (true, rest),
        _ => bail!("--monitor: http:// or https:// with an address and a port"),
    };
    let place = rest
        .trim_end_matches('/')
        .replace("localhost:", "127.0.0.1:");
    let address = place
        .parse()
        .context("--monitor: such as https://127.0.0.1:8162")?;
    Ok((address, is_secure))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_url_names_an_address_and_whether_there_is_tls() {
        let here = SocketAddr::from(([127, 0, 0, 1], 8162));
        assert_eq!(parse("http://127.0.0.1:8162").unwrap(), (here, false));
        assert_eq!(parse("https://localhost:8162/").unwrap(), (here, true));
        for bad in ["127.0.0.1:8162", "ftp://127.0.0.1:1", "https://x.example:1"] {
            assert!(parse(bad).is_err(), "{bad}");
        }
    }

    #[tokio::test]
    async fn nobody_elsewhere_is_believed_or_told_a_token_in_clear() {
        for url in ["http://192.0.2.1:8162", "https://192.0.2.1:8162"] {
            assert!(Running::find(Some(url), None).await.is_err(), "{url}");
        }
    }
}
