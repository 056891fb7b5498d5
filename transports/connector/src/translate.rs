//! Between the words of the decisions and those of Finesse's interfaces.

use finewire_core::agent::{AgentId, Text};
use finewire_core::connector::{
    About, Answer, Credentials, Delivery, DeliveryId, Fact, Question, ReasonCode, Refused,
    ReplyKind, ReplyTo, RequestId, SystemInfo, Update,
};
use finewire_core::machine::{Reason, Why};
use finewire_finesse as finesse;
use finewire_openwire::command::{Destination, DestinationKind, Message, Text as WireText};

/// The request that asks a question.
pub(crate) fn request(question: Question) -> finesse::Request {
    match question {
        Question::SystemInfo => finesse::Request::SystemInfo,
        Question::User(agent) => finesse::Request::User { agent },
        Question::Calls(agent) => finesse::Request::Dialogs { agent },
        Question::NotReadyReasons(agent) => finesse::Request::ReasonCodes {
            agent,
            category: finesse::ReasonCategory::NotReady,
        },
        Question::SignIn { agent, extension } => finesse::Request::SignIn {
            agent,
            extension,
            mobile: None,
        },
        Question::SignOut(agent) => finesse::Request::SignOut {
            agent,
            reason_id: None,
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
    }
}

/// Who asks.
pub(crate) fn credentials(credentials: Option<Credentials>) -> finesse::Credentials {
    match credentials {
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
    let is_removed = update.method == finesse::UpdateMethod::Delete;
    let request = update.request_id.as_ref();
    let fact = match update.data {
        _ if is_foreign => Fact::Other(format!("of {}", update.node).into()),
        finesse::UpdateData::User(user) if !is_removed => Fact::User(*user),
        finesse::UpdateData::Dialog(call) if is_removed => Fact::CallsRemoved(vec![*call]),
        finesse::UpdateData::Dialog(call) => Fact::Calls(vec![*call]),
        finesse::UpdateData::Dialogs(calls) if is_removed => Fact::CallsRemoved(calls),
        finesse::UpdateData::Dialogs(calls) => Fact::Calls(calls),
        finesse::UpdateData::Errors(errors) => Fact::Failed {
            about: about(&update.source),
            refused: refused(&errors),
        },
        finesse::UpdateData::SystemInfo(info) => Fact::System(system(&info)),
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
    let sentence = error.peripheral.as_ref().map(|known| known.text.clone());
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
