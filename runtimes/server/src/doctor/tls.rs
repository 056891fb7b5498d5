//! The TLS step of a way: the handshake that the program itself would make, and a second look where it
//! breaks.

use super::advice::{self, Place};
use super::certificate::Facts;
use super::handshake::{self, Broken, Wire};
use super::hello::{Heard, Newest};
use super::report::Finding;
use core::net::SocketAddr;
use finewire_core::machine::TlsFault;
use finewire_host::ClientTls;
use rustls::pki_types::CertificateDer;

/// Does the handshake and hands the stream over.
pub(crate) async fn secure(
    to: SocketAddr,
    place: Place<'_>,
    tls: &ClientTls,
) -> Result<(Wire, Finding), Finding> {
    let mut wire = Wire::open(to)
        .await
        .map_err(|e| Finding::failed(e, "it took a connection a moment ago: look at its limits"))?;
    let broken = match wire.secure(place.host, tls.to_rustls()).await {
        Ok(()) => {
            let own = wire.certificates().first().and_then(|own| Facts::read(own));
            let agreed = wire.agreed().unwrap_or_else(|| "TLS".to_owned());
            let finding = advice::agreed(place, &agreed, own.as_ref());
            return Ok((wire, finding));
        }
        Err(broken) => broken,
    };
    Err(match broken {
        Broken::Tls(TlsFault::NotTls) => advice::not_tls(place, &wire.first),
        Broken::Tls(fault) => explain(to, place, &fault).await,
        Broken::Closed(why) => closed(to, place, &why).await,
    })
}

async fn explain(to: SocketAddr, place: Place<'_>, fault: &TlsFault) -> Finding {
    let shown = facts(&handshake::shown(to, place.host).await);
    if !shown.is_empty() {
        return advice::refused(place, fault, &shown);
    }
    let (old, new) = old_hellos(to, place.host).await;
    advice::no_handshake(place, fault, &old, &new)
}

/// A peer that closed without an alert: old TLS stacks do so, and peers that do not speak TLS.
async fn closed(to: SocketAddr, place: Place<'_>, why: &str) -> Finding {
    let (old, new) = old_hellos(to, place.host).await;
    if (&old, &new) != (&Heard::Nothing, &Heard::Nothing) {
        return advice::no_handshake(place, &TlsFault::Other(why.to_owned()), &old, &new);
    }
    let text = format!("no TLS there: {why} when it was greeted");
    let hint = format!(
        "give the port that has TLS; for a peer without it: {}",
        place.without_tls
    );
    Finding::failed(text, hint)
}

async fn old_hellos(to: SocketAddr, host: &str) -> (Heard, Heard) {
    tokio::join!(
        handshake::heard(to, host, Newest::Tls11),
        handshake::heard(to, host, Newest::Tls12)
    )
}

fn facts(chain: &[CertificateDer<'_>]) -> Vec<Facts> {
    chain.iter().filter_map(|der| Facts::read(der)).collect()
}
