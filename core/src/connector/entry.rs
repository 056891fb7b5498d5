//! How an agent gets in: Connect and Login, from the password to the first events.

use alloc::format;

use super::Answer;
use super::Counters;
use super::effect::{Addressee, Effect, Mobile, Note, Question, Subscribe};
use super::job::{Flow, Goal, Job, Step};
use super::outbound::Context;
use super::reading::Resync;
use super::reads::Age;
use super::refusal::{Refusal, is_out_of_service, is_wrong_password};
use super::service::Readiness;
use super::session::Session;
use super::signal::NodeId;
use super::status::Subscription;
use crate::agent::{AgentModel, DialogId, Extension};
use crate::contract::{AgentInfo, Command, Destination, ErrorCode, Event, SystemStatus};
use crate::machine::Party;
use crate::password::Secret;

impl Session {
    /// Begins a `Connect` or `Login`.
    pub(super) fn begin_entry(&mut self, cx: &mut Context<'_>, job: &mut Job) -> Flow {
        let field = match &job.command {
            Command::Connect {
                destination,
                password,
                ..
            } => {
                let destination = destination.clone();
                if self.bound.is_none() {
                    self.candidate = Some(destination.clone());
                    self.claim(&destination);
                }
                match password {
                    Some(password) => password.clone(),
                    None => return self.connect_without_password(cx, job, &destination),
                }
            }
            Command::Login { password, .. } | Command::MobileAgentLogin { password, .. } => {
                if self.destination().is_none() {
                    return self.refuse(cx, job, not_connected());
                }
                password.clone()
            }
            _ => return self.refuse(cx, job, not_connected()),
        };
        if self.attempts.are_spent(cx.now, cx.config) {
            Counters::add(&mut cx.out.counters.refused_unread);
            return self.refuse_password(cx, job, "too many wrong passwords, refused unread");
        }
        let password = match cx.config.password.decode(&field) {
            Ok(password) => password,
            Err(undecodable) => {
                self.strike(cx);
                let cause = format!("undecodable: {}", undecodable.cause());
                return self.refuse_password(cx, job, &cause);
            }
        };
        if self.attempts.is_refused(&password, cx.now) {
            return self.refuse_password(cx, job, "Finesse refused the same password just before");
        }
        job.password = Some(password);
        self.try_entry(cx, job)
    }

    /// Goes on with a `Connect` or `Login` whose password could be read.
    pub(super) fn try_entry(&mut self, cx: &mut Context<'_>, job: &mut Job) -> Flow {
        let is_held = job.password.is_some() && job.password == self.held;
        let moves_only = matches!(job.command, Command::Connect { .. });
        if moves_only && is_held && self.subscription != Subscription::None {
            return self.enter(cx, job);
        }
        match cx.services.readiness() {
            Readiness::Unknown => Flow::To(Step::Waiting),
            Readiness::OutOfService => {
                let refusal = out_of_service(cx);
                self.refuse_entry(cx, job, refusal)
            }
            Readiness::InService => self.enter(cx, job),
        }
    }

    /// Whether the command's password is a bearer token: `Connect` says so of its own, and of that
    /// of the `Login` which follows.
    fn uses_token(&self, job: &Job) -> bool {
        match job.command {
            Command::Connect { sso, .. } => sso,
            _ => self.is_token,
        }
    }

    /// A destination without a password can wait for the login, but take nothing from another.
    fn connect_without_password(
        &mut self,
        cx: &mut Context<'_>,
        job: &Job,
        destination: &Destination,
    ) -> Flow {
        match &self.bound {
            Some(bound) if bound != destination => {
                let text = "The agent is connected elsewhere; its password is needed to move it.";
                self.refuse(cx, job, Refusal::new(ErrorCode::SubscriptionFailed, text))
            }
            _ => {
                if self.held.is_none() {
                    self.is_token = self.uses_token(job);
                }
                self.connected(cx, job)
            }
        }
    }

    /// Somebody wants the agent's events and has not proven anything: the login will.
    fn claim(&mut self, destination: &Destination) {
        if !self.claims.contains(destination) {
            self.claims.truncate(CLAIMS - 1);
            self.claims.push(destination.clone());
        }
    }

    /// A login has proven the password, but a login does not say where its events are to go: that
    /// is settled only if a single destination asked for them.
    fn bind_claimed(&mut self, cx: &mut Context<'_>, job: &Job) -> Option<Flow> {
        if self.bound.is_some() {
            return None;
        }
        let mut claims = core::mem::take(&mut self.claims);
        let Some(claimed) = claims.pop() else {
            return Some(self.refuse(cx, job, not_connected()));
        };
        if claims.is_empty() {
            self.bind(cx, claimed);
            return None;
        }
        let text = "Several drivers claim the agent; connect it with its password.";
        for other in claims
            .into_iter()
            .filter(|other| self.candidate.as_ref() != Some(other))
        {
            let event = Event::error(ErrorCode::SubscriptionFailed, text);
            cx.publish(Addressee::Driver(other), self.agent.clone(), event, None);
        }
        self.candidate = Some(claimed);
        Some(self.refuse(cx, job, Refusal::new(ErrorCode::SubscriptionFailed, text)))
    }

    /// The next step towards a proven password and flowing notifications.
    pub(super) fn enter(&mut self, cx: &mut Context<'_>, job: &mut Job) -> Flow {
        let Some(password) = job.password.clone() else {
            return self.refuse(cx, job, not_connected());
        };
        if self.held.as_ref() != Some(&password) {
            let Some(node) = self.usable_node(cx) else {
                let refusal = out_of_service(cx);
                return self.refuse_entry(cx, job, refusal);
            };
            // Notifications stay where they are until it is this agent's turn to move.
            if self.subscription == Subscription::None {
                self.node = node;
            }
            let question = Question::User(self.agent.clone());
            let credentials = (&password, self.uses_token(job));
            let request = self.request(cx, node, credentials, question);
            return Flow::To(Step::Proving { request });
        }
        let is_move = matches!(job.command, Command::Connect { .. }) && self.bound.is_some();
        match self.subscription {
            Subscription::Up => self.entered(cx, job),
            Subscription::Down if is_move => self.entered(cx, job),
            Subscription::None => {
                self.subscribe(cx, &password);
                Flow::To(Step::Subscribing)
            }
            Subscription::Opening | Subscription::Down => Flow::To(Step::Subscribing),
        }
    }

    /// The read that proves a password was answered.
    pub(super) fn on_proved(
        &mut self,
        cx: &mut Context<'_>,
        job: &mut Job,
        answer: Answer,
        age: Age,
    ) -> Flow {
        let Some(password) = job.password.clone() else {
            return self.refuse(cx, job, not_connected());
        };
        match answer {
            Answer::User(user) if user.id != self.agent => {
                // On UCCE a login name finds the user too, but notifications go by the login id.
                self.attempts.clear();
                let text = alloc::format!("The login id of this user is {:.64}.", user.id);
                self.refuse(cx, job, Refusal::new(ErrorCode::UserNotFound, &text))
            }
            Answer::User(user) => {
                self.attempts.clear();
                let platform = cx
                    .services
                    .platform(self.node)
                    .unwrap_or(self.model.platform());
                if platform != self.model.platform() && !self.is_live {
                    self.model = AgentModel::new(self.agent.clone(), platform);
                }
                if age == Age::Current {
                    let changes = self.model.replace_user(user);
                    self.tell_changes(cx, &changes, None, None);
                }
                self.is_token = self.uses_token(job);
                self.held = Some(password.clone());
                if self.subscription != Subscription::None {
                    self.renew_subscription(cx, &password);
                }
                self.enter(cx, job)
            }
            Answer::Refused(refused) if is_wrong_password(&refused) => {
                self.count_refused(cx, password);
                let cause = Refusal::of(&refused).cause;
                self.refuse_password(cx, job, cause.as_str())
            }
            Answer::Refused(refused) => self.refuse_entry(cx, job, Refusal::of(&refused)),
            Answer::None { reason, text } => {
                self.refuse_entry(cx, job, Refusal::of_silence(reason, &text))
            }
            Answer::Accepted
            | Answer::System(_)
            | Answer::Calls(_)
            | Answer::Reasons(_)
            | Answer::List(_) => self.refuse_entry(
                cx,
                job,
                Refusal::new(
                    ErrorCode::GeneralError,
                    "Finesse's answer cannot be understood.",
                ),
            ),
        }
    }

    /// The password is proven and notifications flow.
    fn entered(&mut self, cx: &mut Context<'_>, job: &mut Job) -> Flow {
        match &job.command {
            Command::Connect { destination, .. } => {
                let destination = destination.clone();
                self.bind(cx, destination);
                self.connected(cx, job)
            }
            Command::MobileAgentLogin { .. } if !self.product(cx).has_mobile_agents => {
                self.refuse(cx, job, Refusal::not_offered())
            }
            Command::Login { extension, .. } | Command::MobileAgentLogin { extension, .. } => {
                let extension = extension.clone();
                self.mobile = match &job.command {
                    Command::MobileAgentLogin {
                        dial_number, mode, ..
                    } => Some(Mobile {
                        dial_number: dial_number.clone(),
                        mode: *mode,
                    }),
                    _ => None,
                };
                match self.bind_claimed(cx, job) {
                    Some(refused) => refused,
                    None => self.sign_in(cx, job, extension),
                }
            }
            _ => self.refuse(cx, job, not_connected()),
        }
    }

    fn connected(&mut self, cx: &mut Context<'_>, job: &Job) -> Flow {
        if cx.config.connect_status {
            let event = Event::connected(&cx.config.layout);
            if let Command::Connect { destination, .. } = &job.command {
                let to = Addressee::Driver(destination.clone());
                cx.publish(to, self.agent.clone(), event, job.correlation());
            }
        }
        done(cx)
    }

    /// Gives the agent's events to a destination whose driver proved the password.
    fn bind(&mut self, cx: &mut Context<'_>, destination: Destination) {
        self.candidate = None;
        self.claims.clear();
        if self.bound.as_ref() == Some(&destination) {
            return;
        }
        if let Some(displaced) = self.bound.replace(destination.clone()) {
            let to = Addressee::Driver(displaced);
            cx.publish(
                to,
                self.agent.clone(),
                Event::System(SystemStatus::Reconnect),
                None,
            );
        }
        self.told_state = None;
        self.told_calls.clear();
        cx.out.note(Note::AgentConnected {
            agent: self.agent.clone(),
            destination,
        });
    }

    fn sign_in(&mut self, cx: &mut Context<'_>, job: &mut Job, extension: Extension) -> Flow {
        let goal = Goal::SignedIn(extension.clone());
        if self.is_live && self.is_fresh && goal.is_met(&self.model, &self.members) {
            return self.deliver(cx, job);
        }
        let question = Question::SignIn {
            agent: self.agent.clone(),
            extension,
            mobile: self.mobile.clone(),
        };
        self.ask_for(cx, job, question, goal)
    }

    /// The sign-in is proven; the calls are read before it is told.
    pub(super) fn read_calls(&mut self, cx: &mut Context<'_>, job: &Job) -> Flow {
        self.is_fresh = self.subscription == Subscription::Up;
        self.resync = Resync::Idle;
        self.signs_in_again = false;
        let question = Question::Calls(self.agent.clone());
        self.inquire(cx, job, question, |request| Step::ReadingCalls { request })
    }

    /// The calls of an agent who has just signed in were read.
    pub(super) fn on_calls_read(
        &mut self,
        cx: &mut Context<'_>,
        job: &mut Job,
        answer: Answer,
        age: Age,
    ) -> Flow {
        match answer {
            Answer::Calls(_) if age == Age::Overtaken => return self.read_calls(cx, job),
            Answer::Calls(calls) => {
                let changes = self.model.replace_dialogs(calls);
                self.tell_changes(cx, &changes, None, None);
            }
            Answer::Accepted
            | Answer::System(_)
            | Answer::User(_)
            | Answer::Reasons(_)
            | Answer::List(_)
            | Answer::Refused(_)
            | Answer::None { .. } => self.retry_resync(cx),
        }
        self.deliver(cx, job)
    }

    /// Tells a driver all that is known of an agent: who it is, its state, its calls.
    pub(super) fn deliver(&mut self, cx: &mut Context<'_>, job: &Job) -> Flow {
        self.is_live = true;
        self.is_untold = false;
        let correlation = job.correlation();
        let info = AgentInfo::from_user(self.model.user());
        self.tell(cx, Event::AgentInfo(info), correlation);
        self.tell_state(cx, correlation, true);
        let dialogs: alloc::vec::Vec<DialogId> = self
            .model
            .dialogs()
            .map(|dialog| dialog.id.clone())
            .collect();
        let calls = u32::try_from(dialogs.len()).unwrap_or(u32::MAX);
        self.tell(cx, Event::DialogStatus { calls }, correlation);
        for dialog in &dialogs {
            self.tell_call(cx, dialog, correlation, true);
        }
        if let Some(extension) = self.model.user().extension.clone() {
            cx.out.note(Note::AgentSignedIn {
                agent: self.agent.clone(),
                extension,
            });
        }
        done(cx)
    }

    pub(super) fn subscribe(&mut self, cx: &mut Context<'_>, password: &Secret) {
        self.set_subscription(cx, Subscription::Opening);
        self.is_fresh = false;
        self.renew_subscription(cx, password);
    }

    fn renew_subscription(&self, cx: &mut Context<'_>, password: &Secret) {
        let (domain, pubsub_domain) = cx.services.domains(self.node, cx.config);
        let subject = format!("log in {}@{domain}", self.agent);
        let (from, to) = (Party::Connector, Party::Finesse);
        cx.out.trace(
            from,
            to,
            Some(&self.agent),
            subject,
            "for notifications".into(),
        );
        cx.out.effects.push_back(Effect::Subscribe(Subscribe {
            agent: self.agent.clone(),
            node: self.node,
            password: password.clone(),
            domain,
            pubsub_domain,
        }));
    }

    /// The server of its notifications, else the one in use.
    pub(super) fn usable_node(&self, cx: &Context<'_>) -> Option<NodeId> {
        if self.subscription != Subscription::None && cx.services.is_usable(self.node) {
            return Some(self.node);
        }
        cx.services.active()
    }

    /// Refuses a password: one code, one text, one delay, whatever is wrong with it.
    pub(super) fn refuse_password(&mut self, cx: &mut Context<'_>, job: &Job, cause: &str) -> Flow {
        let code = match &job.command {
            Command::Connect { .. } => ErrorCode::SubscriptionFailed,
            _ => ErrorCode::AuthorizationFailure,
        };
        let refusal = Refusal::password(code).because(cause);
        let at = job.since + cx.config.timing.refusal;
        if at <= cx.now {
            return self.refuse(cx, job, refusal);
        }
        Flow::To(Step::Refusing { at, refusal })
    }

    /// Finesse refused this password.
    pub(super) fn count_refused(&mut self, cx: &mut Context<'_>, password: Secret) {
        self.strike(cx);
        self.attempts.remember_refused(password, cx.now, cx.config);
    }

    fn strike(&mut self, cx: &mut Context<'_>) {
        Counters::add(&mut cx.out.counters.wrong_passwords);
        self.attempts.strike(cx.now, cx.config);
    }

    /// Ends a `Connect` or `Login` for a cause other than its password.
    pub(super) fn refuse_entry(
        &mut self,
        cx: &mut Context<'_>,
        job: &Job,
        mut refusal: Refusal,
    ) -> Flow {
        let is_connect = matches!(job.command, Command::Connect { .. });
        if is_connect && !matches!(refusal.code, ErrorCode::OutOfService | ErrorCode::Timeout) {
            refusal.code = ErrorCode::SubscriptionFailed;
        }
        self.refuse(cx, job, refusal)
    }

    /// Reports that a server may not serve when an answer says so.
    pub(super) fn suspect(&self, cx: &mut Context<'_>, answer: &Answer) {
        if is_out_of_service(answer) {
            cx.out.suspects.push_back(self.node);
        }
    }
}

/// Unproven destinations remembered for one agent; more than one is a dispute already.
pub(super) const CLAIMS: usize = 4;

pub(super) fn not_connected() -> Refusal {
    Refusal::new(ErrorCode::NotConnected, "The agent is not connected.")
}

/// Finesse does not serve; log and monitor are told why.
pub(super) fn out_of_service(cx: &Context<'_>) -> Refusal {
    Refusal::out_of_service().because(cx.services.why())
}

pub(super) fn done(cx: &mut Context<'_>) -> Flow {
    Counters::add(&mut cx.out.counters.commands_done);
    Flow::Ended
}
