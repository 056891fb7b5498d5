//! What Finesse may add later breaks nothing: unknown elements and attributes anywhere, unknown words.
#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::string_slice,
    reason = "a test may fail"
)]

use bytes::Bytes;
use finewire_core::agent::{AgentState, CallAction, DialogState, ParticipantState};
use finewire_finesse::{Answer, ReasonCategory, Request, Update, UpdateData};
use finewire_http::http::Response;
use proptest::prelude::*;
use proptest::sample::{Index, select};

const USER: &str = "<user><extension>5001</extension><loginId>6021</loginId><reasonCode>\
<code>10</code><id>16</id><label>Lunch</label></reasonCode><roles><role>Agent</role></roles>\
<settings><wrapUpOnIncoming>OPTIONAL</wrapUpOnIncoming></settings><state>NOT_READY</state>\
<teamId>5005</teamId><teams><Team><id>1</id><name>Blue</name></Team></teams></user>";

const CALL: &str = "<Dialog><fromAddress>5550100</fromAddress><id>77</id><mediaProperties>\
<callType>OTHER_IN</callType><callvariables><CallVariable><name>callVariable1</name>\
<value>a</value></CallVariable></callvariables></mediaProperties><participants><Participant>\
<actions><action>ANSWER</action><action>DROP</action></actions><mediaAddress>5001</mediaAddress>\
<state>ALERTING</state></Participant></participants><state>ALERTING</state></Dialog>";

/// One update of each kind. Statistics of queues are an open list: what is new there is kept.
fn updates() -> Vec<String> {
    let calls = format!("<dialogs>{CALL}{CALL}</dialogs>");
    let errors = "<apiErrors><apiError><errorData>34</errorData><errorMessage>CF_X</errorMessage>\
                  <errorType>Call Operation Failure</errorType></apiError></apiErrors>";
    let team = format!("<team><id>1</id><name>Blue</name><users>{USER}</users></team>");
    let queue = "<queue><name>Sales</name>\
                 <uri>/finesse/api/Queue/5022</uri></queue>";
    let system = "<systemInfo><status>IN_SERVICE</status></systemInfo>";
    let all = [
        USER,
        &CALL.replace("Dialog>", "dialog>"),
        &calls,
        errors,
        &team,
        queue,
        system,
    ];
    let wrapped = all.iter().map(|data| {
        format!(
            "<Update><data>{data}</data><event>PUT</event><requestId>r1</requestId>\
             <source>/finesse/api/User/6021</source></Update>"
        )
    });
    wrapped.collect()
}

/// One answer of each kind with the request that it answers.
fn answers() -> Vec<(Request, String)> {
    let agent = || "6021".into();
    let reasons = "<ReasonCodes category=\"NOT_READY\"><ReasonCode><uri>/finesse/api/ReasonCode/16</uri>\
                   <category>NOT_READY</category><code>10</code><label>Lunch</label></ReasonCode></ReasonCodes>";
    let books = "<PhoneBooks><PhoneBook><name>Main</name><type>GLOBAL</type><Contacts><Contact>\
                 <firstName>A</firstName><phoneNumber>100</phoneNumber></Contact></Contacts></PhoneBook></PhoneBooks>";
    let queues = "<Queues><Queue><name>Sales</name>\
                  <uri>/finesse/api/Queue/5022</uri></Queue></Queues>";
    let system = "<SystemInfo><deploymentType>UCCX</deploymentType><primaryNode><host>a</host></primaryNode>\
                  <status>IN_SERVICE</status><xmppDomain>a</xmppDomain></SystemInfo>";
    let category = ReasonCategory::NotReady;
    vec![
        (Request::SystemInfo, system.into()),
        (
            Request::User { agent: agent() },
            USER.replace("user>", "User>"),
        ),
        (
            Request::Dialogs { agent: agent() },
            format!("<Dialogs>{CALL}</Dialogs>"),
        ),
        (
            Request::ReasonCodes {
                agent: agent(),
                category,
            },
            reasons.into(),
        ),
        (Request::Queues { agent: agent() }, queues.into()),
        (
            Request::PhoneBooks {
                agent: agent(),
                range: None,
            },
            books.into(),
        ),
        (
            Request::Team { team: "1".into() },
            format!("<Team><id>1</id><name>Blue</name><users>{USER}</users></Team>"),
        ),
    ]
}

/// What a later release may bring. The names of what is inside are known ones: they mean nothing there.
const NEW: [&str; 4] = [
    "<inventedLater/>",
    "<inventedLater>text</inventedLater>",
    "<inventedLater xmlns='urn:new' a='1'><id>9</id><state>READY</state></inventedLater>",
    "<invented><Dialog><id>9</id></Dialog><User><loginId>9</loginId></User></invented>",
];

/// Every place in `xml` behind a tag but the last: there an element can stand.
fn places(xml: &str) -> Vec<usize> {
    let last = xml.len();
    let tags = xml.match_indices('>').map(|(at, _)| at + 1);
    tags.filter(|at| *at != last).collect()
}

fn with_new(xml: &str, place: Index, new: &str) -> String {
    let places = places(xml);
    let at = places[place.index(places.len())];
    format!("{}{new}{}", &xml[..at], &xml[at..])
}

fn with_attributes(xml: &str) -> String {
    xml.replace("><", " inventedLater='1'><")
        .replace("</", "\u{0}")
        .split('\u{0}')
        .enumerate()
        .map(|(n, part)| match n {
            0 => part.to_owned(),
            // A closing tag takes no attribute.
            _ => format!("</{}", part.replacen(" inventedLater='1'", "", 1)),
        })
        .collect()
}

fn parse(xml: &str) -> Update {
    let node = "/finesse/api/User/6021/Dialogs";
    Update::parse(node, xml).unwrap_or_else(|error| panic!("{error}: {xml}"))
}

fn answered(request: &Request, xml: &str) -> Answer {
    let response = Response::new(Bytes::from(xml.to_owned()));
    Answer::parse(request, &response).unwrap_or_else(|error| panic!("{error}: {xml}"))
}

proptest! {
    #[test]
    fn an_unknown_element_anywhere_changes_no_update(place: Index, new in select(&NEW[..])) {
        for update in updates() {
            let later = with_new(&update, place, new);
            prop_assert_eq!(parse(&later), parse(&update), "{}", later);
        }
    }

    #[test]
    fn an_unknown_element_anywhere_changes_no_answer(place: Index, new in select(&NEW[..])) {
        for (request, body) in answers() {
            let later = with_new(&body, place, new);
            prop_assert_eq!(answered(&request, &later), answered(&request, &body), "{}", later);
        }
    }

    #[test]
    fn unknown_words_are_kept_as_they_are(word in "[A-Z]{3}_[A-Z0-9_]{1,12}X") {
        let user = USER.replace("NOT_READY", &word);
        let update = format!("<Update><data>{user}</data><event>PUT</event></Update>");
        let UpdateData::User(user) = parse(&update).data else { panic!("a user") };
        prop_assert_eq!(user.state, AgentState::Other(word.as_str().into()));
        let call = CALL.replace("ALERTING", &word).replace("OTHER_IN", &word).replace("ANSWER", &word);
        let update = format!("<Update><data>{call}</data><event>PUT</event></Update>");
        let UpdateData::Dialog(call) = parse(&update).data else { panic!("a call") };
        prop_assert_eq!(&call.state, &DialogState::Other(word.as_str().into()));
        prop_assert_eq!(call.call_type.as_str(), word.as_str());
        let own = call.participant("5001").unwrap();
        prop_assert_eq!(&own.state, &ParticipantState::Other(word.as_str().into()));
        prop_assert_eq!(&own.actions[0], &CallAction::Other(word.as_str().into()));
    }
}

#[test]
fn every_place_of_every_update_and_answer_takes_an_unknown_element() {
    for update in updates() {
        for at in places(&update) {
            let later = format!("{}{}{}", &update[..at], NEW[3], &update[at..]);
            assert_eq!(parse(&later), parse(&update), "{later}");
        }
    }
    for (request, body) in answers() {
        for at in places(&body) {
            let later = format!("{}{}{}", &body[..at], NEW[3], &body[at..]);
            assert_eq!(
                answered(&request, &later),
                answered(&request, &body),
                "{later}"
            );
        }
    }
}

#[test]
fn unknown_attributes_anywhere_change_nothing() {
    for update in updates() {
        let later = with_attributes(&update);
        assert!(later.contains("inventedLater"));
        assert_eq!(parse(&later), parse(&update), "{later}");
    }
}
