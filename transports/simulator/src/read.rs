//! Reads: what is shown to whom.

use finewire_core::agent::{AgentId, TeamId};
use finewire_finesse::{Answer, ContactRange, PhoneBook, Rejection, Request};

use crate::rest::{Desk, Refused, no_right, not_found, not_found_dialog, not_found_user};

/// Contacts in an answer to a request without a range. Seen.
const USUAL_CONTACTS: u32 = 1500;

impl Desk<'_> {
    pub(crate) fn read(&self, asking: &AgentId, request: &Request) -> Result<Answer, Refused> {
        Ok(match request {
            Request::User { agent } => {
                let id = self.own_or_supervised(asking, agent)?;
                let user = self.world.user(&id).ok_or_else(|| not_found_user(agent))?;
                Answer::User(Box::new(user))
            }
            Request::Users => {
                if !self.config.administrators.contains(asking) {
                    return Err(no_right());
                }
                Answer::Users(self.world.users())
            }
            Request::Dialogs { agent } => {
                Answer::Dialogs(self.world.dialogs(&self.own_or_supervised(asking, agent)?))
            }
            Request::Dialog { dialog } => {
                let found = self.world.dialog(dialog).ok_or_else(not_found_dialog)?;
                let supervises = || !self.is_plain_agent(asking);
                if !self.world.takes_part(asking, dialog) && !supervises() {
                    return Err(no_right());
                }
                Answer::Dialog(Box::new(found))
            }
            Request::Team { team } => {
                let (found, users) = self
                    .world
                    .team(team.as_str())
                    .ok_or_else(|| not_found("TeamId Not Found"))?;
                if !self.world.supervises_team(asking, team.as_str()) {
                    return Err(no_right());
                }
                Answer::Team(found, users)
            }
            Request::ReasonCode { agent, reason } => {
                self.own_or_supervised(asking, agent)?;
                let mut codes = self.config.reason_codes.iter();
                let found = codes.find(|code| code.id == *reason);
                Answer::ReasonCode(found.cloned().ok_or_else(|| not_found("Not Found"))?)
            }
            Request::WrapUpReason { agent, reason } => {
                self.own_or_supervised(asking, agent)?;
                let mut reasons = self.config.wrap_up_reasons.iter();
                let found = reasons.find(|known| known.id == *reason);
                Answer::WrapUpReason(found.cloned().ok_or_else(|| not_found("Not Found"))?)
            }
            Request::TeamMessages { team } => {
                self.member_of(asking, team)?;
                Answer::TeamMessages(self.messages.of(team))
            }
            Request::ReasonCodes { agent, category } => {
                self.own_or_supervised(asking, agent)?;
                Answer::ReasonCodes(self.world.reason_codes(*category))
            }
            Request::TeamReasonCodes { team, category } => {
                self.member_of(asking, team)?;
                Answer::ReasonCodes(self.world.reason_codes(*category))
            }
            Request::WrapUpReasons { agent } => {
                self.own_or_supervised(asking, agent)?;
                Answer::WrapUpReasons(self.config.wrap_up_reasons.clone())
            }
            Request::TeamWrapUpReasons { team } => {
                self.member_of(asking, team)?;
                Answer::WrapUpReasons(self.config.wrap_up_reasons.clone())
            }
            Request::PhoneBooks { agent, range } => {
                let id = self.own_or_supervised(asking, agent)?;
                let user = self.world.user(&id).ok_or_else(|| not_found_user(agent))?;
                self.phone_books(user.team.map(|team| team.id).as_ref(), *range)?
            }
            Request::TeamPhoneBooks { team, range } => {
                self.member_of(asking, team)?;
                self.phone_books(Some(team), *range)?
            }
            Request::Queues { agent } => Answer::Queues(
                self.world
                    .queues_of(&self.own_or_supervised(asking, agent)?),
            ),
            Request::Queue { queue } => Answer::Queue(
                self.world
                    .queue(queue.as_str())
                    .ok_or_else(|| not_found("Not Found"))?,
            ),
            _ => Answer::SystemInfo(Box::new(self.system.clone())),
        })
    }

    /// Whether a team's resources are for this agent: a member or a supervisor of it.
    fn member_of(&self, asking: &AgentId, team: &TeamId) -> Result<(), Refused> {
        if self.world.team(team.as_str()).is_none() {
            return Err(not_found("TeamId Not Found"));
        }
        let own = self.world.user(asking).and_then(|user| user.team);
        let is_member = own.is_some_and(|own| own.id == *team);
        if is_member || self.world.supervises_team(asking, team.as_str()) {
            return Ok(());
        }
        Err(no_right())
    }

    /// The books that are for everybody and those of the team. A range counts the contacts of
    /// all of them, one after the other; books without any contact in it are left out of a part.
    fn phone_books(
        &self,
        team: Option<&TeamId>,
        range: Option<ContactRange>,
    ) -> Result<Answer, Refused> {
        let books = self.config.phone_books.iter();
        let books = books.filter(|(of, _)| of.is_none() || of.as_ref() == team);
        let books: Vec<&PhoneBook> = books.map(|(_, book)| book).collect();
        let asked = range.unwrap_or(ContactRange {
            first: 1,
            last: USUAL_CONTACTS,
        });
        let most = asked.first.saturating_add(ContactRange::MOST - 1);
        let last = asked.last.min(most);
        let (mut number, mut shown, mut part) = (0_u32, 0_u32, Vec::new());
        for book in books {
            let mut cut = PhoneBook {
                contacts: Vec::new(),
                ..book.clone()
            };
            for contact in &book.contacts {
                number = number.saturating_add(1);
                if (asked.first..=last).contains(&number) {
                    cut.contacts.push(contact.clone());
                    shown += 1;
                }
            }
            if range.is_none() || !cut.contacts.is_empty() {
                part.push(cut);
            }
        }
        if range.is_some() && shown == 0 {
            return Err(Rejection::NotSatisfiable.into());
        }
        Ok(Answer::PhoneBooks {
            books: part,
            is_partial: shown < number,
        })
    }
}
