//! TLS between two hosts without sockets: what goes right, and each thing that goes wrong by
//! its name.

#![cfg(feature = "tls")]
#![expect(clippy::unwrap_used, reason = "a test's own inputs")]

mod two_hosts;

use core::time::Duration;
use finewire_core::machine::{CloseReason, Closing, Fingerprint, Output, TlsFault};
use finewire_host::rustls::pki_types::pem::PemObject;
use finewire_host::rustls::pki_types::{CertificateDer, PrivatePkcs8KeyDer};
use finewire_host::rustls::server::WebPkiClientVerifier;
use finewire_host::rustls::{self, RootCertStore};
use finewire_host::{ClientTls, ServerTls, TlsSetupError, fingerprint};
use rcgen::{
    BasicConstraints, CertificateParams, DnType, ExtendedKeyUsagePurpose, IsCa, Issuer, KeyPair,
};
use std::sync::Arc;
use two_hosts::{Pair, Saw, TLS};

/// A certificate authority of our own.
struct Authority {
    issuer: Issuer<'static, KeyPair>,
    pem: String,
}

impl Authority {
    fn new() -> Self {
        let key = KeyPair::generate().unwrap();
        let mut params = CertificateParams::new(Vec::new()).unwrap();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        params
            .distinguished_name
            .push(DnType::CommonName, "finewire test authority");
        let pem = params.self_signed(&key).unwrap().pem();
        Self {
            issuer: Issuer::new(params, key),
            pem,
        }
    }

    fn client(&self) -> ClientTls {
        ClientTls::roots_pem(self.pem.as_bytes()).unwrap()
    }

    fn sign(&self, params: &CertificateParams) -> ServerTls {
        let key = KeyPair::generate().unwrap();
        let certificate = params.signed_by(&key, &self.issuer).unwrap();
        let pem = key.serialize_pem();
        ServerTls::from_pem(certificate.pem().as_bytes(), pem.as_bytes()).unwrap()
    }
}

fn named(names: &[&str]) -> CertificateParams {
    let names: Vec<String> = names.iter().map(|name| (*name).to_owned()).collect();
    CertificateParams::new(names).unwrap()
}

/// How the client's link ends when it meets this server under the name `finesse.example`.
fn fault(client: ClientTls, server: ServerTls) -> TlsFault {
    let mut pair = Pair::new(Some(client), Some(server), "finesse.example");
    pair.secure();
    let closed = pair.client.closed();
    let heard = pair.server.closed();
    assert!(
        matches!(heard.as_slice(), [CloseReason::Tls(TlsFault::Alert(_))]),
        "the server is told why: {heard:?}"
    );
    match closed.as_slice() {
        [CloseReason::Tls(fault)] => fault.clone(),
        other => panic!("{other:?} instead of one TLS fault"),
    }
}

#[test]
fn a_certificate_of_a_trusted_authority_is_accepted() {
    let authority = Authority::new();
    let server = authority.sign(&named(&["finesse.example"]));
    let print = server.fingerprint();
    let mut pair = Pair::new(Some(authority.client()), Some(server), "finesse.example");

    pair.secure();

    let secured = pair.client.saw.iter().find_map(|saw| match saw {
        Saw::Secured(identity) => identity.certificate,
        _ => None,
    });
    assert_eq!(secured, Some(print));
    assert_eq!(pair.client.closed(), []);
}

#[test]
fn bytes_pass_both_ways_however_they_are_chopped() {
    let server = ServerTls::self_made(&["finesse.example"]).unwrap();
    let pinned = ClientTls::pinned(server.fingerprint());
    for chop in [1, 7, 1000, usize::MAX] {
        let mut pair = Pair::new(Some(pinned.clone()), Some(server.clone()), "x.example");
        pair.chop = chop;
        let body: Vec<u8> = (0..40_000_u32).map(|n| (n % 251) as u8).collect();

        pair.secure();
        pair.client.send(pair.now, &body);
        pair.server.send(pair.now, &body);
        pair.run();

        assert!(pair.client.heard() == body && pair.server.heard() == body);
        assert!(pair.client.saw.contains(&Saw::Sent));
    }
}

#[test]
fn an_unknown_issuer_is_named() {
    let server = Authority::new().sign(&named(&["finesse.example"]));

    let stranger = fault(stranger().client(), server);

    assert_eq!(stranger, TlsFault::UnknownIssuer);
}

/// Another authority, of another name.
fn stranger() -> Authority {
    let key = KeyPair::generate().unwrap();
    let mut params = CertificateParams::new(Vec::new()).unwrap();
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    params
        .distinguished_name
        .push(DnType::CommonName, "a stranger");
    let pem = params.self_signed(&key).unwrap().pem();
    Authority {
        issuer: Issuer::new(params, key),
        pem,
    }
}

#[test]
fn an_authority_of_the_same_name_with_another_key_is_a_bad_signature_or_unknown() {
    let server = Authority::new().sign(&named(&["finesse.example"]));

    let impostor = fault(Authority::new().client(), server);

    assert!(
        matches!(impostor, TlsFault::UnknownIssuer | TlsFault::BadSignature),
        "{impostor:?}"
    );
}

#[test]
fn a_self_signed_ca_certificate_is_named_and_can_be_pinned() {
    let key = KeyPair::generate().unwrap();
    let mut params = named(&["finesse.example"]);
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let certificate = params.self_signed(&key).unwrap().pem();
    let server =
        ServerTls::from_pem(certificate.as_bytes(), key.serialize_pem().as_bytes()).unwrap();

    let trusting = ClientTls::roots_pem(certificate.as_bytes()).unwrap();
    assert_eq!(fault(trusting, server.clone()), TlsFault::SelfSignedCa);
    assert_eq!(
        fault(Authority::new().client(), server.clone()),
        TlsFault::SelfSignedCa
    );

    let pinned = ClientTls::pinned(server.fingerprint());
    let mut pair = Pair::new(Some(pinned), Some(server), "finesse.example");
    pair.secure();
    assert!(matches!(pair.client.saw.as_slice(), [Saw::Secured(_)]));
}

#[test]
fn another_host_name_or_none_is_the_wrong_name() {
    let authority = Authority::new();
    let other = authority.sign(&named(&["other.example"]));
    assert_eq!(fault(authority.client(), other), TlsFault::WrongName);

    let mut nameless = named(&[]);
    nameless
        .distinguished_name
        .push(DnType::CommonName, "finesse.example");
    let nameless = authority.sign(&nameless);
    assert_eq!(
        fault(authority.client(), nameless.clone()),
        TlsFault::WrongName
    );

    let pinned = ClientTls::pinned(nameless.fingerprint());
    let mut pair = Pair::new(Some(pinned), Some(nameless), "finesse.example");
    pair.secure();
    assert!(matches!(pair.client.saw.as_slice(), [Saw::Secured(_)]));
}

#[test]
fn a_certificate_out_of_its_time_is_named() {
    let authority = Authority::new();
    let mut old = named(&["finesse.example"]);
    old.not_before = rcgen::date_time_ymd(2001, 1, 1);
    old.not_after = rcgen::date_time_ymd(2002, 1, 1);
    let mut early = named(&["finesse.example"]);
    early.not_before = rcgen::date_time_ymd(4000, 1, 1);

    let expired = fault(authority.client(), authority.sign(&old));
    assert_eq!(expired, TlsFault::Expired);
    let not_yet = fault(authority.client(), authority.sign(&early));
    assert_eq!(not_yet, TlsFault::NotYetValid);
}

#[test]
fn a_certificate_for_another_purpose_is_bad() {
    let authority = Authority::new();
    let mut params = named(&["finesse.example"]);
    params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ClientAuth];

    let fault = fault(authority.client(), authority.sign(&params));

    assert!(matches!(fault, TlsFault::BadCertificate(_)), "{fault:?}");
}

#[test]
fn a_pin_mismatch_tells_the_certificate_found() {
    let server = ServerTls::self_made(&["finesse.example"]).unwrap();
    let found = server.fingerprint();

    let fault = fault(ClientTls::pinned(Fingerprint([1; 32])), server);

    assert_eq!(fault, TlsFault::PinMismatch(found));
}

#[test]
fn showing_the_pinned_certificate_without_its_key_does_not_help() {
    let real = ServerTls::self_made(&["finesse.example"]).unwrap();
    let thief = KeyPair::generate().unwrap();

    let stolen = ServerTls::from_pem(
        real.certificate_pem().as_bytes(),
        thief.serialize_pem().as_bytes(),
    );

    assert_eq!(stolen.unwrap_err(), TlsSetupError::LocalKeyMismatch);
}

#[test]
fn tls_1_2_alone_will_do() {
    let server = ServerTls::self_made(&["finesse.example"]).unwrap();
    let mut roots = RootCertStore::empty();
    let pem = server.certificate_pem().as_bytes();
    let root = CertificateDer::from_pem_slice(pem).unwrap();
    roots.add(root).unwrap();
    let provider = rustls::crypto::ring::default_provider();
    let old = rustls::ClientConfig::builder_with_provider(provider.into())
        .with_protocol_versions(&[&rustls::version::TLS12])
        .unwrap()
        .with_root_certificates(roots)
        .with_no_client_auth();
    let old = ClientTls::from(Arc::new(old));
    let mut pair = Pair::new(Some(old), Some(server), "finesse.example");

    pair.secure();

    let versions: Vec<_> = [&pair.client.saw, &pair.server.saw]
        .iter()
        .map(|saw| match saw.as_slice() {
            [Saw::Secured(identity)] => identity.version.as_deref(),
            other => panic!("{other:?}"),
        })
        .collect();
    assert_eq!(versions, [Some("TLSv1.2"); 2]);
}

/// What the client makes of a server that answers its hello with these bytes.
fn answered_with(bytes: &[u8]) -> Vec<CloseReason> {
    let pinned = ClientTls::pinned(Fingerprint([0; 32]));
    let mut pair = Pair::new(Some(pinned), None, "finesse.example");
    pair.client
        .want(pair.now, Output::Secure(pair.client.link, TLS));
    pair.server.send(pair.now, bytes);
    pair.run();
    pair.client.closed()
}

/// RFC 8446 §6: a fatal alert in a record of its own.
#[test]
fn an_alert_is_named() {
    let alert = |description| answered_with(&[21, 3, 3, 0, 2, 2, description]);

    let tls = |fault| [CloseReason::Tls(fault)];
    assert_eq!(alert(70), tls(TlsFault::Version));
    assert_eq!(alert(71), tls(TlsFault::NoCommonSuite));
    assert_eq!(alert(40), tls(TlsFault::Alert("handshake_failure".into())));
    assert_eq!(alert(112), tls(TlsFault::Alert("unrecognized_name".into())));
}

/// RFC 2246 §7.4.1.3: a ServerHello of TLS 1.0 with TLS_RSA_WITH_AES_128_CBC_SHA.
#[test]
fn a_server_of_tls_1_0_has_no_version_in_common() {
    let mut hello = vec![22, 3, 1, 0, 42, 2, 0, 0, 38, 3, 1];
    hello.extend([7; 32]);
    hello.extend([0, 0, 0x2f, 0]);

    let closed = answered_with(&hello);

    assert_eq!(closed, [CloseReason::Tls(TlsFault::Version)]);
}

/// RFC 5246 §7.4.1.2: a ClientHello of this version that offers one suite, with the groups
/// and signature schemes that everybody has (RFC 8422 §5.1, RFC 5246 §7.4.1.4.1).
fn client_hello(minor: u8, suite: [u8; 2]) -> Vec<u8> {
    let mut body = vec![3, minor];
    body.extend([7; 32]);
    body.push(0);
    body.extend([0, 2]);
    body.extend(suite);
    body.extend([1, 0]);
    let groups = [0, 10, 0, 4, 0, 2, 0, 23];
    let schemes = [0, 13, 0, 4, 0, 2, 4, 3];
    body.extend([0, 16]);
    body.extend(groups.into_iter().chain(schemes));
    let length = u8::try_from(body.len()).unwrap();
    let mut hello = vec![22, 3, 1, 0, length + 4, 1, 0, 0, length];
    hello.extend(body);
    hello
}

fn greeted_with(bytes: &[u8]) -> Vec<CloseReason> {
    let server = ServerTls::self_made(&["finesse.example"]).unwrap();
    let mut pair = Pair::new(None, Some(server), "finesse.example");
    pair.server
        .want(pair.now, Output::Secure(pair.server.link, TLS));
    pair.client.send(pair.now, bytes);
    pair.run();
    pair.server.closed()
}

#[test]
fn a_client_without_a_version_or_suite_in_common_is_told_apart() {
    let good_suite = [0xc0, 0x2b];
    let rc4 = [0x00, 0x05];

    assert_eq!(greeted_with(&client_hello(3, good_suite)), []);
    let version = greeted_with(&client_hello(1, good_suite));
    assert_eq!(version, [CloseReason::Tls(TlsFault::Version)]);
    let suite = greeted_with(&client_hello(3, rc4));
    assert_eq!(suite, [CloseReason::Tls(TlsFault::NoCommonSuite)]);
}

#[test]
fn no_cut_or_flipped_byte_of_a_handshake_panics_or_secures_a_link() {
    let hello = client_hello(3, [0xc0, 0x2b]);
    for n in 0..hello.len() {
        assert!(greeted_with(&hello[..n]).len() <= 1);
        let mut flipped = hello.clone();
        flipped[n] ^= 0xff;
        assert!(greeted_with(&flipped).len() <= 1);
    }
}

#[test]
fn a_peer_that_does_not_speak_tls_is_named_on_both_sides() {
    let server = ServerTls::self_made(&["finesse.example"]).unwrap();
    let pinned = ClientTls::pinned(server.fingerprint());
    let mut pair = Pair::new(Some(pinned), Some(server), "finesse.example");

    pair.client
        .want(pair.now, Output::Secure(pair.client.link, TLS));
    pair.server.send(pair.now, b"HTTP/1.1 400 Bad Request\r\n");
    pair.run();

    let not_tls = [CloseReason::Tls(TlsFault::NotTls)];
    assert_eq!(pair.client.closed(), not_tls);

    let server = ServerTls::self_made(&["finesse.example"]).unwrap();
    let mut pair = Pair::new(None, Some(server), "finesse.example");
    pair.server
        .want(pair.now, Output::Secure(pair.server.link, TLS));
    pair.client.send(pair.now, b"<stream:stream>");
    pair.run();
    assert_eq!(pair.server.closed(), not_tls);
}

#[test]
fn a_profile_that_is_missing_or_of_the_other_side_is_no_profile() {
    let server = ServerTls::self_made(&["finesse.example"]).unwrap();
    let pinned = ClientTls::pinned(server.fingerprint());
    let mut pair = Pair::new(Some(pinned), None, "finesse.example");

    pair.server
        .want(pair.now, Output::Secure(pair.server.link, TLS));
    pair.run();

    let no_profile = [CloseReason::Tls(TlsFault::NoProfile)];
    assert_eq!(pair.server.closed(), no_profile);
    assert_eq!(pair.client.closed(), [CloseReason::Eof]);
}

#[test]
fn a_clients_silence_in_the_handshake_times_out_on_the_server() {
    let server = ServerTls::self_made(&["finesse.example"]).unwrap();
    let mut pair = Pair::new(None, Some(server), "finesse.example");
    pair.server
        .want(pair.now, Output::Secure(pair.server.link, TLS));
    pair.run();

    pair.pass(Duration::from_secs(19));
    assert_eq!(pair.server.closed(), []);
    pair.pass(Duration::from_secs(2));

    assert_eq!(pair.server.closed(), [CloseReason::TimedOut]);
}

#[test]
fn a_server_whose_handshake_is_done_is_not_timed_out() {
    let server = ServerTls::self_made(&["finesse.example"]).unwrap();
    let pinned = ClientTls::pinned(server.fingerprint());
    let mut pair = Pair::new(Some(pinned), Some(server), "finesse.example");
    pair.secure();

    pair.pass(Duration::from_secs(60));

    assert_eq!(pair.server.closed(), []);
}

#[test]
fn flush_writes_everything_and_says_close_notify() {
    let server = ServerTls::self_made(&["finesse.example"]).unwrap();
    let pinned = ClientTls::pinned(server.fingerprint());
    let mut pair = Pair::new(Some(pinned), Some(server), "finesse.example");
    pair.secure();
    let body = vec![5; 3_000_000];

    pair.client.send(pair.now, &body);
    pair.client.close(pair.now, Closing::Flush);
    pair.run();

    assert!(pair.server.heard() == body);
    assert_eq!(pair.server.closed(), [CloseReason::Eof]);
    assert_eq!(pair.client.closed(), [CloseReason::Asked]);
    assert!(pair.client.is_closed && pair.server.is_closed);
}

#[test]
fn memory_ahead_of_a_slow_socket_is_bounded() {
    let server = ServerTls::self_made(&["finesse.example"]).unwrap();
    let pinned = ClientTls::pinned(server.fingerprint());
    let mut pair = Pair::new(Some(pinned), Some(server), "finesse.example");
    pair.secure();
    pair.client.reports_writes = false;
    pair.server.is_paused = true;

    pair.client.send(pair.now, &vec![5; 8 * 1024 * 1024]);
    pair.run();

    let ahead = pair.client.on_the_way();
    assert!(ahead > 0 && ahead <= 600 * 1024, "{ahead} bytes encrypted");
    assert!(!pair.client.saw.contains(&Saw::Sent));
    pair.server.is_paused = false;
    pair.client.report_writes(pair.now);
    pair.run();
    assert_eq!(pair.server.heard().len(), 8 * 1024 * 1024);
    assert_eq!(pair.client.saw.last(), Some(&Saw::Sent));
}

/// A handshake done, and the client's next bytes caught on the way.
fn caught(words: &[&[u8]]) -> (Pair, Vec<u8>) {
    let server = ServerTls::self_made(&["finesse.example"]).unwrap();
    let pinned = ClientTls::pinned(server.fingerprint());
    let mut pair = Pair::new(Some(pinned), Some(server), "finesse.example");
    pair.secure();
    pair.server.saw.clear();
    for words in words {
        pair.client.send(pair.now, words);
        while pair.client.step(pair.now) {}
    }
    let bytes = pair.client.take_sent();
    (pair, bytes)
}

#[test]
fn sound_bytes_before_a_broken_record_are_told_before_the_fault() {
    let (mut pair, mut bytes) = caught(&[b"sound"]);
    // RFC 8446 §5.2: a record that does not decrypt.
    bytes.extend([23, 3, 3, 0, 20]);
    bytes.extend([1; 20]);

    pair.server
        .host
        .on_received(pair.now, pair.server.link, &bytes);
    pair.run();

    assert_eq!(pair.server.heard(), b"sound");
    let closed = pair.server.closed();
    assert!(
        matches!(closed.as_slice(), [CloseReason::Tls(TlsFault::Other(_))]),
        "{closed:?}"
    );
    assert!(matches!(
        pair.client.closed().as_slice(),
        [CloseReason::Tls(TlsFault::Alert(alert))] if alert == "bad_record_mac"
    ));
}

#[test]
fn a_record_that_was_tampered_with_is_never_told() {
    let (_, whole) = caught(&[b"secret"]);
    // Type and version before the length are for show in TLS 1.3 (RFC 8446 §5.2).
    for n in 3..whole.len() {
        let (mut pair, mut bytes) = caught(&[b"secret"]);
        bytes[n] ^= 1;
        pair.server
            .host
            .on_received(pair.now, pair.server.link, &bytes);
        pair.run();
        assert_eq!(pair.server.heard(), b"", "byte {n}");
    }
}

#[test]
fn the_end_of_a_paused_stream_is_told_after_its_bytes() {
    let (mut pair, bytes) = caught(&[b"held"]);
    let (now, link) = (pair.now, pair.server.link);
    pair.server.want(now, Output::Pause(link));
    pair.server.host.on_received(now, link, &bytes);
    pair.server.host.on_eof(now, link);
    while pair.server.step(now) {}
    assert_eq!(pair.server.saw, []);

    pair.server.want(now, Output::Resume(link));
    pair.run();

    let end = Saw::Closed(CloseReason::Eof);
    assert_eq!(pair.server.saw, [Saw::Received(b"held".to_vec()), end]);
}

#[test]
fn a_paused_machine_gets_nothing_not_even_what_tls_had_decrypted() {
    let server = ServerTls::self_made(&["finesse.example"]).unwrap();
    let pinned = ClientTls::pinned(server.fingerprint());
    let mut pair = Pair::new(Some(pinned), Some(server), "finesse.example");
    pair.secure();
    pair.server.want(pair.now, Output::Pause(pair.server.link));
    pair.run();
    assert!(pair.server.is_paused);

    pair.client.send(pair.now, &vec![9; 100_000]);
    pair.server.is_paused = false; // An adapter that had begun a read before the pause.
    pair.run();
    assert_eq!(pair.server.heard(), b"");
    pair.server.want(pair.now, Output::Resume(pair.server.link));
    pair.run();

    assert_eq!(pair.server.heard(), vec![9; 100_000]);
}

#[test]
fn configurations_that_cannot_work_are_told_apart() {
    assert_eq!(
        ClientTls::roots_pem(b"no PEM at all").unwrap_err(),
        TlsSetupError::LocalNoCertificate
    );
    let garbage = b"-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n";
    assert!(matches!(
        ClientTls::roots_pem(garbage),
        Err(TlsSetupError::LocalMalformed(_))
    ));
    let made = ServerTls::self_made(&["a.example"]).unwrap();
    assert_eq!(
        ServerTls::from_pem(made.certificate_pem().as_bytes(), b"").unwrap_err(),
        TlsSetupError::LocalNoKey
    );
    let key = KeyPair::generate().unwrap().serialize_pem();
    assert_eq!(
        ServerTls::from_pem(b"", key.as_bytes()).unwrap_err(),
        TlsSetupError::LocalNoCertificate
    );
    let missing = std::path::Path::new("/nowhere/root.pem");
    assert!(matches!(
        ClientTls::roots_file(missing),
        Err(TlsSetupError::LocalUnreadable(path, _)) if path == missing
    ));
    assert!(matches!(
        ServerTls::self_made(&["bad name\u{e9}"]),
        Err(TlsSetupError::LocalBadName(_))
    ));
}

#[test]
fn keys_are_not_shown() {
    let key = KeyPair::generate().unwrap();
    let certificate = named(&["a.example"]).self_signed(&key).unwrap().pem();
    let server =
        ServerTls::from_pem(certificate.as_bytes(), key.serialize_pem().as_bytes()).unwrap();
    let der = key.serialize_der();
    let needle = format!("{}, {}, {}, {}", der[60], der[61], der[62], der[63]);

    let shown = format!("{server:?}");

    assert!(!shown.contains(&needle), "{shown}");
}

#[test]
fn configurations_of_ones_own_ask_for_what_the_constructors_cannot() {
    let authority = Authority::new();
    let mut roots = RootCertStore::empty();
    let root = CertificateDer::from_pem_slice(authority.pem.as_bytes()).unwrap();
    roots.add(root).unwrap();
    let roots = Arc::new(roots);
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let signed = |name| {
        let key = KeyPair::generate().unwrap();
        let certificate = named(&[name]).signed_by(&key, &authority.issuer).unwrap();
        let key = PrivatePkcs8KeyDer::from(key.serialize_der());
        (certificate.der().clone(), key)
    };
    // A server that lets in who has a certificate of its authority.
    let (certificate, key) = signed("finesse.example");
    let asks = WebPkiClientVerifier::builder_with_provider(roots.clone(), provider.clone());
    let config = rustls::ServerConfig::builder_with_provider(provider.clone())
        .with_protocol_versions(&[&rustls::version::TLS12])
        .unwrap()
        .with_client_cert_verifier(asks.build().unwrap())
        .with_single_cert(vec![certificate.clone()], key.into())
        .unwrap();
    let server = ServerTls::from_rustls(Arc::new(config), &certificate);
    assert_eq!(server.fingerprint(), fingerprint(&certificate));

    let mut pair = Pair::new(
        Some(authority.client()),
        Some(server.clone()),
        "finesse.example",
    );
    pair.secure();
    assert!(
        matches!(pair.client.closed().as_slice(), [CloseReason::Tls(_)]),
        "it has none"
    );

    let (certificate, key) = signed("driver.example");
    let config = rustls::ClientConfig::builder_with_provider(provider)
        .with_protocol_versions(&[&rustls::version::TLS12])
        .unwrap()
        .with_root_certificates(roots)
        .with_client_auth_cert(vec![certificate], key.into())
        .unwrap();
    let client = ClientTls::from(Arc::new(config));
    let print = server.fingerprint();
    let mut pair = Pair::new(Some(client), Some(server), "finesse.example");
    pair.secure();
    assert_eq!(pair.client.closed(), []);
    let secured = pair.client.saw.iter().find_map(|saw| match saw {
        Saw::Secured(identity) => identity.certificate,
        _ => None,
    });
    assert_eq!(secured, Some(print));
}
