//! What traces say of commands, questions, answers and notifications: never a password.

use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec::Vec;

use super::effect::Question;
use super::refusal::Refusal;
use super::signal::{Answer, Fact, List};
use crate::agent::{Dialog, User};
use crate::contract::{Command, CommandMessage, ReasonCategory};

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
        Command::GetTeamUsers { team, .. } | Command::GetTeamPhonebooks { team } => {
            team.to_string()
        }
        Command::GetPhonebookContacts { book } => book.to_string(),
        Command::SilentMonitor { extension } => extension.to_string(),
        Command::TransferSst { number, dialog } | Command::ConsultCall { number, dialog } => {
            format!("{number}, {dialog}")
        }
        Command::TransferCall { extension, dialog }
        | Command::ConferenceCall { extension, dialog }
        | Command::BargeIn { extension, dialog }
        | Command::DropParticipant { extension, dialog } => format!("{extension}, {dialog}"),
        command => command
            .dialog()
            .map(ToString::to_string)
            .unwrap_or_default(),
    };
    (subject, detail)
}

/// A question: request line and what it carries.
pub(super) fn question(question: &Question) -> (String, String) {
    match question {
        Question::SystemInfo => ("GET SystemInfo".into(), String::new()),
        Question::User(agent) => (format!("GET User/{agent}"), String::new()),
        Question::Calls(agent) => (format!("GET User/{agent}/Dialogs"), String::new()),
        Question::Reasons(agent, ReasonCategory::WrapUp) => {
            (format!("GET User/{agent}/WrapUpReasons"), String::new())
        }
        Question::Reasons(agent, category) => (
            format!("GET User/{agent}/ReasonCodes"),
            format!("category {category}"),
        ),
        Question::Team(team) => (format!("GET Team/{team}"), String::new()),
        Question::Queues(agent) => (format!("GET User/{agent}/Queues"), String::new()),
        Question::Phonebooks(agent) => (format!("GET User/{agent}/PhoneBooks"), String::new()),
        Question::TeamPhonebooks(team) => {
            (format!("GET TeamResource/{team}/PhoneBooks"), String::new())
        }
        Question::SignIn {
            agent,
            extension,
            mobile,
        } => {
            let mobile = mobile.as_ref();
            let mobile = mobile.map(|mobile| format!(", mobile on {}", mobile.dial_number));
            (
                format!("PUT User/{agent}"),
                format!("LOGIN, extension {extension}{}", mobile.unwrap_or_default()),
            )
        }
        Question::SignOut { agent, reason } => {
            let reason = reason.as_ref();
            let reason = reason.map(|id| format!(", reason id {id}"));
            (
                format!("PUT User/{agent}"),
                format!("LOGOUT{}", reason.unwrap_or_default()),
            )
        }
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
        Question::ActTowards {
            dialog,
            action,
            extension,
            to,
        } => (
            format!("PUT Dialog/{dialog}"),
            format!("{action} on {extension} to {to}"),
        ),
        // Digits may be a customer's PIN.
        Question::SendDigits {
            dialog, extension, ..
        } => (
            format!("PUT Dialog/{dialog}"),
            format!("SEND_DTMF on {extension}"),
        ),
        Question::UpdateData {
            dialog,
            wrap_up,
            variables,
        } => {
            let what = match wrap_up {
                Some(label) => format!("wrap-up {label}"),
                None => format!("{} variables", variables.len()),
            };
            (
                format!("PUT Dialog/{dialog}"),
                format!("UPDATE_CALL_DATA, {what}"),
            )
        }
        Question::Monitor { agent, from, to } => (
            format!("POST User/{agent}/Dialogs"),
            format!("SILENT_MONITOR from {from} to {to}"),
        ),
        Question::BargeIn {
            agent,
            from,
            to,
            dialog,
        } => (
            format!("POST User/{agent}/Dialogs"),
            format!("BARGE_CALL from {from} to {to}, {dialog}"),
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
        Answer::List(List::Members(users)) => {
            ("200 Team".into(), format!("{} members", users.len()))
        }
        Answer::List(List::Queues(queues)) => {
            ("200 Queues".into(), format!("{} queues", queues.len()))
        }
        Answer::List(List::Phonebooks(books)) => {
            ("200 PhoneBooks".into(), format!("{} books", books.len()))
        }
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
        Fact::Members(_, users) | Fact::Team(_, users) => {
            let about: Vec<String> = users.iter().take(8).map(about_user).collect();
            ("team changed".into(), about.join("; "))
        }
        Fact::MemberLeft(team, agent) => ("team changed".into(), format!("{agent} left {team}")),
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
