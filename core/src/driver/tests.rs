use alloc::string::{String, ToString};
use alloc::vec::Vec;
use core::time::Duration;

use super::{Command, Config, Effect, Event, Service, Sessions, Signal, Ticket};
use crate::agent::{AgentState, ParticipantState};
use crate::contract::{self, Destination};
use crate::machine::{CommandId, Instant, Outcome, Random, Reason};
use crate::password::{PasswordCodec, Secret};

/// A driver with everything it has said.
struct Desk {
    sessions: Sessions,
    now: Instant,
    sent: Vec<(Ticket, String)>,
    /// The lines on which agents were signed in.
    lines: Vec<String>,
    events: Vec<Event>,
    ended: Vec<(u64, Outcome)>,
    next: u64,
}

impl Desk {
    fn new() -> Self {
        let destination = Destination::parse("crm7", &[]).unwrap();
        let config = Config::new(destination, PasswordCodec::Clear);
        let mut desk = Self {
            sessions: Sessions::new(config, Random::from_seed([7; 32])),
            now: Instant::START,
            sent: Vec::new(),
            lines: Vec::new(),
            events: Vec::new(),
            ended: Vec::new(),
            next: 0,
        };
        desk.signal(Signal::BrokerUp);
        desk.hear("System#IN_SERVICE");
        desk
    }

    /// A driver whose agent 1001 is signed in on line 2001, by a connector that names commands.
    fn signed_in() -> Self {
        let mut desk = Self::new();
        let connect = desk.ask(Command::connect("1001", "pw".into()));
        desk.pass(6);
        assert_eq!(desk.outcome(connect), Some(&Outcome::Done));
        let login = desk.ask(Command::login("1001", "pw".into(), "2001"));
        let ticket = desk.ticket("Login#1001");
        for event in LOGIN {
            desk.answer(ticket, event);
        }
        assert_eq!(desk.outcome(login), Some(&Outcome::Done));
        desk
    }

    fn signal(&mut self, signal: Signal) {
        self.sessions.handle_signal(self.now, signal);
        self.drain();
    }

    fn ask(&mut self, command: Command) -> u64 {
        self.next += 1;
        self.signal(Signal::Command(CommandId(self.next), command));
        self.next
    }

    fn tell(&mut self, command: contract::Command) -> u64 {
        self.ask(Command::tell("1001", command))
    }

    fn hear(&mut self, body: &str) {
        self.signal(Signal::Received {
            body: body.into(),
            correlation: None,
        });
    }

    fn answer(&mut self, ticket: Ticket, body: &str) {
        self.signal(Signal::Received {
            body: body.into(),
            correlation: Some(ticket.to_string().into()),
        });
    }

    fn pass(&mut self, seconds: u64) {
        self.now += Duration::from_secs(seconds);
        self.sessions.handle_timeout(self.now);
        self.drain();
    }

    fn drain(&mut self) {
        while let Some(effect) = self.sessions.poll_effect() {
            match effect {
                Effect::Publish { ticket, message } => {
                    if message.jms_type.starts_with("Login#") {
                        let line = message.body().and_then(|body| body.split(',').nth(1));
                        self.lines.push(line.unwrap().into());
                    }
                    self.sent.push((ticket, message.jms_type));
                }
                Effect::Event(event) => self.events.push(event),
                Effect::Ended(id, outcome) => self.ended.push((id.0, outcome)),
                Effect::Trace(_) => {}
            }
        }
    }

    fn ticket(&self, jms_type: &str) -> Ticket {
        let mut sent = self.sent.iter().rev();
        sent.find(|(_, sent)| sent == jms_type)
            .map(|(ticket, _)| *ticket)
            .unwrap()
    }

    fn sent(&self) -> Vec<&str> {
        self.sent.iter().map(|(_, sent)| sent.as_str()).collect()
    }

    fn outcome(&self, id: u64) -> Option<&Outcome> {
        let mut found = self.ended.iter().filter(|(ended, _)| *ended == id);
        let outcome = found.next().map(|(_, outcome)| outcome);
        assert!(
            found.next().is_none(),
            "command {id} ended twice: {:?}",
            self.ended
        );
        outcome
    }

    fn state(&self) -> AgentState {
        self.sessions
            .agent(&"1001".into())
            .unwrap()
            .user()
            .state
            .clone()
    }
}

const LOGIN: [&str; 3] = [
    "1001#AgentInfo#Ada#Blue#false#OPTIONAL#Teams:1#1,Blue#1#Ada Blue",
    "1001#State#NOT_READY#####Ada Blue#1001#2001",
    "1001#DialogStatus#NONE#0",
];

const RINGS: &str = "1001#NewInboundCall#5551234#ani=5551234#DialogID:77#CallType:ACD_IN#";

fn call(state: &str, own: &str) -> String {
    alloc::format!(
        "1001#InboundCall#{state}#DialogID:77#5551234#ani=5551234|callVariable1=a#\
         #CallType:ACD_IN#ParticipantsCount:2#participants:5551234,ACTIVE,,,|2001,{own},AGENT_DEVICE,,"
    )
}

#[test]
fn a_driver_says_hello_first_and_beats_once_an_agent_is_signed_in() {
    let mut desk = Desk::signed_in();
    assert_eq!(desk.sent().first(), Some(&"Hello#crm7"));

    desk.pass(30);

    assert_eq!(desk.sent().last(), Some(&"Beat#crm7"));
}

#[test]
fn a_login_is_done_only_when_all_three_answers_have_come() {
    let mut desk = Desk::new();
    let login = desk.ask(Command::login("1001", "pw".into(), "2001"));
    let ticket = desk.ticket("Login#1001");

    desk.answer(ticket, LOGIN[0]);
    desk.answer(ticket, LOGIN[1]);
    assert_eq!(desk.outcome(login), None);
    desk.answer(ticket, LOGIN[2]);

    assert_eq!(desk.outcome(login), Some(&Outcome::Done));
    assert_eq!(desk.state(), AgentState::NotReady);
}

#[test]
fn a_connect_is_done_when_no_error_comes_and_refused_when_one_does() {
    let mut desk = Desk::new();
    let good = desk.ask(Command::connect("1001", "pw".into()));
    let bad = desk.ask(Command::connect("1002", "wrong".into()));

    desk.answer(
        desk.ticket("Connect#1002"),
        "1002#Error#AUTHORIZATION_FAILURE#wrong password",
    );
    assert_eq!(desk.outcome(good), None);
    desk.pass(5);

    assert_eq!(desk.outcome(good), Some(&Outcome::Done));
    let why = "AUTHORIZATION_FAILURE: wrong password";
    assert_eq!(
        desk.outcome(bad),
        Some(&Outcome::refused(Reason::Denied, why))
    );
}

#[test]
fn events_mean_the_same_as_texts_and_as_objects() {
    let as_object = |text: &str| {
        let (layout, time) = (contract::Layout::default(), contract::TimeFormat::UTC);
        let message = contract::EventMessage::parse(text, &layout, &time).unwrap();
        let form = contract::EventFormat::Json;
        message
            .event
            .format_as(form, &message.to, &layout, &time)
            .text
    };
    let (mut texts, mut objects) = (Desk::signed_in(), Desk::signed_in());
    for event in [
        "1001#State#RESERVED######1001#2001",
        &call("ALERTING", "ALERTING"),
        &call("ACTIVE", "ACTIVE"),
        "1001#Error#TIMEOUT#late",
        "System#OUT_OF_SERVICE",
    ] {
        texts.hear(event);
        objects.hear(&as_object(event));
    }
    texts.hear("no event");
    objects.hear("{\"type\":\"no event\"}");

    let (last, texts) = texts.events.split_last().unwrap();
    assert!(matches!(last, Event::Malformed(_)), "{last:?}");
    assert!(texts.len() > 5, "{texts:?}");
    assert_eq!(objects.events.split_last().unwrap().1, texts);
}

#[test]
fn an_unsolicited_state_does_not_end_a_command_that_asks_for_another() {
    let mut desk = Desk::signed_in();
    let ready = desk.tell(contract::Command::MakeReady);

    desk.hear("1001#State#NOT_READY#8#Lunch###Ada Blue#1001#2001");
    assert_eq!(desk.outcome(ready), None);
    desk.hear("1001#State#READY#####Ada Blue#1001#2001");

    assert_eq!(desk.outcome(ready), Some(&Outcome::Done));
}

#[test]
fn a_connector_that_names_no_commands_is_understood_by_order() {
    let mut desk = Desk::new();
    let login = desk.ask(Command::login("1001", "pw".into(), "2001"));
    for event in LOGIN {
        desk.hear(event);
    }
    assert_eq!(desk.outcome(login), Some(&Outcome::Done));

    let first = desk.tell(contract::Command::MakeReady);
    let second = desk.tell(contract::Command::MakeNotReady);
    assert_eq!(
        desk.sent().last(),
        Some(&"MakeReady#1001"),
        "the second waits for the first"
    );
    desk.hear("1001#Error#GENERAL_ERROR#not now");
    desk.hear("1001#State#NOT_READY#####Ada Blue#1001#2001");

    assert!(matches!(desk.outcome(first), Some(Outcome::Refused(_))));
    assert_eq!(desk.outcome(second), Some(&Outcome::Done));
}

#[test]
fn a_call_is_offered_changed_and_ended_once_each() {
    let mut desk = Desk::signed_in();
    desk.events.clear();

    desk.hear(RINGS);
    desk.hear(RINGS);
    let answer = desk.tell(contract::Command::AnswerCall {
        dialog: "77".into(),
    });
    desk.hear(&call("ACTIVE", "ACTIVE"));
    let hold = desk.tell(contract::Command::HoldCall {
        dialog: "77".into(),
    });
    desk.answer(desk.ticket("HoldCall#1001"), &call("HELD", "HELD"));
    let model = desk.sessions.agent(&"1001".into()).unwrap();
    let dialog = model.dialog(&"77".into()).unwrap();
    assert_eq!(
        model.own_party(dialog).unwrap().state,
        ParticipantState::Held
    );
    desk.hear(&call("DROPPED", "DROPPED"));
    desk.hear(&call("DROPPED", "DROPPED"));

    assert_eq!(desk.outcome(answer), Some(&Outcome::Done));
    assert_eq!(desk.outcome(hold), Some(&Outcome::Done));
    let kinds: Vec<&str> = desk
        .events
        .iter()
        .filter_map(|event| match event {
            Event::CallOffered { .. } => Some("offered"),
            Event::CallChanged { .. } => Some("changed"),
            Event::CallEnded { .. } => Some("ended"),
            _ => None,
        })
        .collect();
    assert_eq!(kinds, ["offered", "changed", "changed", "ended"]);
    assert_eq!(
        desk.sessions.agent(&"1001".into()).unwrap().dialogs().len(),
        0
    );
}

#[test]
fn a_call_that_is_not_told_again_after_a_login_has_ended_unseen() {
    let mut desk = Desk::signed_in();
    desk.hear(RINGS);
    let login = desk.ask(Command::login("1001", "pw".into(), "2001"));
    let ticket = desk.ticket("Login#1001");

    desk.answer(ticket, LOGIN[0]);
    desk.answer(ticket, LOGIN[1]);
    desk.answer(ticket, "1001#DialogStatus#ACTIVE#1");
    assert!(
        desk.sessions
            .agent(&"1001".into())
            .unwrap()
            .dialog(&"77".into())
            .is_some()
    );
    desk.hear(&call("ACTIVE", "ACTIVE").replace("DialogID:77", "DialogID:78"));

    assert_eq!(desk.outcome(login), Some(&Outcome::Done));
    let model = desk.sessions.agent(&"1001".into()).unwrap();
    let held: Vec<_> = model
        .dialogs()
        .map(|dialog| dialog.id.to_string())
        .collect();
    assert_eq!(held, ["78"]);
}

#[test]
fn a_command_without_an_answer_fails_after_its_time() {
    let mut desk = Desk::signed_in();
    let ready = desk.tell(contract::Command::MakeReady);

    desk.pass(44);
    assert_eq!(desk.outcome(ready), None);
    desk.pass(1);

    assert!(matches!(
        desk.outcome(ready),
        Some(Outcome::Failed(why)) if why.reason == Reason::TimedOut
    ));
    desk.answer(
        desk.ticket("MakeReady#1001"),
        "1001#State#READY#####Ada Blue#1001#2001",
    );
    assert_eq!(
        desk.state(),
        AgentState::Ready,
        "a late answer still updates the model"
    );
}

#[test]
fn commands_fail_with_the_link_and_those_not_sent_are_refused() {
    let mut desk = Desk::signed_in();
    let sent = desk.tell(contract::Command::MakeReady);
    let waiting = desk.tell(contract::Command::MakeNotReady);

    desk.signal(Signal::BrokerDown);
    let late = desk.tell(contract::Command::MakeReady);

    let reason = |id| match desk.outcome(id) {
        Some(Outcome::Failed(why)) => ("failed", why.reason),
        Some(Outcome::Refused(why)) => ("refused", why.reason),
        other => panic!("{other:?}"),
    };
    assert_eq!(reason(sent), ("failed", Reason::LinkDown));
    assert_eq!(reason(waiting), ("refused", Reason::LinkDown));
    assert_eq!(reason(late), ("refused", Reason::LinkDown));
    assert_eq!(desk.sessions.service(), Service::Unreachable);
    assert_eq!(desk.sessions.unanswered(), 0);
}

#[test]
fn after_reconnect_the_agent_is_connected_asked_and_signed_in_again() {
    let mut desk = Desk::signed_in();
    desk.sent.clear();

    desk.hear("System#RECONNECT");
    desk.hear("System#RECONNECT");
    assert_eq!(desk.sent(), ["Connect#1001", "GetState#1001"]);
    desk.answer(desk.ticket("GetState#1001"), LOGIN[1]);

    assert_eq!(desk.sent(), ["Connect#1001", "GetState#1001", "Login#1001"]);
}

#[test]
fn a_connect_and_a_login_that_took_effect_although_the_link_was_lost_are_repeated() {
    let mut desk = Desk::new();
    desk.ask(Command::connect("1001", "pw".into()));
    desk.ask(Command::login("1001", "pw".into(), "2001"));
    desk.signal(Signal::BrokerDown);
    desk.signal(Signal::BrokerUp);
    assert!(!desk.sent().ends_with(&["Connect#1001", "GetState#1001"]));

    desk.hear(LOGIN[1]);
    desk.signal(Signal::BrokerDown);
    desk.sent.clear();
    desk.signal(Signal::BrokerUp);
    desk.answer(desk.ticket("GetState#1001"), LOGIN[1]);

    assert_eq!(
        desk.sent(),
        ["Beat#crm7", "Connect#1001", "GetState#1001", "Login#1001"]
    );
}

#[test]
fn a_connector_that_has_forgotten_the_agent_is_reminded() {
    let mut desk = Desk::signed_in();
    let ready = desk.tell(contract::Command::MakeReady);
    desk.answer(
        desk.ticket("MakeReady#1001"),
        "1001#Error#NOT_CONNECTED#connect first",
    );

    assert!(matches!(desk.outcome(ready), Some(Outcome::Refused(_))));
    assert!(desk.sent().ends_with(&["Connect#1001", "GetState#1001"]));
}

#[test]
fn after_reconnect_an_agent_who_was_signed_out_meanwhile_stays_so() {
    let mut desk = Desk::signed_in();
    desk.sent.clear();

    desk.signal(Signal::BrokerDown);
    desk.signal(Signal::BrokerUp);
    desk.answer(
        desk.ticket("GetState#1001"),
        "1001#State#LOGOUT#####Ada Blue#1001#",
    );

    assert_eq!(desk.sent(), ["Beat#crm7", "Connect#1001", "GetState#1001"]);
}

#[test]
fn an_agent_who_signed_out_and_in_again_elsewhere_is_followed_on_its_new_line() {
    let mut desk = Desk::signed_in();
    desk.hear("1001#State#LOGOUT#####Ada Blue#1001#");
    desk.hear("1001#State#NOT_READY#####Ada Blue#1001#2009");
    desk.sent.clear();

    desk.hear("System#RECONNECT");
    desk.answer(
        desk.ticket("GetState#1001"),
        "1001#State#NOT_READY#####Ada Blue#1001#2009",
    );

    assert_eq!(desk.sent(), ["Connect#1001", "GetState#1001", "Login#1001"]);
    assert_eq!(desk.lines, ["2001", "2009"]);
}

#[test]
fn an_agent_connected_without_a_password_is_signed_in_again_where_it_is_forgotten() {
    let mut desk = Desk::new();
    desk.ask(Command::Connect {
        agent: "1001".into(),
        password: None,
        sso: false,
    });
    desk.pass(6);
    desk.ask(Command::login("1001", "pw".into(), "2001"));
    let ticket = desk.ticket("Login#1001");
    for event in LOGIN {
        desk.answer(ticket, event);
    }
    desk.sent.clear();

    desk.hear("System#RECONNECT");
    desk.answer(
        desk.ticket("GetState#1001"),
        "1001#Error#NOT_CONNECTED#connect first",
    );

    assert_eq!(desk.sent(), ["Connect#1001", "GetState#1001", "Login#1001"]);
}

#[test]
fn an_agent_that_cannot_be_proven_here_is_not_asked_for_again_and_again() {
    let mut desk = Desk::new();
    desk.ask(Command::Connect {
        agent: "1001".into(),
        password: None,
        sso: false,
    });
    desk.pass(6);
    // Another driver signs the agent in.
    for event in LOGIN {
        desk.hear(event);
    }
    desk.hear("System#RECONNECT");
    desk.answer(
        desk.ticket("GetState#1001"),
        "1001#Error#NOT_CONNECTED#connect first",
    );
    desk.sent.clear();
    for _ in 0..4 {
        desk.pass(25);
        desk.hear("System#IN_SERVICE");
    }

    assert!(
        desk.sent().iter().all(|sent| *sent == "Beat#crm7"),
        "{:?}",
        desk.sent()
    );
}

#[test]
fn a_login_whose_end_is_unknown_does_not_take_the_place_of_one_that_succeeded() {
    let mut desk = Desk::signed_in();
    desk.ask(Command::login("1001", "pw".into(), "2001"));
    let mobile = Command::MobileLogin {
        agent: "1001".into(),
        password: "pw".into(),
        extension: "2001".into(),
        dial_number: "5550199".into(),
        mode: contract::MobileMode::CallByCall,
    };
    let ticket = desk.ticket("Login#1001");
    for event in LOGIN {
        desk.answer(ticket, event);
    }
    let mobile = desk.ask(mobile);
    while desk.outcome(mobile).is_none() {
        desk.pass(10);
        desk.hear("System#IN_SERVICE");
    }
    desk.hear("1001#State#NOT_READY#####Ada Blue#1001#2001");
    desk.sent.clear();

    desk.hear("System#RECONNECT");
    desk.answer(desk.ticket("GetState#1001"), LOGIN[1]);

    assert_eq!(desk.sent(), ["Connect#1001", "GetState#1001", "Login#1001"]);
}

#[test]
fn a_password_that_was_refused_is_never_offered_again_by_itself() {
    let mut desk = Desk::signed_in();
    desk.hear("System#RECONNECT");
    desk.answer(
        desk.ticket("Connect#1001"),
        "1001#Error#AUTHORIZATION_FAILURE#no",
    );
    desk.sent.clear();

    desk.pass(20);
    desk.hear("System#RECONNECT");

    assert!(
        !desk.sent().iter().any(|sent| sent.starts_with("Connect")),
        "{:?}",
        desk.sent()
    );
}

#[test]
fn an_agent_that_could_not_be_connected_again_waits_for_finesse_not_for_the_clock() {
    let mut desk = Desk::signed_in();
    desk.hear("System#OUT_OF_SERVICE");
    desk.hear("System#RECONNECT");
    let ticket = desk.ticket("Connect#1001");
    desk.answer(ticket, "1001#Error#SUBSCRIPTION_FAILED#out of service");
    let ticket = desk.ticket("GetState#1001");
    desk.answer(ticket, "1001#Error#SUBSCRIPTION_FAILED#not connected");
    desk.sent.clear();

    desk.pass(16);
    assert_eq!(desk.sent(), [] as [&str; 0]);
    desk.hear("System#IN_SERVICE");

    assert_eq!(desk.sent(), ["Connect#1001", "GetState#1001"]);
}

#[test]
fn an_agent_that_another_driver_has_taken_over_is_left_to_it() {
    let mut desk = Desk::signed_in();
    let ready = desk.tell(contract::Command::MakeReady);
    desk.sent.clear();

    desk.hear("1001#RECONNECT");

    assert!(desk.events.contains(&Event::AgentDisplaced("1001".into())));
    assert!(matches!(desk.outcome(ready), Some(Outcome::Failed(_))));
    assert!(desk.sessions.agent(&"1001".into()).is_none());
    desk.pass(60);
    assert!(!desk.sent().contains(&"Connect#1001"));
}

#[test]
fn a_silent_connector_is_noticed_and_its_return_connects_again() {
    let mut desk = Desk::signed_in();
    desk.pass(30);
    desk.pass(20);
    assert_eq!(desk.sessions.service(), Service::Silent);
    desk.sent.clear();

    desk.hear("System#IN_SERVICE");

    assert_eq!(desk.sessions.service(), Service::InService);
    assert_eq!(desk.sent(), ["Connect#1001", "GetState#1001"]);
}

#[test]
fn an_agent_of_whom_nothing_is_known_takes_no_room() {
    let mut desk = Desk::new();
    let login = desk.ask(Command::login("4711", "pw".into(), "2001"));

    desk.answer(
        desk.ticket("Login#4711"),
        "4711#Error#USER_NOT_FOUND#unknown",
    );

    assert!(matches!(desk.outcome(login), Some(Outcome::Refused(_))));
    assert_eq!(desk.sessions.agents().count(), 0);
}

#[test]
fn a_queue_that_is_full_refuses() {
    let mut desk = Desk::signed_in();
    let last = (0..40)
        .map(|_| desk.tell(contract::Command::GetState))
        .last()
        .unwrap();

    let outcome = desk.outcome(last);

    assert!(matches!(outcome, Some(Outcome::Refused(why)) if why.reason == Reason::Limit));
}

#[test]
fn a_value_that_would_forge_the_message_is_refused_before_anything_is_sent() {
    let mut desk = Desk::signed_in();
    desk.sent.clear();

    let forged = desk.ask(Command::tell("1001#x", contract::Command::MakeReady));
    let comma = desk.tell(contract::Command::AnswerCall {
        dialog: "1,2".into(),
    });
    let hidden = desk.tell(contract::Command::Login {
        password: "clear".into(),
        extension: "2001".into(),
    });

    for id in [forged, comma, hidden] {
        assert!(
            matches!(desk.outcome(id), Some(Outcome::Refused(why)) if why.reason == Reason::Local)
        );
    }
    assert!(desk.sent().is_empty());
}

#[test]
fn the_end_of_the_driver_ends_every_command() {
    let mut desk = Desk::signed_in();
    let sent = desk.tell(contract::Command::MakeReady);
    let waiting = desk.tell(contract::Command::GetState);

    desk.signal(Signal::ShuttingDown);
    let late = desk.tell(contract::Command::GetState);

    for id in [sent, waiting, late] {
        assert!(matches!(
            desk.outcome(id),
            Some(Outcome::Refused(why) | Outcome::Failed(why))
                if why.reason == Reason::ShuttingDown
        ));
    }
    assert_eq!(desk.sessions.deadline(), None);
}

#[test]
fn no_debug_text_shows_a_password() {
    let mut desk = Desk::signed_in();
    let password = Secret::from("hunter2hunter2");
    desk.ask(Command::connect("1002", password.clone()));
    desk.sessions.handle_signal(
        desk.now,
        Signal::Command(CommandId(99), Command::login("1002", password, "2002")),
    );

    let effects: Vec<_> = core::iter::from_fn(|| desk.sessions.poll_effect()).collect();
    let text = alloc::format!("{:?} {effects:?}", desk.sessions);

    assert!(!text.contains("hunter2"), "{text}");
}

#[test]
fn whatever_happens_every_command_ends_once_and_nothing_is_due_in_the_past() {
    for seed in 0..200 {
        let mut random = Random::from_seed([seed; 32]);
        let mut desk = Desk::new();
        for _ in 0..400 {
            random_step(&mut desk, &mut random);
            let due = desk.sessions.deadline();
            assert!(
                due.is_none_or(|due| due > desk.now),
                "seed {seed}: due {due:?}"
            );
        }
        let open = desk.next - u64::try_from(desk.ended.len()).unwrap();
        assert!(open <= 3 * 4 * 33, "seed {seed}: {open} commands are open");

        desk.signal(Signal::ShuttingDown);

        for id in 1..=desk.next {
            assert!(
                desk.outcome(id).is_some(),
                "seed {seed}: command {id} has not ended"
            );
        }
        assert_eq!(desk.sessions.unanswered(), 0);
    }
}

fn random_step(desk: &mut Desk, random: &mut Random) {
    use contract::Command as C;
    let pick = |random: &mut Random, of: &[&'static str]| {
        let end = u64::try_from(of.len()).unwrap();
        of[usize::try_from(random.below(end)).unwrap()]
    };
    let agent = pick(random, &["1001", "1002", "1003"]);
    match random.below(12) {
        0 => desk.signal(Signal::BrokerDown),
        1 | 2 => desk.signal(Signal::BrokerUp),
        3 => desk.pass(random.below(30) + 1),
        4 => {
            desk.ask(Command::connect(agent, "pw".into()));
        }
        5 => {
            desk.ask(Command::login(agent, "pw".into(), "2001"));
        }
        6 => {
            let dialog = "77".into();
            let asked = match random.below(6) {
                0 => C::MakeReady,
                1 => C::Logout,
                2 => C::AnswerCall { dialog },
                3 => C::MakeCall { number: "5".into() },
                4 => C::GetQueueList,
                _ => C::SendDtmf {
                    digits: "1".into(),
                    dialog,
                },
            };
            desk.ask(Command::tell(agent, asked));
        }
        7 if random.below(8) == 0 => {
            desk.ask(Command::Forget(agent.into()));
        }
        kind => {
            let event = pick(
                random,
                &[
                    LOGIN[0],
                    LOGIN[1],
                    LOGIN[2],
                    RINGS,
                    "System#IN_SERVICE",
                    "System#OUT_OF_SERVICE",
                    "System#RECONNECT",
                    "1001#RECONNECT",
                    "1001#State#LOGOUT#####Ada Blue#1001#",
                    "1001#State#READY#####Ada Blue#1001#2001",
                    "1001#Error#GENERAL_ERROR#no",
                    "1001#Control#CF_RESOURCE_BUSY#no",
                    "1001#Error#AUTHORIZATION_FAILURE#no",
                    "1001#QueueList#",
                    "1001#InboundCall#FAILED#DialogID:78#BUSY",
                    "no event",
                ],
            );
            let event = event.replace("1001", agent);
            let last = u64::try_from(desk.sent.len()).unwrap();
            match desk
                .sent
                .get(usize::try_from(random.below(last.max(1))).unwrap())
            {
                Some((ticket, _)) if kind > 9 => desk.answer(*ticket, &event),
                _ => desk.hear(&event),
            }
        }
    }
}
