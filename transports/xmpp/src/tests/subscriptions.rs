use super::*;

const NODE: &str = "/finesse/api/Team/1/Users";

#[test]
fn a_subscription_asks_for_our_full_address_and_ends_with_the_answer() {
    let mut talk = Talk::logged_in();
    talk.command(1, subscribe(NODE));

    assert_eq!(talk.end_of(1), Outcome::Done);
    assert_eq!(
        talk.served.last(),
        Some(&ServerEvent::PubSub {
            request: 0,
            service: jid("pubsub.f.example"),
            what: PubSubRequest::Subscribe {
                node: NODE.into(),
                jid: jid("1001001@f.example/finewire")
            }
        })
    );
}

#[test]
fn a_refused_subscription_names_the_condition_and_is_not_made_again() {
    let mut talk = Talk::logged_in();
    talk.owner_answers = false;
    talk.command(1, subscribe(NODE));
    talk.serve(ServerCommand::Reply {
        request: 0,
        result: Err(StanzaError::ItemNotFound),
    });

    assert_eq!(talk.why(1), (false, Reason::Denied));
    let Outcome::Refused(why) = talk.end_of(1) else {
        panic!()
    };
    assert!(why.text.contains("item-not-found") && why.text.contains(NODE));
    talk.owner_answers = true;
    talk.lose(CloseReason::Eof);
    talk.served.clear();
    talk.open(None);
    assert!(
        !talk
            .served
            .iter()
            .any(|e| matches!(e, ServerEvent::PubSub { .. }))
    );
}

#[test]
fn what_was_asked_for_is_asked_for_again_on_a_new_stream_until_taken_back() {
    let mut talk = Talk::logged_in();
    talk.command(1, subscribe(NODE));
    talk.command(
        2,
        ClientCommand::SubscribePresence {
            jid: jid("finesse@f.example"),
        },
    );
    talk.lose(CloseReason::Eof);
    talk.served.clear();
    talk.open(None);

    let asked = |talk: &Talk| {
        let wanted = |event: &&ServerEvent| {
            matches!(
                event,
                ServerEvent::PubSub { .. } | ServerEvent::PresenceSubscription { .. }
            )
        };
        talk.served.iter().filter(wanted).count()
    };
    assert_eq!(asked(&talk), 2);
    assert_eq!(talk.ended.len(), 2, "replays end no command");

    talk.command(3, unsubscribe(NODE));
    assert_eq!(talk.end_of(3), Outcome::Done);
    talk.lose(CloseReason::Eof);
    talk.served.clear();
    talk.open(None);
    assert_eq!(asked(&talk), 1);
}

#[test]
fn a_subscription_that_cannot_be_made_again_is_reported_lost() {
    let mut talk = Talk::logged_in();
    talk.command(1, subscribe(NODE));
    talk.lose(CloseReason::Eof);
    talk.owner_answers = false;
    talk.heard.clear();
    talk.open(None);
    talk.serve(ServerCommand::Authenticate { accept: true });
    talk.serve(ServerCommand::Reply {
        request: 0,
        result: Err(StanzaError::Forbidden),
    });

    let lost = ClientEvent::SubscriptionLost {
        service: jid("pubsub.f.example"),
        node: NODE.into(),
        error: StanzaError::Forbidden,
    };
    assert_eq!(talk.heard.last(), Some(&lost));
}

#[test]
fn a_command_waits_for_the_stream_and_is_refused_when_it_does_not_come() {
    let mut talk = Talk::new();
    talk.command(1, subscribe(NODE));
    talk.pass(10 * SECOND);
    talk.command(2, subscribe("/other"));
    talk.pass(10 * SECOND);
    assert_eq!(talk.why(1), (false, Reason::TimedOut));
    talk.open(None);

    assert_eq!(talk.end_of(2), Outcome::Done);
    assert_eq!(talk.ended.len(), 2);
}

#[test]
fn an_answer_that_does_not_come_fails_the_command_in_time() {
    let mut talk = Talk::logged_in();
    talk.owner_answers = false;
    talk.command(1, subscribe(NODE));
    talk.pass(19 * SECOND);
    assert!(talk.ended.is_empty());
    talk.pass(SECOND);

    assert_eq!(talk.why(1), (true, Reason::TimedOut));
    talk.serve(ServerCommand::Reply {
        request: 0,
        result: Ok(None),
    });
    assert_eq!(talk.ended.len(), 1, "a late answer ends nothing");
}

#[test]
fn a_lost_stream_fails_what_was_asked() {
    let mut talk = Talk::logged_in();
    talk.owner_answers = false;
    talk.command(1, subscribe(NODE));
    talk.lose(CloseReason::Eof);

    assert_eq!(talk.why(1), (true, Reason::LinkDown));
}

#[test]
fn nobody_else_can_answer_for_the_service() {
    let mut talk = Talk::logged_in();
    talk.owner_answers = false;
    talk.command(1, subscribe(NODE));
    for id in 0..9 {
        talk.server_says(&format!(
            "<iq type='result' id='fw{id}' from='mallory@f.example/x'/>"
        ));
    }
    assert!(talk.ended.is_empty());
    talk.serve(ServerCommand::Reply {
        request: 0,
        result: Ok(None),
    });

    assert_eq!(talk.end_of(1), Outcome::Done);
}

#[test]
fn the_id_of_a_subscription_is_given_back_when_it_is_taken_back() {
    let mut talk = Talk::logged_in();
    talk.owner_answers = false;
    talk.command(1, subscribe(NODE));
    let subscription = Element::new("subscription", ns::PUBSUB)
        .with_attribute("jid", "1001001@f.example/finewire")
        .with_attribute("subid", "s-1");
    talk.serve(ServerCommand::Reply {
        request: 0,
        result: Ok(Some(
            Element::new("pubsub", ns::PUBSUB).with_child(subscription),
        )),
    });
    talk.command(2, unsubscribe(NODE));

    assert!(
        String::from_utf8(talk.from_client)
            .unwrap()
            .contains("subid='s-1'")
    );
}

#[test]
fn subscriptions_are_bounded_and_one_taken_back_makes_room() {
    let mut talk = Talk::with(|config| config.most_pending = 2, |_| {});
    talk.open(None);
    for id in 0..3 {
        talk.command(id, subscribe(&format!("/{id}")));
    }
    assert_eq!(talk.why(2), (false, Reason::Limit));

    talk.command(3, unsubscribe("/0"));
    talk.command(4, subscribe("/2"));
    assert_eq!(talk.end_of(3), Outcome::Done);
    assert_eq!(talk.end_of(4), Outcome::Done);
}

#[test]
fn requests_for_others_and_unknown_requests_get_an_error_from_the_server() {
    let pubsub = |inner: &str| {
        format!(
            "<iq type='set' id='q' to='pubsub.f.example'>\
            <pubsub xmlns='http://jabber.org/protocol/pubsub'>{inner}</pubsub></iq>"
        )
    };
    for (request, condition) in [
        (
            pubsub("<subscribe node='/n' jid='1001002@f.example/x'/>"),
            "bad-request",
        ),
        (
            pubsub("<subscribe jid='1001001@f.example/x'/>"),
            "bad-request",
        ),
        (pubsub("<create node='/n'/>"), "feature-not-implemented"),
        (
            "<iq type='get' id='q'><x xmlns='urn:x'/></iq>".into(),
            "service-unavailable",
        ),
        ("<iq type='get' id='q'/>".into(), "bad-request"),
        (
            "<iq type='get' id='q' to='@'><ping xmlns='urn:xmpp:ping'/></iq>".into(),
            "jid-malformed",
        ),
    ] {
        let mut talk = Talk::logged_in();
        talk.from_server.clear();
        let input = ProtocolInput::Received(request.as_bytes());
        talk.server.handle_input(talk.now, input);
        talk.run();

        let said = String::from_utf8(talk.from_server).unwrap();
        assert!(
            said.contains("id='q'") && said.contains(condition),
            "{request}: {said}"
        );
    }
}

#[test]
fn roster_discovery_and_ping_are_answered_by_the_server_itself() {
    for (request, expected) in [
        (
            "<query xmlns='jabber:iq:roster'/>",
            "<query xmlns='jabber:iq:roster'/>",
        ),
        ("<ping xmlns='urn:xmpp:ping'/>", "type='result' id='q'/>"),
        (
            "<query xmlns='http://jabber.org/protocol/disco#info'/>",
            "category='server' type='im'",
        ),
        (
            "<query xmlns='http://jabber.org/protocol/disco#items'/>",
            "jid='pubsub.f.example'",
        ),
    ] {
        let mut talk = Talk::logged_in();
        talk.from_server.clear();
        let request = format!("<iq type='get' id='q'>{request}</iq>");
        let input = ProtocolInput::Received(request.as_bytes());
        talk.server.handle_input(talk.now, input);
        talk.run();

        let said = String::from_utf8(talk.from_server).unwrap();
        assert!(said.contains(expected), "{request}: {said}");
    }
}

#[test]
fn a_client_that_does_not_read_is_thrown_out() {
    let mut talk = Talk::with(|_| {}, |config| config.most_backlog = 10_000);
    talk.open(None);
    let stanza: bytes::Bytes = vec![b' '; 6000].into();
    for _ in 0..2 {
        let command = ServerCommand::Send {
            stanza: stanza.clone(),
        };
        let input = ProtocolInput::Command(CommandId(0), command);
        talk.server.handle_input(talk.now, input);
    }
    talk.run();

    assert!(matches!(talk.server_end, Some(CloseReason::Limit(_))));
}

#[test]
fn a_subscription_that_the_service_does_not_know_is_forgotten_when_taken_back() {
    let mut talk = Talk::logged_in();
    talk.command(1, subscribe(NODE));
    talk.owner_answers = false;
    talk.command(2, unsubscribe(NODE));
    talk.serve(ServerCommand::Reply {
        request: 1,
        result: Err(StanzaError::UnexpectedRequest),
    });
    assert_eq!(talk.why(2), (false, Reason::Denied));
    talk.owner_answers = true;
    talk.lose(CloseReason::Eof);
    talk.served.clear();
    talk.open(None);

    let asked = |event: &ServerEvent| matches!(event, ServerEvent::PubSub { .. });
    assert!(!talk.served.iter().any(asked));
}
