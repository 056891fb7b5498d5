//! Pitfalls of the notification service: what a stanza looks like, and what it may leave out.

use std::cell::RefCell;
use std::rc::Rc;
use std::time::Duration;

use finewire_core::agent::{AgentState, ParticipantState};
use finewire_core::contract::{Command as C, Event as Wire};
use finewire_finesse::{Answer, Request, Update, UpdateData};
use finewire_simulator::Command as FinesseCommand;
use finewire_tests::world::site::{Plan, Site, agent, connect, line, login, tell};

#[test]
fn messages_without_a_body_are_not_dropped() {
    let mut site = Site::calm();
    let stanzas = Rc::new(RefCell::new(Vec::new()));
    let heard = Rc::clone(&stanzas);
    site.rewrite_notifications(move |text| {
        heard.borrow_mut().push(text.to_owned());
        None
    });

    site.be_ready(1);

    let stanzas = stanzas.borrow();
    let messages: Vec<_> = stanzas.iter().filter(|s| s.contains("<message")).collect();
    assert!(!messages.is_empty());
    for message in messages {
        assert!(!message.contains("<body"), "{message}");
        assert!(!message.contains(" type="), "{message}");
    }
    assert_eq!(site.state(1), AgentState::Ready);
}

#[test]
fn presence_is_sent_before_the_agent_signs_in() {
    let mut site = Site::calm();

    site.sign_in(1);

    // Finesse publishes to nobody who is not present: the first notification is that of the login.
    let events = site.net.node(site.finesse).events().iter();
    let notified = events.filter_map(|(at, event)| match event {
        finewire_simulator::Event::Notified { node, .. } => Some((*at, node.as_str().to_owned())),
        _ => None,
    });
    let first = notified.into_iter().next().expect("a notification");
    assert_eq!(first.1, "/finesse/api/User/1001001");
    let login = site.served_of("LOGIN")[0].at;
    assert!(first.0 >= login, "{} {login}", first.0);
    // What others do to the agent is told without any command of the agent's.
    site.expect_done(tell(1, C::MakeReady));
    site.place_call(1);
    site.net.run_for(Duration::from_secs(1));
    assert_eq!(site.state(1), AgentState::Reserved);
}

#[test]
fn the_case_of_names_does_not_matter() {
    let mut site = Site::calm();
    let swaps = ["user", "dialog", "dialogs", "apiErrors", "apiError"];
    let turn = |name: &str| {
        let (first, rest) = name.split_at(1);
        format!("{}{rest}", first.to_uppercase())
    };
    site.turn(|knobs| knobs.lower_case_event = true);
    site.rewrite_notifications(move |text| {
        let text = swaps.iter().fold(text.to_owned(), |text, name| {
            let (open, close) = (format!("&lt;{name}&gt;"), format!("&lt;/{name}&gt;"));
            let text = text.replace(&open, &format!("&lt;{}&gt;", turn(name)));
            text.replace(&close, &format!("&lt;/{}&gt;", turn(name)))
        });
        Some(text)
    });
    site.rewrite_answers(|body| {
        let names = [
            "User",
            "Dialogs",
            "Dialog",
            "ReasonCodes",
            "ReasonCode",
            "ApiErrors",
        ];
        let text = names.iter().fold(body.to_owned(), |text, name| {
            let lower = name.to_lowercase();
            let text = text.replace(&format!("<{name}>"), &format!("<{lower}>"));
            text.replace(&format!("</{name}>"), &format!("</{lower}>"))
        });
        Some(text)
    });

    let dialog = site.answer_one(1);
    let code = "2".into();
    site.expect_done(tell(1, C::MakeNotReadyWithReason { code }));
    let text = site.expect_refused(
        1,
        C::RetrieveCall {
            dialog: dialog.clone(),
        },
    );
    assert!(!text.is_empty());
    site.expect_done(tell(1, C::ReleaseCall { dialog }));
    site.settle();

    assert_eq!(site.state(1), AgentState::NotReady);
    site.check_quiet();
}

#[test]
fn one_many_none_empty_and_missing_are_told_apart() {
    let calls = |list: &str| {
        let node = "/finesse/api/User/1001001/Dialogs";
        let payload = format!("<Update><data>{list}</data><event>POST</event></Update>");
        match Update::parse(node, &payload).expect("an update").data {
            UpdateData::Dialogs(calls) => calls.len(),
            other => panic!("{other:?}"),
        }
    };
    let one = "<Dialog><id>1</id></Dialog>";
    assert_eq!(calls("<dialogs/>"), 0);
    assert_eq!(calls(&format!("<dialogs>{one}</dialogs>")), 1);
    assert_eq!(calls(&format!("<dialogs>{one}{one}</dialogs>")), 2);
    let read = |body: &str| {
        let request = Request::User {
            agent: "1001001".into(),
        };
        let answer = http_answer(body);
        match Answer::parse(&request, &answer).expect("an answer") {
            Answer::User(user) => user,
            other => panic!("{other:?}"),
        }
    };
    let with = |more: &str| read(&format!("<User><loginId>1001001</loginId>{more}</User>"));
    for nothing in [
        "",
        "<extension/>",
        "<extension></extension>",
        "<extension> </extension>",
    ] {
        assert_eq!(with(nothing).extension, None, "{nothing}");
    }
    for nothing in ["", "<reasonCodeId/>", "<reasonCodeId>-1</reasonCodeId>"] {
        assert_eq!(with(nothing).reason, None, "{nothing}");
    }
    assert_eq!(with("<stateChangeTime/>").state_changed, None);
    assert_eq!(with("<teams/>").supervised.len(), 0);
    let team = "<Team><id>1</id><name>Blue</name></Team>";
    assert_eq!(with(&format!("<teams>{team}</teams>")).supervised.len(), 1);
    // An empty call variable is a value, a missing one is none.
    let variable = |value: &str| {
        let payload = format!(
            "<Update><data><dialog><id>7</id><mediaProperties><callvariables>{value}\
             </callvariables></mediaProperties></dialog></data></Update>"
        );
        match Update::parse("/finesse/api/User/1/Dialogs", &payload)
            .expect("an update")
            .data
        {
            UpdateData::Dialog(dialog) => dialog.variable("callVariable1").cloned(),
            other => panic!("{other:?}"),
        }
    };
    let empty = "<CallVariable><name>callVariable1</name><value/></CallVariable>";
    assert_eq!(variable(empty), Some("".into()));
    assert_eq!(variable(""), None);
}

fn http_answer(body: &str) -> finewire_http::http::Response<bytes::Bytes> {
    let body = bytes::Bytes::from(body.to_owned());
    finewire_http::http::Response::new(body)
}

#[test]
fn an_event_that_comes_twice_is_told_once() {
    let mut site = Site::calm();
    site.turn(|knobs| knobs.duplicate_events = true);

    let dialog = site.answer_one(1);

    let offers = site.count(1, |event| matches!(event, Wire::NewInboundCall(_)));
    assert_eq!(offers, 1, "one screen pop");
    let ready = |event: &Wire| matches!(event, Wire::State(s) if s.state == AgentState::Ready);
    assert_eq!(site.count(1, ready), 1);
    let counters = site.net.node(site.connector).machine().decisions();
    assert!(counters.counters().duplicates > 2);
    site.expect_done(tell(1, C::ReleaseCall { dialog }));
    site.settle();
    site.check_quiet();
}

#[test]
fn a_copy_of_an_event_by_another_subscription_is_told_once() {
    let mut site = Site::calm();
    // A left-over subscription brings the same snapshot again, as another item.
    let mut number = 0;
    site.rewrite_notifications(move |text| {
        let (before, rest) = text
            .split_once("<item id=\"")
            .or_else(|| text.split_once("<item id='"))?;
        let quote = if text.contains("<item id=\"") {
            '"'
        } else {
            '\''
        };
        let (_, after) = rest.split_once(quote)?;
        number += 1;
        let copy = format!("{before}<item id={quote}copy{number}{quote}{after}");
        text.ends_with("</message>")
            .then(|| format!("{text}{copy}"))
    });

    let dialog = site.answer_one(1);
    site.expect_done(tell(1, C::HoldCall { dialog }));

    let offers = site.count(1, |event| matches!(event, Wire::NewInboundCall(_)));
    assert_eq!(offers, 1, "one screen pop");
    let held = |event: &Wire| {
        matches!(event, Wire::InboundCall(call)
            if call.state == finewire_core::contract::CallState::Held)
    };
    assert_eq!(site.count(1, held), 1);
    site.settle();
    site.check_quiet();
}

#[test]
fn the_resource_is_neither_the_desktops_nor_that_of_another_instance() {
    let mut site = Site::calm();
    site.sign_in(1);
    let stream = |site: &Site| {
        let truth = site.net.node(site.finesse).machine().truth();
        let mut own = truth.streams.into_iter();
        own.find(|jid| jid.as_str().starts_with("1001001@"))
    };
    let before = stream(&site).expect("a stream");
    let (_, resource) = before.as_str().split_once('/').expect("a resource");
    assert!(!resource.eq_ignore_ascii_case("desktop") && !resource.is_empty());

    site.restart_connector();
    site.net.run_for(Duration::from_secs(30));
    site.await_service();
    site.settle();

    let after = stream(&site).expect("a stream");
    assert_ne!(before, after);
    site.expect_done(connect(1));
    site.check_quiet();
}

#[test]
fn what_a_failover_leaves_out_harms_nothing() {
    let mut site = Site::calm();
    site.turn(|knobs| knobs.call_type_null = true);
    site.rewrite_notifications(|text| {
        let from = "&lt;fromAddress&gt;5551234&lt;/fromAddress&gt;";
        text.contains(from)
            .then(|| text.replace(from, "&lt;fromAddress&gt;&lt;/fromAddress&gt;"))
    });

    let dialog = site.answer_one(1);

    let told = site.events_to(1).into_iter().find_map(|event| match event {
        Wire::NewInboundCall(call) => Some(call.clone()),
        _ => None,
    });
    let told = told.expect("the call is offered");
    assert_eq!(told.call_type, "", "the text NULL is no type");
    assert_eq!(told.address, "", "a number that is not known");
    assert_eq!(site.own_party(1), Some(ParticipantState::Active));
    site.expect_done(tell(1, C::ReleaseCall { dialog }));
    site.settle();
    site.check_quiet();
}

#[test]
fn elements_that_are_not_known_break_no_parser() {
    let mut site = Site::calm();
    site.turn(|knobs| knobs.unknown_elements = true);
    site.rewrite_answers(|body| {
        let (start, rest) = body.split_once("><")?;
        let new = "<inventedLater a='1'><id>9</id><state>READY</state></inventedLater>";
        Some(format!("{start}>{new}<{rest}"))
    });

    let dialog = site.answer_one(1);
    site.expect_done(tell(1, C::NotReadyReasonCodes));
    site.expect_done(tell(1, C::GetPhonebooks));
    site.expect_done(tell(1, C::GetQueueList));
    site.expect_done(tell(1, C::ReleaseCall { dialog }));
    site.settle();

    assert_eq!(site.state(1), AgentState::Ready);
    site.check_quiet();
}

#[test]
fn a_stray_sign_out_after_a_failover_is_not_believed() {
    let mut site = Site::calm();
    site.turn(|knobs| knobs.stray_logout = true);

    site.sign_in(1);
    site.net.run_for(Duration::from_secs(5));

    let out = |event: &Wire| matches!(event, Wire::State(s) if s.state == AgentState::Logout);
    assert_eq!(site.count(1, out), 0);
    assert_eq!(site.state(1), AgentState::NotReady);
    site.expect_done(login(1));
    site.check_quiet();
}

#[test]
fn uccx_tells_no_state_of_direct_calls_and_holds_and_leaves_customers_out() {
    let mut site = Site::built(&Plan::express(7));
    site.turn(|knobs| knobs.no_customer_participant = true);
    site.sign_in(1);
    let direct = FinesseCommand::PlaceCall {
        to: line(1).as_str().into(),
        from: "5551234".into(),
    };
    site.order(direct);
    site.net.run_for(Duration::from_secs(1));
    let dialog = site.true_calls(1)[0].clone();
    let call = || dialog.clone();

    site.expect_done(tell(1, C::AnswerCall { dialog: call() }));
    assert_eq!(site.own_party(1), Some(ParticipantState::Active));
    assert_eq!(
        site.state(1),
        AgentState::NotReady,
        "no ICD call, no TALKING"
    );
    site.expect_done(tell(1, C::HoldCall { dialog: call() }));
    assert_eq!(site.own_party(1), Some(ParticipantState::Held));
    site.expect_done(tell(1, C::RetrieveCall { dialog: call() }));
    site.expect_done(tell(1, C::ReleaseCall { dialog: call() }));

    // In a routed call there is TALKING, but no HOLD.
    let dialog = site.answer_one(2);
    assert_eq!(site.state(2), AgentState::Talking);
    site.expect_done(tell(2, C::HoldCall { dialog }));
    assert_eq!(site.own_party(2), Some(ParticipantState::Held));
    assert_eq!(site.state(2), AgentState::Talking);
    let told = site
        .events_to(2)
        .into_iter()
        .rev()
        .find_map(|event| match event {
            Wire::InboundCall(call) => Some(call.participants.len()),
            _ => None,
        });
    assert_eq!(told, Some(1), "the customer is missing");
    assert_eq!(
        site.model(2).map(|model| model.user().id.clone()),
        Some(agent(2))
    );
    site.settle();
    site.check_quiet();
}
