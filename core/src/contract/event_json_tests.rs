//! Events in JSON form: the vendor's samples, and what readers forgive.

use alloc::{format, vec};

use super::*;
use crate::agent::AgentState;
use crate::machine::UnixMillis;

const UTC: TimeFormat = TimeFormat::UTC;

/// Vendor documentation: samples of the JSON form.
const STATE: &str = r#"{"type":"State","agentId":"jehanzeb6","state":"NOT_READY","reasonCode":"8","stateChangeTimeString":"","pendingState":"","stateChangeTime":"2019-09-17 12:46:21"}"#;
const REASONS: &str = r#"{"type":"ReasonCodes","category":"WrapUp","reasonCodes":[{"1":"Complaint"},{"2":"Inquiry New"}],"agentId":"jehanzeb4"}"#;

fn parse(text: &str) -> Result<EventMessage, MalformedEvent> {
    EventMessage::parse(text, &Layout::default(), &UTC)
}

fn json(message: &EventMessage) -> alloc::string::String {
    let layout = Layout::default();
    message
        .event
        .format_as(EventFormat::Json, &message.to, &layout, &UTC)
        .text
}

#[test]
fn the_vendors_state_is_read_and_written_back_to_the_same_bytes() {
    let message = parse(STATE).unwrap();

    assert_eq!(message.to, "jehanzeb6");
    let expected = AgentStatus {
        state: AgentState::NotReady,
        reason_code: "8".into(),
        state_changed: Some(UnixMillis(1_568_724_381_000)),
        agent: "jehanzeb6".into(),
        ..AgentStatus::default()
    };
    assert_eq!(message.event, Event::State(expected));
    assert_eq!(json(&message), STATE);
}

#[test]
fn the_vendors_reasons_are_read_and_written_back_to_the_same_bytes() {
    let message = parse(REASONS).unwrap();

    assert_eq!(message.to, "jehanzeb4");
    let expected = Event::ReasonCodes {
        category: ReasonCategory::WrapUp,
        reasons: vec![
            ("1".into(), "Complaint".into()),
            ("2".into(), "Inquiry New".into()),
        ],
    };
    assert_eq!(message.event, expected);
    assert_eq!(json(&message), REASONS);
}

#[test]
fn a_state_tells_what_the_sample_has_no_place_for_behind_it() {
    let status = AgentStatus {
        state: AgentState::Ready,
        reason_label: "Lunch".into(),
        full_name: "Ann Lee".into(),
        agent: "5000".into(),
        extension: Some("42053".into()),
        ..AgentStatus::default()
    };
    let to_supervisor = EventMessage {
        to: "7000".into(),
        event: Event::State(status),
    };

    let text = json(&to_supervisor);

    let tail =
        r#""reasonLabel":"Lunch","fullName":"Ann Lee","loginId":"5000","extension":"42053"}"#;
    assert!(text.ends_with(tail), "{text}");
    assert_eq!(parse(&text), Ok(to_supervisor));
}

#[test]
fn structural_characters_arrive_as_they_are_and_control_characters_do_not() {
    let layout = Layout::default();
    let event = Event::error(ErrorCode::BadCommand, "a#b|c,\"d\\e\n\u{1b}\u{2028}");

    let formatted = event.format_as(EventFormat::Json, &"1001".into(), &layout, &UTC);

    assert_eq!(formatted.replaced, 3);
    let expected = Event::error(ErrorCode::BadCommand, "a#b|c,\"d\\e   ");
    assert_eq!(parse(&formatted.text).unwrap().event, expected);
    let hostile = r#"{"type":"Error","code":"X","text":"a\u001b[31m\u2028b"}"#;
    let Event::Error(refused) = parse(hostile).unwrap().event else {
        panic!()
    };
    assert_eq!(refused.text, "a [31m b");
}

#[test]
fn facts_may_come_as_other_kinds_of_values_in_any_order_with_others_between() {
    let text = r#" {
        "calls": {"deep": [[{}]]},
        "CALLSCOUNT": "2",
        "agentid": 1001,
        "Type": "dialogstatus"
    } "#;

    let message = parse(text).unwrap();

    assert_eq!(message.to, "1001");
    assert_eq!(message.event, Event::DialogStatus { calls: 2 });
    let info = r#"{"type":"AgentInfo","isSupervisor":"TRUE","firstName":null,"teams":{"id":"1"},
        "lastName":["x"],"fullName":7}"#;
    let Event::AgentInfo(info) = parse(info).unwrap().event else {
        panic!()
    };
    assert_eq!((info.is_supervisor, info.full_name.as_str()), (true, "7"));
    assert!(info.teams.is_empty() && info.first_name.is_empty() && info.last_name.is_empty());
}

#[test]
fn objects_that_are_no_event_say_why() {
    let syntax = |offset, fault| MalformedEvent::RemoteJson(JsonError { offset, fault });
    let expected = |what| JsonFault::RemoteExpected(what);
    let cases = [
        ("{}", MalformedEvent::RemoteNoName),
        (r#"{"type":""}"#, MalformedEvent::RemoteNoName),
        (r#"{"type":["State"]}"#, MalformedEvent::RemoteNoName),
        (
            r#"{"type":"Juggle"}"#,
            MalformedEvent::RemoteUnknownEvent("Juggle".into()),
        ),
        (
            r#"{"type":"State"}"#,
            MalformedEvent::RemoteIncomplete(EventKind::State),
        ),
        (
            r#"{"type":"System","status":"FINE"}"#,
            MalformedEvent::RemoteIncomplete(EventKind::System),
        ),
        (
            r#"{"type":"InboundCall","state":"ACTIVE"}"#,
            MalformedEvent::RemoteIncomplete(EventKind::InboundCall),
        ),
        (r#"{"type":"State""#, syntax(15, expected("\",\" or \"}\""))),
        (
            r#"{"type":"State"} x"#,
            syntax(17, JsonFault::RemoteTrailing),
        ),
    ];
    for (text, fault) in cases {
        assert_eq!(parse(text), Err(fault), "{text}");
    }
}

#[test]
fn an_object_has_as_many_values_as_the_lists_of_the_layout_may_fill() {
    let mut layout = Layout::default();
    (layout.limits.items, layout.limits.sub_items) = (4, 4);
    let contact = Contact {
        id: "1".into(),
        ..Contact::default()
    };
    let event = Event::PhonebookContacts(vec![contact; 10]);

    let text = event.format_as(EventFormat::Json, &"1001".into(), &layout, &UTC);

    assert_eq!(text.cut, 1);
    let Event::PhonebookContacts(contacts) = EventMessage::parse(&text.text, &layout, &UTC)
        .unwrap()
        .event
    else {
        panic!()
    };
    assert_eq!(contacts.len(), 4);
    let many = format!(
        r#"{{"type":"PhonebookContacts","contacts":[{}1]}}"#,
        "{},".repeat(200)
    );
    assert!(matches!(
        EventMessage::parse(&many, &layout, &UTC),
        Err(MalformedEvent::RemoteJson(JsonError {
            fault: JsonFault::LimitValues,
            ..
        }))
    ));
}

#[test]
fn a_site_corrects_keys_and_their_order_in_the_table_only() {
    let mut layout = Layout::default();
    layout.json.type_key = "event".into();
    for row in layout
        .json
        .events
        .iter_mut()
        .filter(|row| row.kind == EventKind::Error)
    {
        row.keys.reverse();
        row.keys[0].key = "message \"x\"".into();
    }
    let event = Event::error(ErrorCode::Timeout, "late");

    let text = event
        .format_as(EventFormat::Json, &"1001".into(), &layout, &UTC)
        .text;

    assert_eq!(
        text,
        r#"{"event":"Error","message \"x\"":"late","code":"TIMEOUT","agentId":"1001"}"#
    );
    assert_eq!(
        EventMessage::parse(&text, &layout, &UTC).unwrap().event,
        event
    );
}
