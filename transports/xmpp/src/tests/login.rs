use super::*;
use proptest::prelude::*;

#[test]
fn a_login_binds_the_resource_and_sends_presence() {
    let mut talk = Talk::new();
    talk.open(None);

    let full = jid("1001001@f.example/finewire");
    assert_eq!(talk.heard, [ClientEvent::Bound { jid: full.clone() }]);
    assert_eq!(talk.ready, 1);
    assert_eq!(talk.client.jid(), Some(&full));
    assert_eq!(
        talk.served,
        [
            ServerEvent::Authenticating {
                user: "1001001".into(),
                password: Secret::from(PASSWORD)
            },
            ServerEvent::Bound { jid: full },
            ServerEvent::PresenceChanged {
                available: true,
                priority: 0
            },
        ]
    );
}

#[test]
fn the_words_of_a_login_are_those_of_the_specification() {
    let talk = Talk::logged_in();
    let header = "<?xml version='1.0'?><stream:stream xmlns='jabber:client' \
        xmlns:stream='http://etherx.jabber.org/streams' to='f.example' version='1.0'>";

    assert_eq!(
        String::from_utf8(talk.from_client).unwrap(),
        format!(
            "{header}<auth xmlns='urn:ietf:params:xml:ns:xmpp-sasl' mechanism='PLAIN'>\
            ADEwMDEwMDEAUGFzc3cwcmQh</auth>{header}\
            <iq type='set' id='bind'><bind xmlns='urn:ietf:params:xml:ns:xmpp-bind'>\
            <resource>finewire</resource></bind></iq>\
            <iq type='set' id='session'><session xmlns='urn:ietf:params:xml:ns:xmpp-session'/></iq>\
            <presence><priority>0</priority></presence>"
        )
    );
}

#[test]
fn a_wrong_password_is_tried_once_and_ends_for_good() {
    let mut talk = Talk::with(|config| config.password = Secret::from("wrong"), |_| {});
    talk.command(1, subscribe("/n"));
    talk.open(None);

    let denied = CloseReason::Denied("not-authorized".into());
    assert_eq!(talk.client_end, Some(("finish", denied)));
    assert_eq!(talk.ready, 0);
    assert_eq!(talk.why(1), (false, Reason::Denied));
    let attempts = talk
        .served
        .iter()
        .filter(|event| matches!(event, ServerEvent::Authenticating { .. }));
    assert_eq!(attempts.count(), 1);
}

#[test]
fn no_password_goes_over_a_stream_without_tls_unless_allowed() {
    let mut talk = Talk::with(|config| config.allow_plaintext = false, |_| {});
    talk.open(None);
    assert!(matches!(
        talk.client_end,
        Some(("finish", CloseReason::Other(_)))
    ));
    assert!(
        !String::from_utf8(talk.from_client)
            .unwrap()
            .contains("<auth")
    );

    let mut talk = Talk::with(|config| config.allow_plaintext = false, |_| {});
    talk.open(Some(PeerIdentity::default()));
    assert!(talk.client.jid().is_some());
}

#[test]
fn starttls_secures_the_stream_before_the_password() {
    let mut talk = Talk::with(
        |config| {
            config.allow_plaintext = false;
            config.starttls = Some(TLS);
        },
        |config| config.starttls = Some(TLS),
    );
    talk.open(None);

    assert!(talk.client.jid().is_some());
    let sent = String::from_utf8(talk.from_client).unwrap();
    assert!(sent.find("<starttls").unwrap() < sent.find("<auth").unwrap());
    let offers = String::from_utf8(talk.from_server).unwrap();
    assert_eq!(offers.matches("<starttls").count(), 1);
}

#[test]
fn a_server_without_the_configured_starttls_is_left() {
    let mut talk = Talk::with(|config| config.starttls = Some(TLS), |_| {});
    talk.open(None);

    assert!(matches!(
        talk.client_end,
        Some(("finish", CloseReason::Other(_)))
    ));
}

#[test]
fn clear_text_behind_proceed_is_an_attack() {
    let mut talk = Talk::with(|config| config.starttls = Some(TLS), |_| {});
    let now = talk.now;
    talk.client.handle_input(now, ProtocolInput::Opened(None));
    let greeting = "<stream:stream xmlns='jabber:client' xmlns:stream='http://etherx.jabber.org/streams' \
        version='1.0'><stream:features><starttls xmlns='urn:ietf:params:xml:ns:xmpp-tls'/></stream:features>\
        <proceed xmlns='urn:ietf:params:xml:ns:xmpp-tls'/><injected/>";
    let input = ProtocolInput::Received(greeting.as_bytes());
    talk.client.handle_input(now, input);
    talk.run();

    assert!(matches!(
        talk.client_end,
        Some(("close", CloseReason::Remote(_)))
    ));
}

#[test]
fn clear_text_that_comes_during_the_handshake_is_an_attack_too() {
    let mut talk = Talk::with(|config| config.starttls = Some(TLS), |_| {});
    let now = talk.now;
    talk.client.handle_input(now, ProtocolInput::Opened(None));
    let greeting = "<stream:stream xmlns='jabber:client' xmlns:stream='http://etherx.jabber.org/streams' \
        version='1.0'><stream:features><starttls xmlns='urn:ietf:params:xml:ns:xmpp-tls'/></stream:features>\
        <proceed xmlns='urn:ietf:params:xml:ns:xmpp-tls'/>";
    let input = ProtocolInput::Received(greeting.as_bytes());
    talk.client.handle_input(now, input);
    talk.client
        .handle_input(now, ProtocolInput::Received(b"<stream:feat"));
    talk.run();

    assert!(matches!(
        talk.client_end,
        Some(("close", CloseReason::Remote(_)))
    ));
}

#[test]
fn a_login_that_hangs_in_the_tls_handshake_is_cut_off_without_a_word() {
    let mut talk = Talk::with(|_| {}, |config| config.starttls = Some(TLS));
    let now = talk.now;
    talk.server.handle_input(now, ProtocolInput::Opened(None));
    let words = "<stream:stream xmlns='jabber:client' xmlns:stream='http://etherx.jabber.org/streams' \
        to='f.example' version='1.0'><starttls xmlns='urn:ietf:params:xml:ns:xmpp-tls'/>";
    let input = ProtocolInput::Received(words.as_bytes());
    talk.server.handle_input(now, input);
    talk.run();
    assert!(
        talk.from_server
            .ends_with(b"<proceed xmlns='urn:ietf:params:xml:ns:xmpp-tls'/>")
    );
    talk.pass(30 * SECOND);

    assert!(
        talk.from_server
            .ends_with(b"<proceed xmlns='urn:ietf:params:xml:ns:xmpp-tls'/>")
    );
    assert_eq!(talk.server_end, Some(CloseReason::TimedOut));
}

#[test]
fn a_session_is_asked_for_only_where_it_is_offered() {
    let mut talk = Talk::with(|_| {}, |config| config.session = false);
    talk.open(None);

    assert!(talk.client.jid().is_some());
    assert!(
        !String::from_utf8(talk.from_client)
            .unwrap()
            .contains("xmpp-session")
    );
}

#[test]
fn a_conflict_ends_for_good_and_other_stream_errors_do_not() {
    for (error, how) in [
        (StreamError::Conflict, "finish"),
        (StreamError::SystemShutdown, "close"),
    ] {
        let mut talk = Talk::logged_in();
        talk.serve(ServerCommand::Close { error: Some(error) });

        let (ended, reason) = talk.client_end.unwrap();
        assert_eq!(ended, how);
        if error == StreamError::Conflict {
            assert_eq!(reason, CloseReason::Denied("conflict".into()));
        }
    }
}

#[test]
fn disconnect_says_goodbye_and_does_not_come_back() {
    let mut talk = Talk::logged_in();
    talk.owner_answers = false;
    talk.command(1, subscribe("/n"));
    talk.command(2, ClientCommand::Disconnect);

    let sent = String::from_utf8(talk.from_client.clone()).unwrap();
    assert!(sent.ends_with("<presence type='unavailable'/></stream:stream>"));
    assert_eq!(talk.client_end, Some(("finish", CloseReason::Asked)));
    assert_eq!(talk.end_of(2), Outcome::Done);
    assert_eq!(talk.why(1), (true, Reason::ShuttingDown));
    let gone = ServerEvent::PresenceChanged {
        available: false,
        priority: 0,
    };
    let times = talk.served.iter().filter(|event| **event == gone).count();
    assert_eq!(times, 1);
}

#[test]
fn an_end_of_stream_by_the_server_is_answered_and_the_link_comes_back() {
    let mut talk = Talk::logged_in();
    talk.serve(ServerCommand::Close { error: None });

    assert!(talk.from_client.ends_with(b"</stream:stream>"));
    assert_eq!(talk.client_end, Some(("close", CloseReason::Eof)));
}

#[test]
fn pings_keep_the_stream_and_silence_ends_it_after_the_retries() {
    let mut talk = Talk::logged_in();
    let pings = |talk: &Talk| {
        String::from_utf8(talk.from_client.clone())
            .unwrap()
            .matches("urn:xmpp:ping")
            .count()
    };
    for n in 1..=20 {
        talk.pass(10 * SECOND);
        assert_eq!(pings(&talk), n);
    }
    assert_eq!(talk.client_end, None);

    talk.up = false;
    talk.pass(10 * SECOND);
    talk.pass(10 * SECOND);
    talk.pass(10 * SECOND);
    assert_eq!((pings(&talk), &talk.client_end), (23, &None));
    talk.pass(10 * SECOND);
    assert_eq!(talk.client_end, Some(("close", CloseReason::TimedOut)));
}

#[test]
fn any_stanza_shows_that_the_server_is_there() {
    let mut talk = Talk::logged_in();
    for _ in 0..5 {
        talk.up = false;
        for _ in 0..3 {
            talk.pass(10 * SECOND);
        }
        talk.up = true;
        talk.server_says("<message from='f.example'/>");
    }
    assert_eq!(talk.client_end, None);
}

#[test]
fn the_tls_handshake_begins_only_when_proceed_is_written() {
    let mut talk = Talk::with(|_| {}, |config| config.starttls = Some(TLS));
    let now = talk.now;
    talk.server.handle_input(now, ProtocolInput::Opened(None));
    let words = "<stream:stream xmlns='jabber:client' xmlns:stream='http://etherx.jabber.org/streams' \
        to='f.example' version='1.0'><starttls xmlns='urn:ietf:params:xml:ns:xmpp-tls'/>";
    let input = ProtocolInput::Received(words.as_bytes());
    talk.server.handle_input(now, input);
    let seen = |server: &mut Server| {
        let mut seen = Vec::new();
        loop {
            match server.poll_output() {
                ProtocolOutput::Send(_) => seen.push("send"),
                ProtocolOutput::Secure(tls) if tls == TLS => seen.push("secure"),
                ProtocolOutput::Wait(_) => return seen,
                _ => {}
            }
        }
    };

    assert_eq!(seen(&mut talk.server), ["send"]);
    talk.server.handle_input(now, ProtocolInput::Sent);
    assert_eq!(seen(&mut talk.server), ["secure"]);
}

#[test]
fn pings_of_the_server_are_answered_and_unknown_requests_refused() {
    let mut talk = Talk::logged_in();
    talk.from_client.clear();
    talk.server_says(
        "<iq type='get' id='a&apos;1' from='f.example'><ping xmlns='urn:xmpp:ping'/></iq>",
    );
    talk.server_says("<iq type='set' id='b'><query xmlns='jabber:iq:roster'/></iq>");

    assert_eq!(
        String::from_utf8(talk.from_client).unwrap(),
        "<iq to='f.example' id='a&apos;1' type='result'/>\
        <iq id='b' type='error'><error type='cancel'>\
        <service-unavailable xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></error></iq>"
    );
}

#[test]
fn the_password_appears_in_no_debug_and_no_trace() {
    let mut talk = Talk::logged_in();
    talk.shown += &format!(
        "{:?}{:?}{:?}",
        talk.client,
        talk.server,
        talk.client.config()
    );

    for secret in [PASSWORD, "ADEwMDEwMDEAUGFzc3cwcmQh", "UGFzc3cwcmQh"] {
        assert!(!talk.shown.contains(secret), "{}", talk.shown);
    }
    assert!(talk.shown.contains("auth"));
}

#[test]
fn a_login_that_is_not_finished_in_time_is_ended_by_the_server() {
    let mut talk = Talk::new();
    talk.owner_answers = false;
    talk.open(None);
    talk.pass(30 * SECOND);

    assert_eq!(talk.server_end, Some(CloseReason::TimedOut));
}

#[test]
fn streams_to_strangers_and_of_other_versions_are_ended_with_their_condition() {
    for (header, condition) in [
        ("to='elsewhere' version='1.0'", "host-unknown"),
        ("to='f.example'", "unsupported-version"),
    ] {
        let mut talk = Talk::new();
        talk.server
            .handle_input(talk.now, ProtocolInput::Opened(None));
        let text = format!(
            "<stream:stream xmlns='jabber:client' xmlns:stream='http://etherx.jabber.org/streams' {header}>"
        );
        let input = ProtocolInput::Received(text.as_bytes());
        talk.server.handle_input(talk.now, input);
        talk.run();

        let said = String::from_utf8(talk.from_server).unwrap();
        assert!(
            said.contains(condition) && said.ends_with("</stream:stream>"),
            "{said}"
        );
        assert!(talk.server_end.is_some());
    }
}

#[test]
fn three_wrong_passwords_end_the_stream() {
    let auth = "<auth xmlns='urn:ietf:params:xml:ns:xmpp-sasl' mechanism='PLAIN'>AGEAYg==</auth>";
    let mut talk = Talk::new();
    talk.server
        .handle_input(talk.now, ProtocolInput::Opened(None));
    let text = format!(
        "<stream:stream xmlns='jabber:client' xmlns:stream='http://etherx.jabber.org/streams' \
        to='f.example' version='1.0'>{auth}{auth}{auth}{auth}"
    );
    let input = ProtocolInput::Received(text.as_bytes());
    talk.server.handle_input(talk.now, input);
    talk.run();

    assert_eq!(talk.served.len(), 3);
    let said = String::from_utf8(talk.from_server).unwrap();
    assert_eq!(said.matches("<not-authorized").count(), 3);
    assert!(said.contains("policy-violation"), "{said}");
}

#[test]
fn every_command_ends_once_wherever_the_login_is_cut() {
    let mut whole = Talk::new();
    whole.command(1, subscribe("/n"));
    whole.command(
        2,
        ClientCommand::SubscribePresence {
            jid: jid("finesse@f.example"),
        },
    );
    whole.open(None);
    assert_eq!(whole.end_of(1), Outcome::Done);
    let length = whole.from_server.len();

    for at in 0..length {
        let mut talk = Talk::new();
        talk.cut_after = Some(at);
        talk.command(1, subscribe("/n"));
        talk.command(
            2,
            ClientCommand::SubscribePresence {
                jid: jid("finesse@f.example"),
            },
        );
        talk.open(None);
        assert!(talk.client.jid().is_none(), "{at}");
        talk.command(3, subscribe("/late"));
        talk.pass(20 * SECOND);

        for id in 1..=3 {
            let end = talk.end_of(id);
            assert!(
                !end.is_done() || (id == 2 && talk.ready == 1),
                "{at} {id}: {end:?}"
            );
        }
    }
}

proptest! {
    #[test]
    fn any_chunking_gives_the_same_conversation(pieces in proptest::collection::vec(1usize..90, 1..9)) {
        let play = |pieces: Vec<usize>| {
            let mut talk = Talk::new();
            talk.pieces = pieces;
            talk.open(None);
            talk.command(1, subscribe("/n"));
            talk.server_says("<message from='pubsub.f.example'><event xmlns='http://jabber.org/protocol/pubsub#event'>\
                <items node='/n'><item id='1'><notification>&lt;a/&gt;</notification></item></items></event></message>");
            talk.command(2, ClientCommand::Disconnect);
            (talk.heard, talk.served, talk.ended, talk.from_client, talk.client_end)
        };
        let whole = play(vec![usize::MAX]);
        prop_assert_eq!(whole.2.len(), 2);
        prop_assert_eq!(&play(pieces), &whole);
        prop_assert_eq!(&play(vec![1]), &whole);
    }
}

#[test]
fn a_client_that_answers_pings_stays_and_one_that_is_gone_without_a_word_does_not() {
    // A client that pings by itself would never be silent.
    let mut talk = Talk::with(|config| config.ping_every = 3600 * SECOND, |_| {});
    talk.open(None);
    for _ in 0..20 {
        talk.pass(60 * SECOND);
    }
    assert!(talk.up, "{:?}", talk.server_end);
    let sent = String::from_utf8(talk.from_server.clone()).unwrap();
    assert!(sent.matches("<ping").count() >= 5, "{sent}");

    talk.deaf = true;
    for _ in 0..7 {
        talk.pass(60 * SECOND);
    }
    assert_eq!(talk.server_end, Some(CloseReason::TimedOut));
}
