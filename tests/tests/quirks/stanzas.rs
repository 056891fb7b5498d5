//! Quirks of stanzas and of what they carry.

use finewire_core::agent::AgentState;
use finewire_core::contract::{Command as C, Event as Wire};
use finewire_simulator::Knobs;
use finewire_tests::world::site::{Site, tell};

/// The main job with this Finesse, in fake seconds that show whether events were read at all.
fn works_by_events_alone(turn: impl FnOnce(&mut Knobs)) {
    let mut site = Site::calm();
    site.turn(turn);
    site.sign_in(1);
    let before = site.net.now();
    site.expect_done(tell(1, C::MakeReady));
    let dialog = site.ring(1);
    let call = || dialog.clone();
    site.expect_done(tell(1, C::AnswerCall { dialog: call() }));
    site.expect_done(tell(1, C::HoldCall { dialog: call() }));
    site.expect_done(tell(1, C::ReleaseCall { dialog: call() }));
    let took = site.net.now() - before;
    assert!(took.as_secs() < 1, "events were not understood: {took:?}");
    site.settle();
    assert_eq!(site.state(1), AgentState::Ready);
    site.check_quiet();
}

#[test]
fn the_namespace_of_a_notification_does_not_matter() {
    works_by_events_alone(|knobs| knobs.push_namespace = true);
}

#[test]
fn a_payload_may_be_an_element_or_text_and_escaped_once_or_twice() {
    works_by_events_alone(|knobs| knobs.unescaped_payload = true);
    works_by_events_alone(|_| {});
    let mut site = Site::calm();
    site.rewrite_notifications(|text| {
        let (start, rest) = text.split_once("&lt;Update&gt;")?;
        let (body, end) = rest.split_once("&lt;/Update&gt;")?;
        let twice = |part: &str| part.replace('&', "&amp;");
        let body = twice(&format!("&lt;Update&gt;{body}&lt;/Update&gt;"));
        Some(format!("{start}{body}{end}"))
    });
    site.sign_in(1);
    let before = site.net.now();
    site.expect_done(tell(1, C::MakeReady));
    assert!((site.net.now() - before).as_secs() < 1);
}

#[test]
fn elements_in_any_order_say_the_same() {
    works_by_events_alone(|knobs| knobs.shuffle_elements = true);
}

#[test]
fn the_event_word_may_be_lower_case() {
    works_by_events_alone(|knobs| knobs.lower_case_event = true);
}

#[test]
fn one_message_may_hold_several_items() {
    let mut site = Site::calm();
    // The same item a second time with an older one before it.
    site.rewrite_notifications(|text| {
        let (before, rest) = text.split_once("<item ")?;
        let (item, after) = rest.split_once("</item>")?;
        let old = item
            .replace("READY", "NOT_READY")
            .replace("NOT_NOT_", "NOT_");
        let old = old.replacen("id='", "id='old-", 1);
        Some(format!(
            "{before}<item {old}</item><item {item}</item>{after}"
        ))
    });

    site.be_ready(1);

    assert_eq!(site.state(1), AgentState::Ready, "the last item counts");
}

#[test]
fn a_notification_may_come_from_the_agents_own_address() {
    let mut site = Site::calm();
    site.rewrite_notifications(|text| {
        let from = "from='pubsub.finesse.example' to='1001001@finesse.example'";
        let own = "from='1001001@finesse.example' to='1001001@finesse.example'";
        text.contains(from).then(|| text.replace(from, own))
    });
    site.sign_in(1);
    let before = site.net.now();

    site.expect_done(tell(1, C::MakeReady));

    assert!((site.net.now() - before).as_secs() < 1, "it was believed");
}

#[test]
fn a_notification_that_another_user_forges_is_not_believed() {
    let mut site = Site::calm();
    site.be_ready(1);
    site.rewrite_notifications(|text| {
        let forged = text
            .replace(
                "from='pubsub.finesse.example'",
                "from='1001002@finesse.example/x'",
            )
            .replace("TALKING", "LOGOUT")
            .replace("RESERVED", "LOGOUT");
        text.contains("<message").then_some(forged)
    });

    site.place_call(1);
    site.net.run_for(std::time::Duration::from_secs(2));

    let out = |event: &Wire| matches!(event, Wire::State(s) if s.state == AgentState::Logout);
    assert_eq!(site.count(1, out), 0);
    assert_eq!(
        site.state(1),
        AgentState::Ready,
        "nothing of it was taken over"
    );
}

#[test]
fn stanzas_that_are_no_notifications_are_passed_over() {
    let mut site = Site::calm();
    site.rewrite_notifications(|text| {
        let noise = "<message from='x@finesse.example' to='1001001@finesse.example' type='chat'>\
                     <body>hello</body></message>\
                     <message from='pubsub.finesse.example' type='error'><error type='cancel'/></message>\
                     <message from='pubsub.finesse.example'><event xmlns='http://jabber.org/protocol/pubsub#event'>\
                     <items node='/finesse/api/User/1001001'><item id='q1'/></items></event></message>";
        text.starts_with("<message").then(|| format!("{noise}{text}"))
    });

    let dialog = site.answer_one(1);
    site.expect_done(tell(1, C::ReleaseCall { dialog }));
    site.settle();

    assert_eq!(site.state(1), AgentState::Ready);
    site.check_quiet();
}

#[test]
fn a_deleted_user_and_data_that_are_no_xml_harm_nothing() {
    let mut site = Site::calm();
    site.rewrite_notifications(|text| {
        let (before, rest) = text.split_once("&lt;Update&gt;")?;
        let (_, after) = rest.split_once("&lt;/Update&gt;")?;
        let deleted = "&lt;Update&gt;&lt;event&gt;DELETE&lt;/event&gt;&lt;source&gt;\
                       /finesse/api/User/1001001&lt;/source&gt;&lt;/Update&gt;";
        let junk = "&lt;Update&gt;&lt;data&gt;&lt;user";
        let with = |payload: &str| format!("{before}{payload}{after}");
        let one = with(deleted).replacen("item id='", "item id='deleted", 1);
        let two = with(junk).replacen("item id='", "item id='junk", 1);
        Some(format!("{one}{two}{text}"))
    });

    let dialog = site.answer_one(1);
    site.expect_done(tell(1, C::ReleaseCall { dialog }));
    site.settle();

    assert_eq!(site.state(1), AgentState::Ready);
    site.check_quiet();
}
