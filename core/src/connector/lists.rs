//! Lists that drivers ask for: reasons, queues, phone books, teams.

use alloc::vec::Vec;

use super::effect::{Effect, Question};
use super::entry::done;
use super::job::{Flow, Job};
use super::outbound::Context;
use super::refusal::Refusal;
use super::session::Session;
use super::signal::{Answer, List, ReasonCode};
use crate::contract::{Command, ErrorCode, Event, ReasonCategory};

impl Session {
    /// Begins a command that asks for a list.
    pub(super) fn begin_list(
        &mut self,
        cx: &mut Context<'_>,
        job: &mut Job,
        command: &Command,
    ) -> Flow {
        let agent = self.agent.clone();
        let question = match command {
            Command::WrapUpReasonCodes
            | Command::LogoutReasonCodes
            | Command::NotReadyReasonCodes => return self.look_up_reasons(cx, job),
            Command::GetQueueList => Question::Queues(agent),
            Command::GetPhonebooks | Command::GetPhonebookContacts { .. } => {
                Question::Phonebooks(agent)
            }
            Command::GetTeamPhonebooks { team } => Question::TeamPhonebooks(team.clone()),
            Command::GetTeamUsers { team, follow } => {
                if *follow && !self.members.follow(team) {
                    let text = "Too many teams are followed.";
                    return self.refuse(cx, job, Refusal::new(ErrorCode::GeneralError, text));
                }
                if *follow {
                    // Subscribed first, then read: nothing is missed in between.
                    let team = team.clone();
                    cx.out.effects.push_back(Effect::Follow { agent, team });
                }
                Question::Team(team.clone())
            }
            _ => {
                let text = "This command is not supported.";
                return self.refuse(cx, job, Refusal::new(ErrorCode::NotSupported, text));
            }
        };
        self.read(cx, job, question)
    }

    /// Answers a question about reasons.
    pub(super) fn tell_reasons(
        &mut self,
        cx: &mut Context<'_>,
        job: &Job,
        category: &ReasonCategory,
        reasons: &[ReasonCode],
    ) -> Flow {
        let reasons = reasons.iter();
        let reasons = reasons.map(|reason| (reason.code.clone(), reason.label.clone()));
        let event = Event::ReasonCodes {
            category: category.clone(),
            reasons: reasons.collect(),
        };
        self.tell(cx, event, job.correlation());
        done(cx)
    }

    /// Answers a question about a list.
    pub(super) fn tell_list(&mut self, cx: &mut Context<'_>, job: &Job, list: List) -> Flow {
        let event = match (&job.command, list) {
            (Command::GetTeamUsers { team, .. }, List::Members(users)) => {
                // The list itself tells the states.
                let _news = self.members.take_over(team, &users);
                Event::team_users(&users)
            }
            (Command::GetQueueList, List::Queues(queues)) => Event::QueueList(queues),
            (Command::GetPhonebooks, List::Phonebooks(books)) => {
                Event::Phonebooks(books.into_iter().map(|(book, _)| book).collect())
            }
            (Command::GetTeamPhonebooks { .. }, List::Phonebooks(books)) => {
                Event::TeamPhonebooks(books.into_iter().map(|(book, _)| book).collect())
            }
            (Command::GetPhonebookContacts { book }, List::Phonebooks(books)) => {
                let mut books = books.into_iter();
                let is_meant =
                    |known: &crate::contract::Phonebook| known.id == *book || known.name == *book;
                let contacts = books.find(|(known, _)| is_meant(known));
                Event::PhonebookContacts(contacts.map_or_else(Vec::new, |(_, contacts)| contacts))
            }
            (_, list) => return self.refuse_by(cx, job, Answer::List(list)),
        };
        self.tell(cx, event, job.correlation());
        done(cx)
    }
}
