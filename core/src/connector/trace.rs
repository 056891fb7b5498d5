//! What traces say of commands, questions, answers and notifications: never a password.

use alloc::format;
use alloc::string::{String, ToString};

use super::effect::Question;
use super::refusal::Refusal;
use super::signal::{Answer, Fact};
use crate::agent::{Dialog, User};
use crate::contract::{Command, CommandMessage};

/// A command: its name and its parameters without the password.
pub(super) fn command(message: &CommandMessage) -> (String, String) {
    let subject = format!("{:?}#{}", message.command.verb(), message.subject);
    let detail = match &message.command {
        Command::Connect {
            destination,
            password,
            sso,
        } => {
            let with = if password.is_some() {
                "password"
            } else {
                "no password"
            };
            format!("{destination}, {with}{}", if *sso { ", SSO" } else { "" })
        }
        Command::Login { extension, .. } | Command::MobileAgentLogin { extension, .. } => {
            format!("password, extension {extension}")
        }
        Command::MakeNotReadyWithReason { code } | Command::LogoutWithReason { code } => {
            code.to_string()
        }
        Command::MakeCall { number } => number.to_string(),
        Command::AnswerCall { dialog }
        | Command::HoldCall { dialog }
        | Command::RetrieveCall { dialog }
        | Command::ReleaseCall { dialog }
        | Command::GetDialogState { dialog } => dialog.to_string(),
        _ => String::new(),
    };
    (subject, detail)
}

/// A question: request line and what it carries.
pub(super) fn question(question: &Question) -> (String, String) {
    match question {
        Question::SystemInfo => ("GET SystemInfo".into(), String::new()),
        Question::User(agent) => (format!("GET User/{agent}"), String::new()),
        Question::Calls(agent) => (format!("GET User/{agent}/Dialogs"), String::new()),
        Question::NotReadyReasons(agent) => (
            format!("GET User/{agent}/ReasonCodes"),
            "category NOT_READY".into(),
        ),
        Question::SignIn { agent, extension } => (
            format!("PUT User/{agent}"),
            format!("LOGIN, extension {extension}"),
        ),
        Question::SignOut(agent) => (format!("PUT User/{agent}"), "LOGOUT".into()),
        Question::ChangeState {
            agent,
            state,
            reason,
        } => {
            let reason = reason
                .as_ref()
                .map(|id| format!(", reason id {id}"))
                .unwrap_or_default();
            (format!("PUT User/{agent}"), format!("{state}{reason}"))
        }
        Question::MakeCall { agent, from, to } => (
            format!("POST User/{agent}/Dialogs"),
            format!("MAKE_CALL from {from} to {to}"),
        ),
        Question::Act {
            dialog,
            action,
            extension,
        } => (
            format!("PUT Dialog/{dialog}"),
            format!("{action} on {extension}"),
        ),
    }
}

/// An answer.
pub(super) fn answer(answer: &Answer) -> (String, String) {
    match answer {
        Answer::Accepted => ("202 Accepted".into(), String::new()),
        Answer::System(info) => {
            let status = if info.in_service {
                "IN_SERVICE"
            } else {
                "OUT_OF_SERVICE"
            };
            (
                "200 SystemInfo".into(),
                format!("{status}, domain {}", info.xmpp_domain),
            )
        }
        Answer::User(user) => ("200 User".into(), about_user(user)),
        Answer::Calls(calls) => ("200 Dialogs".into(), about_calls(calls)),
        Answer::Reasons(reasons) => ("200 ReasonCodes".into(), format!("{} codes", reasons.len())),
        Answer::Refused(refused) => (
            format!("{} refused", refused.status),
            Refusal::of(refused).cause.to_string(),
        ),
        Answer::None { text, .. } => ("no answer".into(), text.to_string()),
    }
}

/// A notification.
pub(super) fn fact(fact: &Fact) -> (String, String) {
    match fact {
        Fact::User(user) => ("User changed".into(), about_user(user)),
        Fact::Calls(calls) => ("Dialog changed".into(), about_calls(calls)),
        Fact::CallsRemoved(calls) => ("Dialog removed".into(), about_calls(calls)),
        Fact::Failed { about, refused } => (
            format!("request failed, {about:?}"),
            Refusal::of(refused).cause.to_string(),
        ),
        Fact::System(info) => {
            let status = if info.in_service {
                "IN_SERVICE"
            } else {
                "OUT_OF_SERVICE"
            };
            ("SystemInfo changed".into(), status.into())
        }
        Fact::Other(text) => ("notification".into(), text.to_string()),
    }
}

fn about_user(user: &User) -> String {
    let extension = user
        .extension
        .as_ref()
        .map(|line| format!(", extension {line}"));
    format!(
        "{} {}{}",
        user.id,
        user.state,
        extension.unwrap_or_default()
    )
}

fn about_calls(calls: &[Dialog]) -> String {
    let mut text = String::new();
    for call in calls.iter().take(8) {
        if !text.is_empty() {
            text.push_str("; ");
        }
        text.push_str(&format!(
            "{} {} {}→{}",
            call.id, call.state, call.from, call.to
        ));
    }
    text
}
