//! Between the words of the decisions and those of Finesse's interfaces.

use finewire_core::agent::{AgentId, CallAction, Text};
use finewire_core::connector::{
    About, Answer, Credentials, Delivery, DeliveryId, Fact, List, Question, ReasonCode, Refused,
    ReplyKind, ReplyTo, RequestId, SystemInfo, Update,
};
use finewire_core::contract::{Contact, MobileMode, Phonebook, QueueStatistics, ReasonCategory};
use finewire_core::machine::{Reason, Why};
use finewire_finesse as finesse;
use finewire_openwire::command::{Destination, DestinationKind, Message, Text as WireText};

/// The request that asks a question.
pub(crate) fn request(question: Question) -> finesse::Request {
    match question {
        Question::SystemInfo => finesse::Request::SystemInfo,
        Question::User(agent) => finesse::Request::User { agent },
        Question::Calls(agent) => finesse::Request::Dialogs { agent },
        Question::Reasons(agent, ReasonCategory::WrapUp) => {
            finesse::Request::WrapUpReasons { agent }
        }
        Question::Reasons(agent, category) => finesse::Request::ReasonCodes {
            agent,
            category: match category {
                ReasonCategory::Logout => finesse::ReasonCategory::Logout,
                _ => finesse::ReasonCategory::NotReady,
            },
        },
        Question::Team(team) => finesse::Request::Team { team },
        Question::Queues(agent) => finesse::Request::Queues { agent },
        Question::Phonebooks(agent) => finesse::Request::PhoneBooks {
            agent,
            range: Some(finesse::ContactRange {
                first: 1,
                last: finesse::ContactRange::MOST,
            }),
        },
        Question::TeamPhonebooks(team) => finesse::Request::TeamPhoneBooks { team, range: None },
        Question::SignIn {
            agent,
            extension,
            mobile,
        } => finesse::Request::SignIn {
            agent,
            extension,
            mobile: mobile.map(|mobile| finesse::MobileAgent {
                mode: match mobile.mode {
                    MobileMode::CallByCall => finesse::MobileMode::CallByCall,
                    MobileMode::Nailed => finesse::MobileMode::NailedConnection,
                },
                dial_number: mobile.dial_number,
            }),
        },
        Question::SignOut { agent, reason } => finesse::Request::SignOut {
            agent,
            reason_id: reason,
        },
        Question::ChangeState {
            agent,
            state,
            reason,
        } => finesse::Request::ChangeState {
            agent,
            state,
            reason_id: reason,
        },
        Question::MakeCall { agent, from, to } => finesse::Request::MakeCall {
            agent,
            from,
            to,
            variables: Vec::new(),
        },
        Question::Act {
            dialog,
            action,
            extension,
        } => finesse::Request::act(dialog, action, extension),
        Question::ActTowards {
            dialog,
            action,
            extension,
            to,
        } => finesse::Request::Act {
            dialog,
            action,
            address: extension,
            to: Some(to),
            params: Vec::new(),
        },
        Question::SendDigits {
            dialog,
            extension,
            digits,
        } => finesse::Request::Act {
            dialog,
            action: CallAction::SendDtmf,
            address: extension,
            to: None,
            params: vec![("dtmfString".into(), digits)],
        },
        Question::UpdateData {
            dialog,
            wrap_up,
            variables,
        } => finesse::Request::UpdateCallData {
            dialog,
            wrap_up_reason: wrap_up,
            variables,
        },
        Question::Monitor { agent, from, to } => finesse::Request::SilentMonitor {
            agent,
            from,
            to: to.as_str().into(),
        },
        Question::BargeIn {
            agent,
            from,
            to,
            dialog,
        } => finesse::Request::Barge {
            agent,
            from,
            to: to.as_str().into(),
            dialog,
        },
    }
}

/// Who asks.
pub(crate) fn credentials(credentials: Option<Credentials>) -> finesse::Credentials {
    match credentials {
        Some(known) if known.is_token => finesse::Credentials::Bearer(known.password),
        Some(known) => finesse::Credentials::basic(known.agent.as_str(), known.password),
        None => finesse::Credentials::Anonymous,
    }
}

/// What an answer says.
pub(crate) fn answer(answer: Result<finesse::Answer, finesse::Error>) -> Answer {
    match answer {
        Ok(finesse::Answer::Accepted) => Answer::Accepted,
        Ok(finesse::Answer::SystemInfo(info)) => Answer::System(system(&info)),
        Ok(finesse::Answer::User(user)) => Answer::User(*user),
        Ok(finesse::Answer::Dialogs(calls)) => Answer::Calls(calls),
        Ok(finesse::Answer::ReasonCodes(codes)) => {
            Answer::Reasons(codes.into_iter().map(reason).collect())
        }
        Ok(finesse::Answer::WrapUpReasons(reasons)) => {
            Answer::Reasons(reasons.into_iter().map(wrap_up).collect())
        }
        Ok(finesse::Answer::Team(_, users)) => Answer::List(List::Members(users)),
        Ok(finesse::Answer::Queues(queues)) => {
            Answer::List(List::Queues(queues.iter().map(queue).collect()))
        }
        Ok(finesse::Answer::PhoneBooks { books, .. }) => {
            Answer::List(List::Phonebooks(books.into_iter().map(phonebook).collect()))
        }
        Ok(
            finesse::Answer::Refused(errors)
            | finesse::Answer::Unauthorized(errors)
            | finesse::Answer::Unavailable(errors),
        ) => Answer::Refused(refused(&errors)),
        Ok(finesse::Answer::Moved(target)) => Answer::None {
            reason: Reason::Remote,
            text: format!("Finesse has moved to {target:.200}").into(),
        },
        Ok(_) => Answer::None {
            reason: Reason::Remote,
            text: "Finesse answered something else than was asked".into(),
        },
        Err(error) => Answer::None {
            reason: Reason::Remote,
            text: error.to_string().into(),
        },
    }
}

/// That there is no answer.
pub(crate) fn no_answer(why: &Why) -> Answer {
    Answer::None {
        reason: why.reason,
        text: why.text.as_ref().into(),
    }
}

/// What a notification says to the agent on whose link it came.
pub(crate) fn update(
    agent: &AgentId,
    item: Option<String>,
    update: Result<finesse::Update, finesse::Error>,
) -> Update {
    let item = item.map(Text::from);
    let update = match update {
        Ok(update) => update,
        Err(error) => {
            let fact = Fact::Other(format!("cannot be read: {error}").into());
            return Update {
                item,
                request: None,
                fact,
            };
        }
    };
    let is_foreign = update.node.agent().is_some_and(|owner| owner != agent);
    let team = match &update.node {
        finesse::Resource::TeamUsers(team) => Some(team.clone()),
        _ => None,
    };
    let is_removed = update.method == finesse::UpdateMethod::Delete;
    let request = update.request_id.as_ref();
    let fact = match (update.data, team) {
        _ if is_foreign => Fact::Other(format!("of {}", update.node).into()),
        (finesse::UpdateData::User(user), Some(team)) if is_removed => {
            Fact::MemberLeft(team, user.id)
        }
        (finesse::UpdateData::User(user), Some(team)) => Fact::Members(team, vec![*user]),
        // A team without members is one of whom the update does not speak.
        (finesse::UpdateData::Team(_, users), Some(team)) if !is_removed && !users.is_empty() => {
            Fact::Team(team, users)
        }
        (finesse::UpdateData::User(user), None) if !is_removed => Fact::User(*user),
        (finesse::UpdateData::Dialog(call), _) if is_removed => Fact::CallsRemoved(vec![*call]),
        (finesse::UpdateData::Dialog(call), _) => Fact::Calls(vec![*call]),
        (finesse::UpdateData::Dialogs(calls), _) if is_removed => Fact::CallsRemoved(calls),
        (finesse::UpdateData::Dialogs(calls), _) => Fact::Calls(calls),
        (finesse::UpdateData::Errors(errors), _) => Fact::Failed {
            about: about(&update.source),
            refused: refused(&errors),
        },
        (finesse::UpdateData::SystemInfo(info), _) => Fact::System(system(&info)),
        _ => Fact::Other(format!("{} of {}", update.method, update.source).into()),
    };
    Update {
        item,
        request: request.and_then(|id| RequestId::parse(id.as_str())),
        fact,
    }
}

fn about(source: &finesse::Resource) -> About {
    match source {
        finesse::Resource::User(_) => About::User,
        finesse::Resource::Dialogs(_) => About::Calls,
        finesse::Resource::Dialog(dialog) => About::Call(dialog.clone()),
        _ => About::Other,
    }
}

fn refused(errors: &finesse::ApiErrors) -> Refused {
    let status = errors.status.unwrap_or(0);
    let Some(error) = errors.first() else {
        return Refused {
            status,
            ..Refused::default()
        };
    };
    let sentence = error.sentence().map(Text::from);
    Refused {
        status,
        kind: error.error_type.clone(),
        message: error.message.clone(),
        data: error.data.clone(),
        sentence: sentence.unwrap_or_default(),
    }
}

fn system(info: &finesse::SystemInfo) -> SystemInfo {
    let why = match info.status_reason.is_empty() {
        true => info.status.as_wire().into(),
        false => info.status_reason.clone(),
    };
    SystemInfo {
        in_service: info.is_in_service(),
        why,
        xmpp_domain: info.xmpp_domain.clone().unwrap_or_default(),
        pubsub_domain: info.xmpp_pubsub_domain.clone().unwrap_or_default(),
        platform: info.platform,
    }
}

fn reason(code: finesse::ReasonCode) -> ReasonCode {
    ReasonCode {
        id: code.id,
        code: code.code,
        label: code.label,
    }
}

/// Wrap-up reasons have no code of their own: people know them by the label, requests by the label.
fn wrap_up(reason: finesse::WrapUpReason) -> ReasonCode {
    ReasonCode {
        code: reason.id.clone(),
        id: reason.id,
        label: reason.label,
    }
}

fn queue(queue: &finesse::Queue) -> QueueStatistics {
    let number = |name| {
        let known = queue.statistic(name)?;
        u32::try_from(known).ok()
    };
    let mut statistics = queue.statistics.iter();
    let since = statistics.find(|(name, _)| name == "startTimeOfLongestCallInQueue");
    QueueStatistics {
        name: queue.name.clone(),
        agents_not_ready: number("agentsNotReady"),
        agents_ready: number("agentsReady"),
        talking_inbound: number("agentsTalkingInbound"),
        talking_internal: number("agentsTalkingInternal"),
        talking_outbound: number("agentsTalkingOutbound"),
        wrap_up_not_ready: number("agentsWrapUpNotReady"),
        wrap_up_ready: number("agentsWrapUpReady"),
        calls_in_queue: number("callsInQueue"),
        longest_call_since: since.and_then(|(_, at)| finesse::time::parse(at.as_str())),
    }
}

fn phonebook(book: finesse::PhoneBook) -> (Phonebook, Vec<Contact>) {
    let contact = |contact: finesse::Contact| Contact {
        description: contact.description,
        first_name: contact.first_name,
        last_name: contact.last_name,
        phone_number: contact.phone_number,
        id: contact.id,
    };
    let contacts = book.contacts.into_iter().map(contact).collect();
    // Seen: books without a uri; then their name is all that tells them apart.
    let id = match book.id.is_empty() {
        true => book.name.clone(),
        false => book.id,
    };
    let book = Phonebook {
        name: book.name,
        scope: book.kind,
        id,
    };
    (book, contacts)
}

/// A message of the command queue. One that is no text has no body: it is no command either.
pub(crate) fn delivery(id: DeliveryId, message: &Message) -> Delivery {
    let text = |text: &WireText| Text::from(text.to_str().as_ref());
    let body = message.body().ok();
    Delivery {
        id,
        jms_type: message.jms_type.as_ref().map(text),
        body: body.as_ref().and_then(|body| body.as_text()).map(text),
        reply_to: message.reply_to.as_ref().map(reply_to),
        correlation: message.correlation_id.as_ref().map(text),
    }
}

fn reply_to(destination: &Destination) -> ReplyTo {
    let kind = match destination.kind {
        DestinationKind::Queue => ReplyKind::Queue,
        DestinationKind::Topic => ReplyKind::Topic,
        DestinationKind::TempQueue => ReplyKind::TemporaryQueue,
        DestinationKind::TempTopic => ReplyKind::TemporaryTopic,
    };
    ReplyTo {
        kind,
        name: destination.name().as_ref().into(),
    }
}

/// Where an answer goes.
pub(crate) fn destination(reply_to: &ReplyTo) -> Destination {
    let kind = match reply_to.kind {
        ReplyKind::Queue => DestinationKind::Queue,
        ReplyKind::Topic => DestinationKind::Topic,
        ReplyKind::TemporaryQueue => DestinationKind::TempQueue,
        ReplyKind::TemporaryTopic => DestinationKind::TempTopic,
    };
    Destination::new(kind, reply_to.name.as_str())
}

#[cfg(test)]
mod tests {
    use super::*;

    const NODE: &str = "/finesse/api/User/1001/Dialogs";

    fn fact(node: &str, payload: &str) -> Fact {
        let read = finesse::Update::parse(node, payload);
        update(&"1001".into(), Some("item".into()), read).fact
    }

    fn wrapped(event: &str, source: &str, data: &str) -> String {
        format!(
            "<Update><data>{data}</data><event>{event}</event><requestId>fw-00000001000000ff\
             </requestId><source>{source}</source></Update>"
        )
    }

    const CALL: &str = "<Dialog><id>7</id><state>ACTIVE</state></Dialog>";

    #[test]
    fn calls_are_added_changed_or_removed_as_the_event_says() {
        let list = format!("<dialogs>{CALL}</dialogs>");
        let is_removal =
            |fact: &Fact| matches!(fact, Fact::CallsRemoved(calls) if calls.len() == 1);
        let is_change = |fact: &Fact| matches!(fact, Fact::Calls(calls) if calls.len() == 1);

        assert!(is_change(&fact(NODE, &wrapped("POST", NODE, &list))));
        assert!(is_change(&fact(
            NODE,
            &wrapped("put", "/finesse/api/Dialog/7", CALL)
        )));
        assert!(is_removal(&fact(NODE, &wrapped("DELETE", NODE, &list))));
    }

    #[test]
    fn a_teams_node_tells_of_members_of_the_whole_team_and_of_who_left() {
        let node = "/finesse/api/Team/5/Users";
        let one = "<user><loginId>1002</loginId><state>READY</state></user>";
        let team = |users: &str| format!("<team><id>5</id><users>{users}</users></team>");
        let user = "/finesse/api/User/1002";
        let source = "/finesse/api/Team/5";

        let told = fact(node, &wrapped("PUT", user, one));
        assert!(matches!(told, Fact::Members(ref id, ref users) if *id == "5" && users.len() == 1));
        let told = fact(node, &wrapped("DELETE", user, one));
        assert_eq!(told, Fact::MemberLeft("5".into(), "1002".into()));
        let told = fact(node, &wrapped("PUT", source, &team(one)));
        assert!(matches!(told, Fact::Team(ref id, ref users) if *id == "5" && users.len() == 1));
        // Not that nobody is in it: the update speaks of something else.
        let told = fact(node, &wrapped("PUT", source, &team("")));
        assert!(matches!(told, Fact::Other(_)), "{told:?}");
    }

    #[test]
    fn an_error_is_about_its_source() {
        let errors = "<apiErrors><apiError><errorData>34</errorData><errorMessage>CF_X\
                      </errorMessage><errorType>Call Operation Failure</errorType>\
                      </apiError></apiErrors>";
        let sources = [
            ("/finesse/api/User/1001", About::User),
            (NODE, About::Calls),
            ("/finesse/api/Dialog/7", About::Call("7".into())),
            ("/finesse/api/Team/1", About::Other),
        ];
        for (source, wanted) in sources {
            let Fact::Failed { about, refused } = fact(NODE, &wrapped("put", source, errors))
            else {
                panic!("no failure: {source}");
            };
            assert_eq!(about, wanted);
            assert_eq!(refused.message, "CF_X");
            assert_eq!(refused.status, 0);
        }
    }

    #[test]
    fn what_is_another_agents_or_cannot_be_read_changes_nothing() {
        let foreign = "/finesse/api/User/1002/Dialogs";
        assert!(matches!(
            fact(foreign, &wrapped("PUT", foreign, CALL)),
            Fact::Other(_)
        ));
        assert!(matches!(fact(NODE, "<Update><data>"), Fact::Other(_)));
        assert!(matches!(
            fact(NODE, &wrapped("PUT", NODE, "<toast/>")),
            Fact::Other(_)
        ));
    }

    #[test]
    fn our_request_ids_come_back_and_others_do_not() {
        let user = "<user><loginId>1001</loginId><state>READY</state></user>";
        let node = "/finesse/api/User/1001";
        let parse = |payload: &str| {
            update(&"1001".into(), None, finesse::Update::parse(node, payload)).request
        };
        let ours = wrapped("PUT", node, user);
        assert_eq!(parse(&ours), Some(RequestId(0x0000_0001_0000_00ff)));
        assert_eq!(parse(&ours.replace("fw-0", "xx-0")), None);
    }

    #[test]
    fn an_answer_that_is_none_says_why() {
        let moved = answer(Ok(finesse::Answer::Moved("https://other:8445/".into())));
        let failed = answer(Err(finesse::Error::RemoteStatus(299)));
        for (answer, word) in [(moved, "moved"), (failed, "299")] {
            let Answer::None { reason, text } = answer else {
                panic!("an answer")
            };
            assert_eq!(reason, Reason::Remote);
            assert!(text.as_str().contains(word), "{text}");
        }
    }

    #[test]
    fn every_kind_of_reply_address_survives_both_ways() {
        for kind in [
            DestinationKind::Queue,
            DestinationKind::Topic,
            DestinationKind::TempQueue,
            DestinationKind::TempTopic,
        ] {
            let there = Destination::new(kind, "ID:crm-1:1:2");
            assert_eq!(destination(&reply_to(&there)), there);
        }
    }

    #[test]
    fn a_message_that_is_no_text_has_no_body() {
        let bytes = Message {
            jms_type: Some("Login#1001".into()),
            ..Message::default()
        };
        let delivery = delivery(DeliveryId(1), &bytes);
        assert_eq!(delivery.body, None);
        assert_eq!(delivery.jms_type, Some("Login#1001".into()));
    }
}
