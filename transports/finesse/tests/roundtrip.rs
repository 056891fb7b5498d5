//! What is written can be read, and is the same then.
#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a test may fail"
)]

use finewire_core::agent::{
    AgentState, CallAction, Dialog, DialogState, Participant, ParticipantState, Platform, Reason,
    Roles, ScheduledCallback, Team, Text, User,
};
use finewire_core::machine::UnixMillis;
use finewire_core::password::Secret;
use finewire_finesse::{
    Answer, ApiError, ApiErrors, Credentials, MobileAgent, MobileMode, NodeAddress,
    PeripheralError, Queue, ReasonCategory, ReasonCode, Request, RequestId, Resource,
    ServiceStatus, SystemInfo, Update, UpdateData, UpdateMethod, WrapUpReason,
};
use proptest::collection::vec;
use proptest::option::of;
use proptest::prelude::*;

/// Any text that XML can carry; blanks around it belong to it.
fn text() -> impl Strategy<Value = Text> {
    "[ \\t\\n\\r -~äß€😀]{0,12}".prop_map(Text::from)
}

/// A text without blanks around it: ids, numbers, words.
fn word() -> impl Strategy<Value = Text> {
    "[!-~ä]([ -~]{0,8}[!-~])?".prop_map(Text::from)
}

fn word_or_none() -> impl Strategy<Value = Text> {
    prop_oneof![Just(Text::default()), word()]
}

fn id() -> impl Strategy<Value = Text> {
    "[A-Za-z0-9_.@-]{1,10}".prop_map(Text::from)
}

/// Text of an error: no escapes in it, for one level more would be taken off.
fn error_text() -> impl Strategy<Value = Text> {
    "([!-%'-~]([ -%'-~]{0,8}[!-%'-~])?)?".prop_map(Text::from)
}

fn at() -> impl Strategy<Value = Option<UnixMillis>> {
    of((0i64..253_402_300_799_999).prop_map(UnixMillis))
}

fn agent_state() -> impl Strategy<Value = AgentState> {
    prop_oneof![
        proptest::sample::select(AgentState::KNOWN),
        Just(AgentState::Other("NEW_STATE".into()))
    ]
}

fn team() -> impl Strategy<Value = Team> {
    (id(), text()).prop_map(|(id, name)| Team {
        id: id.into(),
        name,
    })
}

fn reason() -> impl Strategy<Value = Option<Reason>> {
    of((of(id()), of(word()), text()).prop_map(|(id, code, label)| Reason { id, code, label }))
        .prop_map(|reason| reason.filter(|reason| *reason != Reason::default()))
}

prop_compose! {
    fn user()(
        id in id(), login_name in word_or_none(), first_name in text(), last_name in text(),
        agent: bool, supervisor: bool, state in agent_state(), state_changed in at(),
        pending_state in of(agent_state()), reason in reason(), extension in of(word()),
        (team, supervised) in (of(team()), vec(team(), 0..3)),
        (incoming, outgoing, timer) in (word_or_none(), word_or_none(), of(any::<u32>())),
    ) -> User {
        User {
            id: id.into(), login_name, first_name, last_name, roles: Roles { agent, supervisor },
            state, state_changed, pending_state, reason, extension: extension.map(Into::into),
            team, supervised, wrap_up_incoming: incoming, wrap_up_outgoing: outgoing,
            wrap_up_timer: timer,
        }
    }
}

prop_compose! {
    fn participant()(
        address in word_or_none(), address_type in word_or_none(),
        state in proptest::sample::select(ParticipantState::KNOWN), cause in word_or_none(),
        started in at(), changed in at(),
        actions in vec(proptest::sample::select(CallAction::KNOWN), 0..4),
    ) -> Participant {
        Participant { address, address_type, state, cause, started, changed, actions }
    }
}

prop_compose! {
    fn dialog()(
        id in id(), state in proptest::sample::select(DialogState::KNOWN), from in word_or_none(),
        to in word_or_none(), call_type in word_or_none(), media_type in word_or_none(),
        (associated, secondary) in (of(id()), of(id())),
        (dnis, dialed_number, queue_number) in (word_or_none(), word_or_none(), word_or_none()),
        queue_name in text(), wrap_up_reason in of(text()),
        callback in of((word_or_none(), word_or_none())),
        variables in vec((word(), text()), 0..4), participants in vec(participant().boxed(), 0..3),
    ) -> Dialog {
        Dialog {
            id: id.into(), state, from, to, call_type, media_type,
            associated: associated.map(Into::into), secondary: secondary.map(Into::into),
            dnis, dialed_number, queue_number, queue_name, wrap_up_reason, variables, participants,
            callback: callback.map(|(time, number)| ScheduledCallback { time, number }),
        }
    }
}

prop_compose! {
    fn errors()(
        error_type in error_text(), message in error_text(), data in error_text(),
        peripheral in of((error_text(), error_text(), error_text())),
    ) -> ApiErrors {
        let peripheral = peripheral
            .map(|(code, message, text)| PeripheralError { code, message, text })
            .filter(|peripheral| *peripheral != PeripheralError::default());
        ApiErrors::one(None, ApiError { error_type, message, data, peripheral })
    }
}

prop_compose! {
    fn node_address()(
        host in word(), https_port in of(any::<u16>()), xmpp_port in of(any::<u16>()),
        xmpp_secure_port in of(any::<u16>()),
    ) -> NodeAddress {
        NodeAddress { host, https_port, xmpp_port, xmpp_secure_port }
    }
}

prop_compose! {
    fn system()(
        status in prop_oneof![
            Just(ServiceStatus::InService), Just(ServiceStatus::OutOfService),
            Just(ServiceStatus::PartialService), Just(ServiceStatus::Other("NEW".into())),
        ],
        status_reason in word_or_none(),
        platform in of(prop_oneof![Just(Platform::Ucce), Just(Platform::Uccx)]),
        xmpp_domain in of(word()), xmpp_pubsub_domain in of(word()),
        (primary, secondary) in (of(node_address()), of(node_address())),
        auth_mode in word_or_none(), timestamp in word_or_none(), cti_version in word_or_none(),
        cti_heartbeat in word_or_none(), timezone_offset in of(any::<i32>()),
    ) -> SystemInfo {
        SystemInfo {
            status, status_reason, platform, xmpp_domain, xmpp_pubsub_domain, primary, secondary,
            auth_mode, timestamp, cti_version, cti_heartbeat, timezone_offset,
        }
    }
}

fn queue() -> impl Strategy<Value = Queue> {
    let statistics = vec(
        ("[a-z][a-zA-Z]{0,9}".prop_map(Text::from), word_or_none()),
        0..4,
    );
    (id(), text(), statistics).prop_map(|(id, name, statistics)| Queue {
        id,
        name,
        statistics,
    })
}

fn data() -> impl Strategy<Value = UpdateData> {
    prop_oneof![
        user()
            .boxed()
            .prop_map(|user| UpdateData::User(Box::new(user))),
        dialog()
            .boxed()
            .prop_map(|dialog| UpdateData::Dialog(Box::new(dialog))),
        vec(dialog().boxed(), 0..3).prop_map(UpdateData::Dialogs),
        errors().prop_map(UpdateData::Errors),
        system()
            .boxed()
            .prop_map(|info| UpdateData::SystemInfo(Box::new(info))),
        queue().prop_map(UpdateData::Queue),
        vec(queue().boxed(), 0..3).prop_map(UpdateData::Queues),
        Just(UpdateData::Empty),
        (id(), text(), vec(id(), 0..3), any::<u32>()).prop_map(|(id, content, teams, seconds)| {
            let teams = teams.into_iter().map(Into::into).collect();
            UpdateData::TeamMessage(Box::new(finewire_finesse::TeamMessage {
                id,
                content,
                teams,
                seconds,
                by: "1001001".into(),
                first_name: "Ines".into(),
                ..Default::default()
            }))
        }),
        Just(UpdateData::Unknown("Media".into())),
    ]
}

fn resource() -> impl Strategy<Value = Resource> {
    prop_oneof![
        Just(Resource::SystemInfo),
        id().prop_map(|id| Resource::User(id.into())),
        id().prop_map(|id| Resource::Dialogs(id.into())),
        id().prop_map(|id| Resource::Dialog(id.into())),
        id().prop_map(|id| Resource::TeamUsers(id.into())),
        id().prop_map(Resource::Queue),
    ]
}

fn request() -> impl Strategy<Value = Request> {
    let id = || "[ -~ä]{1,8}".prop_filter("dots", |id| !matches!(id.as_str(), "." | ".."));
    let id = move || id().prop_map(Text::from);
    let mode = prop_oneof![
        Just(MobileMode::CallByCall),
        Just(MobileMode::NailedConnection)
    ];
    let mobile = (mode, word()).prop_map(|(mode, dial_number)| MobileAgent { mode, dial_number });
    let category = prop_oneof![Just(ReasonCategory::NotReady), Just(ReasonCategory::Logout)];
    let settable = vec![
        AgentState::Ready,
        AgentState::NotReady,
        AgentState::Work,
        AgentState::WorkReady,
    ];
    let is_plain =
        |action: &CallAction| !matches!(action, CallAction::MakeCall | CallAction::UpdateCallData);
    let actions: Vec<_> = CallAction::KNOWN
        .iter()
        .filter(|a| is_plain(a))
        .cloned()
        .collect();
    let variables = || vec((word(), text()), 0..3);
    prop_oneof![
        Just(Request::SystemInfo),
        id().prop_map(|id| Request::User { agent: id.into() }),
        id().prop_map(|id| Request::Dialogs { agent: id.into() }),
        id().prop_map(|id| Request::Dialog { dialog: id.into() }),
        id().prop_map(|id| Request::Team { team: id.into() }),
        id().prop_map(|id| Request::WrapUpReasons { agent: id.into() }),
        id().prop_map(|id| Request::TeamMessages { team: id.into() }),
        (id(), id()).prop_map(|(id, reason)| Request::ReasonCode {
            agent: id.into(),
            reason
        }),
        (id(), id()).prop_map(|(id, reason)| Request::WrapUpReason {
            agent: id.into(),
            reason
        }),
        (id(), category).prop_map(|(id, category)| Request::ReasonCodes {
            agent: id.into(),
            category
        }),
        (id(), word(), of(mobile)).prop_map(|(id, extension, mobile)| Request::SignIn {
            agent: id.into(),
            extension: extension.into(),
            mobile
        }),
        (id(), of(word())).prop_map(|(id, reason_id)| Request::SignOut {
            agent: id.into(),
            reason_id
        }),
        (id(), proptest::sample::select(settable), of(word())).prop_map(
            |(id, state, reason_id)| Request::ChangeState {
                agent: id.into(),
                state,
                reason_id
            }
        ),
        (id(), word(), word(), variables()).prop_map(|(id, from, to, variables)| {
            Request::MakeCall {
                agent: id.into(),
                from: from.into(),
                to,
                variables,
            }
        }),
        (
            id(),
            proptest::sample::select(actions),
            word(),
            of(word()),
            variables()
        )
            .prop_map(|(id, action, address, to, params)| Request::Act {
                dialog: id.into(),
                action,
                address: address.into(),
                to,
                params
            }),
        (id(), of(text()), variables()).prop_map(|(id, wrap_up_reason, variables)| {
            Request::UpdateCallData {
                dialog: id.into(),
                wrap_up_reason,
                variables,
            }
        }),
    ]
}

proptest! {
    #[test]
    fn an_update_survives_writing_and_reading(
        node in resource(), source in resource(), data in data().boxed(), tagged: bool,
        method in prop_oneof![
            Just(UpdateMethod::Post), Just(UpdateMethod::Put), Just(UpdateMethod::Delete)
        ],
    ) {
        let request_id = tagged.then(|| RequestId::new("abc-1").unwrap());
        let update = Update { node, source, method, request_id, data };
        let read = Update::parse(&update.node.to_string(), &update.to_xml());
        prop_assert_eq!(read, Ok(update));
    }

    #[test]
    fn a_request_survives_http(request in request(), password in "[ -~ä:]{0,12}") {
        let credentials = Credentials::basic("1001", Secret::from(password));
        let id = RequestId::new("abc-1").unwrap();
        let http = request.to_http(&credentials, Some(&id)).unwrap();
        prop_assert_eq!(Request::from_http(&http), Ok(request));
        prop_assert_eq!(Credentials::from_headers(http.headers()), Some(credentials));
        prop_assert_eq!(RequestId::from_headers(http.headers()), Some(id));
    }

    #[test]
    fn an_answer_survives_http(
        user in user().boxed(), dialogs in vec(dialog().boxed(), 1..3), info in system().boxed(),
        errors in errors().boxed(),
    ) {
        let agent = || user.id.clone();
        let dialog = dialogs[0].clone();
        let failed = |status| ApiErrors { status: Some(status), ..errors.clone() };
        for (request, answer) in [
            (Request::User { agent: agent() }, Answer::User(Box::new(user.clone()))),
            (Request::Dialog { dialog: dialog.id.clone() }, Answer::Dialog(Box::new(dialog))),
            (Request::Dialogs { agent: agent() }, Answer::Dialogs(dialogs)),
            (Request::SystemInfo, Answer::SystemInfo(Box::new(info))),
            (Request::SignOut { agent: agent(), reason_id: None }, Answer::Accepted),
            (Request::User { agent: agent() }, Answer::Refused(failed(404))),
            (Request::User { agent: agent() }, Answer::Unauthorized(failed(401))),
            (Request::User { agent: agent() }, Answer::Unavailable(failed(503))),
            (Request::User { agent: agent() }, Answer::Moved("https://x:8445/".into())),
        ] {
            prop_assert_eq!(Answer::parse(&request, &answer.to_http(None)), Ok(answer));
        }
    }

    #[test]
    fn reason_codes_survive_http(
        codes in vec((id(), word_or_none(), text(), any::<bool>(), any::<bool>()), 0..4)
    ) {
        let code = |(id, code, label, for_all, system)| ReasonCode {
            id, code, label, category: Some(ReasonCategory::Logout), for_all, system,
        };
        let answer = Answer::ReasonCodes(codes.into_iter().map(code).collect());
        let request =
            Request::ReasonCodes { agent: "1".into(), category: ReasonCategory::Logout };
        prop_assert_eq!(Answer::parse(&request, &answer.to_http(None)), Ok(answer));
    }

    #[test]
    fn wrap_up_reasons_survive_http(reasons in vec((id(), text(), any::<bool>()), 0..4)) {
        let reason = |(id, label, for_all)| WrapUpReason { id, label, for_all };
        let answer = Answer::WrapUpReasons(reasons.into_iter().map(reason).collect());
        let request = Request::WrapUpReasons { agent: "1".into() };
        prop_assert_eq!(Answer::parse(&request, &answer.to_http(None)), Ok(answer));
    }

    #[test]
    fn no_payload_makes_the_reader_panic(payload in "(<|>|/|&lt;|&|;|\\PC|Update|data|user){0,40}") {
        let _ = Update::parse("/finesse/api/User/1", &payload);
        finewire_finesse::fuzz::answer(payload.as_bytes());
        finewire_finesse::fuzz::request(payload.as_bytes());
    }
}
