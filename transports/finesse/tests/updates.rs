//! Updates as Finesse and its doubles were seen to send them.
#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a test may fail"
)]

use finewire_core::agent::{AgentState, CallAction, DialogState, ParticipantState};
use finewire_core::machine::UnixMillis;
use finewire_finesse::{
    ApiError, Error, ErrorCode, PeripheralError, Resource, ServiceStatus, Update, UpdateData,
    UpdateMethod,
};

const USER: &str = "<Update><data><user><dialogs>/finesse/api/User/6021/Dialogs</dialogs>\
<extension>5001</extension><firstName>A</firstName><lastName>B</lastName><loginId>6021</loginId>\
<loginName>ab</loginName><mediaType>1</mediaType><pendingState></pendingState>\
<reasonCodeId>-1</reasonCodeId><roles><role>Agent</role></roles><settings>\
<wrapUpOnIncoming>OPTIONAL</wrapUpOnIncoming><wrapUpOnOutgoing>OPTIONAL</wrapUpOnOutgoing></settings>\
<state>NOT_READY</state><stateChangeTime>2024-01-13T11:07:11.466Z</stateChangeTime>\
<teamId>5005</teamId><teamName>Blue</teamName><uri>/finesse/api/User/6021</uri>\
<wrapUpTimer>7200</wrapUpTimer></user></data><event>PUT</event><requestId></requestId>\
<source>/finesse/api/User/6021</source></Update>";

const NODE: &str = "/finesse/api/User/6021";

fn read(payload: &str) -> Update {
    Update::parse(NODE, payload).unwrap_or_else(|error| panic!("{error}: {payload}"))
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
}

#[test]
fn the_captured_user_is_read_completely() {
    let update = read(USER);
    assert_eq!(update.node, Resource::User("6021".into()));
    assert_eq!(update.source, update.node);
    assert_eq!(update.method, UpdateMethod::Put);
    assert_eq!(update.request_id, None);
    let UpdateData::User(user) = update.data else {
        panic!("no user")
    };
    assert_eq!(user.id, "6021");
    assert_eq!(user.login_name, "ab");
    assert_eq!(user.full_name(), "A B");
    assert!(user.roles.agent && !user.roles.supervisor);
    assert_eq!(user.state, AgentState::NotReady);
    assert_eq!(user.state_changed, Some(UnixMillis(1_705_144_031_466)));
    assert_eq!(user.pending_state, None);
    assert_eq!(user.reason, None, "-1 is no reason");
    assert_eq!(user.extension, Some("5001".into()));
    assert_eq!(
        user.team.map(|team| (team.id, team.name)),
        Some(("5005".into(), "Blue".into()))
    );
    assert_eq!(user.wrap_up_incoming, "OPTIONAL");
    assert_eq!(user.wrap_up_timer, Some(7200));
}

#[test]
fn the_captured_user_is_written_as_it_came() {
    assert_eq!(read(USER).to_xml(), USER);
}

#[test]
fn order_case_prefixes_and_declarations_do_not_matter() {
    let plain = read(USER);
    let (data, envelope) = USER.split_at(USER.find("<event>").unwrap());
    let data = data.strip_prefix("<Update>").unwrap();
    let envelope = envelope.strip_suffix("</Update>").unwrap();
    for variant in [
        USER.replace("user>", "User>"),
        USER.replace("<Update>", "<update>")
            .replace("</Update>", "</update>"),
        USER.replace("PUT", "put"),
        format!("<Update>{envelope}{data}</Update>"),
        format!("\u{feff}<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n{USER}\n<!-- end -->"),
        USER.replace("<Update>", "<f:Update xmlns:f='urn:x' a='1'>")
            .replace("</Update>", "</f:Update>"),
        USER.replace("<requestId></requestId>", ""),
        USER.replace("<requestId></requestId>", "<requestId/>"),
        USER.replace(
            "<firstName>A</firstName>",
            "<firstName><![CDATA[A]]></firstName>",
        ),
        USER.replace(
            "<state>",
            "<brandNew><state>READY</state></brandNew><state>\n ",
        ),
        USER.replace("<source>/finesse/api/User/6021</source>", ""),
    ] {
        assert_eq!(read(&variant), plain, "{variant}");
    }
}

#[test]
fn a_payload_that_is_escaped_once_more_or_wrapped_is_read_too() {
    let plain = read(USER);
    for variant in [
        escaped(USER),
        format!(" {}", escaped(USER)),
        format!(
            "<notification xmlns='urn:xmpp:push:0'>{}</notification>",
            escaped(USER)
        ),
        format!("<notification xmlns='http://jabber.org/protocol/pubsub'>{USER}</notification>"),
        format!("<notification>{}</notification>", escaped(&escaped(USER))),
    ] {
        assert_eq!(read(&variant), plain, "{variant}");
    }
}

#[test]
fn a_reason_is_read_from_either_place() {
    let with = |reason: &str| {
        let payload = USER.replace("<reasonCodeId>-1</reasonCodeId>", reason);
        let UpdateData::User(user) = read(&payload).data else {
            panic!("no user")
        };
        user.reason
    };
    let id = with("<reasonCodeId>16</reasonCodeId>").unwrap();
    assert_eq!((id.id, id.code), (Some("16".into()), None));
    let full = with(
        "<ReasonCode><category>NOT_READY</category><uri>/finesse/api/ReasonCode/16</uri>\
         <code>10</code><label>Lunch &amp; tea</label></ReasonCode>",
    );
    let full = full.unwrap();
    assert_eq!((full.id, full.code), (Some("16".into()), Some("10".into())));
    assert_eq!(full.label, "Lunch & tea");
    assert_eq!(with(""), None);
    assert_eq!(with("<reasonCodeId></reasonCodeId>"), None);
}

#[test]
fn states_and_actions_that_are_not_known_are_kept_as_words() {
    let UpdateData::User(user) = read(&USER.replace("NOT_READY", "MEDITATING")).data else {
        panic!("no user")
    };
    assert_eq!(user.state, AgentState::Other("MEDITATING".into()));
}

/// Re-typed from a capture of 2017: one agent alerting, an outside caller.
const CALL: &str = "<Update><data><dialogs><Dialog><associatedDialogUri></associatedDialogUri>\
<fromAddress>5550100</fromAddress><id>16804377</id><mediaProperties><DNIS>3100</DNIS>\
<callType>OTHER_IN</callType><dialedNumber>3100</dialedNumber>\
<outboundClassification></outboundClassification><callvariables><CallVariable>\
<name>callVariable1</name><value></value></CallVariable><CallVariable><name>callVariable2</name>\
<value> a&lt;b </value></CallVariable></callvariables></mediaProperties><mediaType>Voice</mediaType>\
<participants><Participant><actions><action>ANSWER</action></actions>\
<mediaAddress>5001</mediaAddress><mediaAddressType>AGENT_DEVICE</mediaAddressType>\
<startTime>2017-03-01T10:00:00.000Z</startTime><state>ALERTING</state><stateCause></stateCause>\
<stateChangeTime>2017-03-01T10:00:00.100Z</stateChangeTime></Participant><Participant><actions>\
<action>UPDATE_CALL_DATA</action><action>DROP</action></actions><mediaAddress>5550100</mediaAddress>\
<mediaAddressType></mediaAddressType><startTime></startTime><state>INITIATED</state>\
<stateCause></stateCause><stateChangeTime></stateChangeTime></Participant></participants>\
<state>ALERTING</state><toAddress>3100</toAddress><uri>/finesse/api/Dialog/16804377</uri></Dialog>\
</dialogs></data><event>POST</event><requestId></requestId>\
<source>/finesse/api/User/6021/Dialogs</source></Update>";

#[test]
fn the_captured_call_is_read_completely() {
    let update = Update::parse("/finesse/api/User/6021/Dialogs", CALL).unwrap();
    assert_eq!(update.source, Resource::Dialogs("6021".into()));
    assert_eq!(update.method, UpdateMethod::Post);
    let UpdateData::Dialogs(dialogs) = update.data else {
        panic!("no calls")
    };
    let [dialog] = dialogs.as_slice() else {
        panic!("not one call")
    };
    assert_eq!(dialog.id, "16804377");
    assert_eq!(dialog.state, DialogState::Alerting);
    assert_eq!(
        (dialog.from.as_str(), dialog.to.as_str()),
        ("5550100", "3100")
    );
    assert_eq!(
        (dialog.dnis.as_str(), dialog.call_type.as_str()),
        ("3100", "OTHER_IN")
    );
    assert_eq!(
        dialog.variable("callvariable1"),
        Some(&"".into()),
        "empty is a value"
    );
    assert_eq!(
        dialog.variable("callVariable2"),
        Some(&" a<b ".into()),
        "blanks stay"
    );
    assert_eq!(dialog.associated, None);
    let own = dialog.participant("5001").unwrap();
    assert_eq!(own.state, ParticipantState::Alerting);
    assert_eq!(own.actions, [CallAction::Answer]);
    assert_eq!(own.changed, Some(UnixMillis(1_488_362_400_100)));
    let caller = dialog.participant("5550100").unwrap();
    assert!(caller.address_type.is_empty());
    assert_eq!(caller.started, None);
}

#[test]
fn a_call_without_anything_but_a_uri_is_still_a_call() {
    let payload = "<Update><data><dialog><uri>/finesse/api/Dialog/7</uri></dialog></data>\
                   <event>DELETE</event><source>/finesse/api/Dialog/7</source></Update>";
    let UpdateData::Dialog(dialog) = read(payload).data else {
        panic!("no call")
    };
    assert_eq!(dialog.id, "7");
    let nameless = payload.replace("<uri>/finesse/api/Dialog/7</uri>", "<state>ACTIVE</state>");
    assert_eq!(
        Update::parse(NODE, &nameless),
        Err(Error::RemoteMissing("id"))
    );
}

#[test]
fn errors_are_read_in_both_forms_and_name_their_code() {
    let error = |body: &str| {
        let payload = format!(
            "<Update><data><apiErrors><apiError>{body}</apiError></apiErrors></data>\
             <requestId>abc-1</requestId><source>/finesse/api/User/6021</source>\
             <event>put</event></Update>"
        );
        let update = read(&payload);
        assert_eq!(update.request_id.unwrap().as_str(), "abc-1");
        let UpdateData::Errors(errors) = update.data else {
            panic!("no errors")
        };
        errors.first().unwrap().clone()
    };
    let classic = error(
        "<errorData>34</errorData><errorMessage>CF_RESOURCE_OUT_OF_SERVICE</errorMessage>\
         <errorType>Call Operation Failure</errorType>",
    );
    let wanted = ApiError::new("Call Operation Failure", "CF_RESOURCE_OUT_OF_SERVICE", "34");
    assert_eq!(classic, wanted);
    assert_eq!(classic.code(), Some(ErrorCode::RESOURCE_OUT_OF_SERVICE));
    let newer = error(
        "<peripheralErrorText>No such device.</peripheralErrorText>\
         <errorType>Invalid Device</errorType><peripheralErrorCode>10125</peripheralErrorCode>\
         <errorMessage>CF_INVALID_LOGON_DEVICE_SPECIFIED</errorMessage>\
         <peripheralErrorMsg>PERERR_X</peripheralErrorMsg><errorData>260</errorData>",
    );
    let peripheral = PeripheralError {
        code: "10125".into(),
        message: "PERERR_X".into(),
        text: "No such device.".into(),
    };
    assert_eq!(newer.peripheral, Some(peripheral));
    assert_eq!(newer.code(), Some(ErrorCode::INVALID_LOGON_DEVICE));
    let twice = error(
        "<errorType>Generic Error</errorType>\
         <errorMessage>&amp;lt;ConferenceCallCommand&amp;gt;: failed</errorMessage>",
    );
    assert_eq!(twice.message, "<ConferenceCallCommand>: failed");
}

#[test]
fn the_other_objects_are_read() {
    let update = |data: &str| {
        let payload = format!("<Update><data>{data}</data><event>PUT</event></Update>");
        Update::parse("/finesse/api/Queue/5022", &payload)
            .unwrap()
            .data
    };
    let UpdateData::SystemInfo(info) =
        update("<systemInfo><status>OUT_OF_SERVICE</status></systemInfo>")
    else {
        panic!("no system info")
    };
    assert_eq!(
        (info.status, info.xmpp_domain),
        (ServiceStatus::OutOfService, None)
    );
    let UpdateData::Queue(queue) = update(
        "<queue><name>Sales</name><statistics><callsInQueue>3</callsInQueue>\
         <agentsReady>-1</agentsReady></statistics><uri>/finesse/api/Queue/5022</uri></queue>",
    ) else {
        panic!("no queue")
    };
    assert_eq!((queue.id.as_str(), queue.name.as_str()), ("5022", "Sales"));
    assert_eq!(queue.statistic("callsInQueue"), Some(3));
    assert_eq!(queue.statistic("agentsReady"), None, "-1 is unknown");
    assert_eq!(
        update("<media><id>1</id></media>"),
        UpdateData::Unknown("media".into())
    );
    assert_eq!(update(""), UpdateData::Empty);
}

#[test]
fn what_is_no_update_gives_an_error_that_names_the_fault() {
    let error = |payload: &str| Update::parse(NODE, payload).unwrap_err();
    assert!(matches!(error(""), Error::RemoteNotXml { .. }));
    assert!(matches!(error("hello"), Error::RemoteNotXml { .. }));
    assert!(matches!(error("<Update>"), Error::RemoteNotXml { .. }));
    assert!(matches!(
        error("<Update></data></Update>"),
        Error::RemoteNotXml { .. }
    ));
    assert!(matches!(
        error("<Update/><Update/>"),
        Error::RemoteNotXml { .. }
    ));
    assert!(matches!(
        error("<html><body/></html>"),
        Error::RemoteUnexpected { .. }
    ));
    assert_eq!(
        error("<!DOCTYPE x [<!ENTITY a 'b'>]><Update/>"),
        Error::RemoteDoctype
    );
    let event = "<Update><event>PATCH</event></Update>";
    assert_eq!(error(event), Error::RemoteMissing("event"));
    let deep = "<a>".repeat(30) + &"</a>".repeat(30);
    assert_eq!(error(&deep), Error::LimitDepth(24));
    let many = format!("<Update>{}</Update>", "<a/>".repeat(100_001));
    assert_eq!(error(&many), Error::LimitElements(100_000));
    let long = format!("<Update>{}</Update>", " ".repeat(5 << 20));
    assert_eq!(error(&long), Error::LimitBytes(4 << 20));
}
