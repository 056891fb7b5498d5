//! TLS as client and as server, and what can be wrong with a peer.

use super::{Adapter, Do, Running, link};
use finewire_core::machine::{
    CloseReason, Closing, Endpoint, Fingerprint, ListenerId, TlsFault, TlsId,
};
use finewire_host::{ClientTls, HostConfig, ServerTls, TlsProfiles};
use std::io::{Read, Write};
use std::net::TcpListener;

const DOOR: ListenerId = ListenerId(1);
const SERVER: TlsId = TlsId(1);
const CLIENT: TlsId = TlsId(2);

fn probe<A: Adapter>(server: &ServerTls, client: ClientTls) -> Running<A> {
    let mut tls = TlsProfiles::new();
    tls.set_server(SERVER, server.clone());
    tls.set_client(CLIENT, client);
    Running::with(HostConfig {
        tls,
        ..HostConfig::default()
    })
}

fn localhost() -> ServerTls {
    ServerTls::self_made(&["localhost", "127.0.0.1"]).unwrap()
}

/// Client and server profile against each other, a MiB back and forth, closed in good order.
pub fn tls_carries_bytes_both_ways<A: Adapter>() {
    let server = localhost();
    let mut probe = probe::<A>(&server, ClientTls::pinned(server.fingerprint()));
    let port = probe.echo(DOOR, Some(SERVER));
    let body: Vec<u8> = (0..1_048_576_u32).map(|n| (n % 251) as u8).collect();

    probe.connect(link(1), port);
    probe.tell(Do::Secure(link(1), CLIENT));
    let identity = probe.secured(link(1));
    assert_eq!(identity.certificate, Some(server.fingerprint()));
    assert_eq!(identity.version.as_deref(), Some("TLSv1.3"));
    probe.send(link(1), &body);
    assert!(probe.received(link(1), body.len()) == body);
    probe.sent(link(1));
    probe.tell(Do::Close(link(1), Closing::Flush));

    assert_eq!(probe.closed(link(1)), CloseReason::Asked);
}

/// The server's side as the machine sees it, with a root instead of a pin.
pub fn an_accepted_link_is_secured_and_hears_the_end<A: Adapter>() {
    let server = localhost();
    let root = ClientTls::roots_pem(server.certificate_pem().as_bytes()).unwrap();
    let mut probe = probe::<A>(&server, root);
    let port = probe.listen(DOOR);
    probe.tell(Do::Open(
        link(1),
        Endpoint::secure("localhost", port, CLIENT),
    ));
    probe.opened(link(1));
    let peer = probe.accepted(DOOR);
    probe.tell(Do::Secure(peer, SERVER));
    probe.tell(Do::Secure(link(1), CLIENT));

    assert_eq!(probe.secured(peer).certificate, None);
    probe.secured(link(1));
    probe.send(link(1), b"the last words");
    probe.tell(Do::Close(link(1), Closing::Flush));

    assert_eq!(probe.received(peer, 14), b"the last words");
    assert_eq!(probe.closed(peer), CloseReason::Eof);
    assert_eq!(probe.closed(link(1)), CloseReason::Asked);
}

/// The client names the certificate it found; the server hears why it was left.
pub fn another_certificate_than_the_pinned_is_a_pin_mismatch<A: Adapter>() {
    let server = localhost();
    let mut probe = probe::<A>(&server, ClientTls::pinned(Fingerprint([7; 32])));
    let port = probe.listen(DOOR);
    probe.connect(link(1), port);
    let peer = probe.accepted(DOOR);

    probe.tell(Do::Secure(peer, SERVER));
    probe.tell(Do::Secure(link(1), CLIENT));

    let fault = TlsFault::PinMismatch(server.fingerprint());
    assert_eq!(probe.closed(link(1)), CloseReason::Tls(fault));
    let heard = probe.closed(peer);
    assert!(
        matches!(heard, CloseReason::Tls(TlsFault::Alert(_))),
        "{heard:?}"
    );
}

/// Signed by itself, trusted by nobody.
pub fn a_certificate_of_an_unknown_issuer_is_refused<A: Adapter>() {
    let server = localhost();
    let other = ServerTls::self_made(&["localhost"]).unwrap();
    let trusting_other = ClientTls::roots_pem(other.certificate_pem().as_bytes()).unwrap();
    let mut probe = probe::<A>(&server, trusting_other);
    let port = probe.listen(DOOR);
    probe.connect(link(1), port);
    let peer = probe.accepted(DOOR);

    probe.tell(Do::Secure(peer, SERVER));
    probe.tell(Do::Secure(link(1), CLIENT));

    let closed = probe.closed(link(1));
    assert!(
        matches!(
            closed,
            CloseReason::Tls(TlsFault::UnknownIssuer | TlsFault::BadSignature)
        ),
        "{closed:?}"
    );
    probe.closed(peer);
}

/// A server that answers a ClientHello in plain HTTP.
pub fn a_peer_without_tls_is_not_tls<A: Adapter>() {
    let server = localhost();
    let mut probe = probe::<A>(&server, ClientTls::pinned(server.fingerprint()));
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    probe.connect(link(1), port);
    let (mut peer, _) = listener.accept().unwrap();

    probe.tell(Do::Secure(link(1), CLIENT));
    peer.read_exact(&mut [0; 16]).unwrap();
    peer.write_all(b"HTTP/1.1 400 Bad Request\r\n\r\n").unwrap();

    assert_eq!(probe.closed(link(1)), CloseReason::Tls(TlsFault::NotTls));
}

/// The same on the accepting side.
pub fn a_client_without_tls_is_not_tls<A: Adapter>() {
    let server = localhost();
    let mut probe = probe::<A>(&server, ClientTls::pinned(server.fingerprint()));
    let port = probe.listen(DOOR);
    probe.connect(link(1), port);
    let peer = probe.accepted(DOOR);

    probe.tell(Do::Secure(peer, SERVER));
    probe.send(link(1), b"GET / HTTP/1.1\r\n\r\n");

    assert_eq!(probe.closed(peer), CloseReason::Tls(TlsFault::NotTls));
}

/// A profile that nobody configured, and one of the wrong side.
pub fn a_missing_profile_is_no_profile<A: Adapter>() {
    let server = localhost();
    let mut probe = probe::<A>(&server, ClientTls::pinned(server.fingerprint()));
    let port = probe.listen(DOOR);
    probe.connect(link(1), port);
    let peer = probe.accepted(DOOR);

    probe.tell(Do::Secure(link(1), TlsId(99)));
    probe.tell(Do::Secure(peer, CLIENT));

    let no_profile = CloseReason::Tls(TlsFault::NoProfile);
    assert_eq!(probe.closed(link(1)), no_profile);
    let theirs = probe.closed(peer);
    assert!(
        theirs == no_profile || theirs == CloseReason::Eof,
        "{theirs:?}"
    );
}

/// STARTTLS: plain words first, then the handshake on the same link.
pub fn a_link_is_secured_in_the_middle_of_a_conversation<A: Adapter>() {
    let server = localhost();
    let mut probe = probe::<A>(&server, ClientTls::pinned(server.fingerprint()));
    let port = probe.listen(DOOR);
    probe.connect(link(1), port);
    let peer = probe.accepted(DOOR);
    probe.send(link(1), b"starttls");
    assert_eq!(probe.received(peer, 8), b"starttls");
    probe.send(peer, b"proceed");
    probe.tell(Do::Secure(peer, SERVER));
    assert_eq!(probe.received(link(1), 7), b"proceed");

    probe.tell(Do::Secure(link(1), CLIENT));

    probe.secured(link(1));
    probe.secured(peer);
    probe.sent(link(1));
    probe.send(link(1), b"secret");
    assert_eq!(probe.received(peer, 6), b"secret");
}
