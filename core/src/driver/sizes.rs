//! How much a driver holds, and the bounds of it.

use alloc::vec::Vec;

use super::expectation::Lane;
use super::session::Session;
use super::sessions::Sessions;
use crate::agent::AgentModel;
use crate::machine::Size;

/// Beside the commands of the owner each queue may have those that connect the agent again.
const OWN: usize = 2;

impl Sessions {
    /// How much is held of everything that comes and goes; of what each agent has, the most that
    /// one agent holds. Walks all agents.
    #[must_use]
    pub fn sizes(&self) -> Vec<Size> {
        let limits = &self.config.limits;
        let agents = limits.agents;
        let under_way = agents * Lane::ALL.len();
        let mut sizes = alloc::vec![
            Size::new("agents", self.sessions.len(), agents),
            Size::new("commands not answered", self.tickets.len(), under_way),
            Size::new("deadlines", self.timers.len(), under_way + agents + 2),
            Size::new("effects not carried out", self.effects.len(), 0),
        ];
        let waiting = limits.waiting_per_agent + OWN;
        let of_agents = self.sessions.values();
        sizes.extend(Size::largest(
            of_agents.flat_map(|session| session.sizes(waiting)),
        ));
        sizes
    }
}

impl Session {
    fn sizes(&self, waiting: usize) -> impl Iterator<Item = Size> + use<> {
        let calls = AgentModel::MAX_DIALOGS;
        let queues =
            Lane::ALL.map(|lane| Size::new("commands that wait", self.waiting(lane), waiting));
        let others = [
            Size::new("calls", self.mirror.model().dialogs().len(), calls),
            Size::new("calls recounted", self.mirror.recounted(), calls),
        ];
        queues.into_iter().chain(others)
    }
}

#[cfg(test)]
mod tests {
    use alloc::format;

    use super::*;
    use crate::contract::Destination;
    use crate::driver::{Command, Config, Signal};
    use crate::machine::{CommandId, Instant, Random};
    use crate::password::PasswordCodec;

    fn of_one_agent() -> Sessions {
        let destination = Destination::parse("crm", &[]).unwrap();
        let config = Config::new(destination, PasswordCodec::Clear);
        let mut sessions = Sessions::new(config, Random::from_seed([7; 32]));
        sessions.handle_signal(Instant::START, Signal::BrokerUp);
        let connect = Command::connect("1001", "secret".into());
        sessions.handle_signal(Instant::START, Signal::Command(CommandId(1), connect));
        while sessions.poll_effect().is_some() {}
        sessions
    }

    fn hear(sessions: &mut Sessions, body: &str) {
        let heard = Signal::Received {
            body: body.into(),
            correlation: None,
        };
        sessions.handle_signal(Instant::START, heard);
        while sessions.poll_effect().is_some() {}
    }

    fn assert_bounded(sessions: &Sessions) {
        for size in sessions.sizes() {
            assert!(size.is_bounded(), "{size:?}");
        }
    }

    #[test]
    fn a_connector_that_announces_and_tells_calls_without_end_fills_nothing() {
        let mut sessions = of_one_agent();
        hear(&mut sessions, "1001#DialogStatus#ACTIVE#4294967295");
        for n in 0..1000 {
            hear(
                &mut sessions,
                &format!(
                    "1001#InboundCall#ACTIVE#DialogID:{n}#42512#ani=42512#2022-07-22 18:16:47#CallType:X#ParticipantsCount:0#participants:"
                ),
            );
            assert_bounded(&sessions);
        }
        let calls = sessions
            .agent(&"1001".into())
            .map(|model| model.dialogs().len());
        assert_eq!(calls, Some(AgentModel::MAX_DIALOGS), "they were heard");
    }

    #[test]
    fn an_owner_who_asks_without_end_is_refused_before_anything_overflows() {
        let mut sessions = of_one_agent();
        for n in 2..500 {
            let ask = Command::tell("1001", crate::contract::Command::GetState);
            sessions.handle_signal(Instant::START, Signal::Command(CommandId(n), ask));
            while sessions.poll_effect().is_some() {}
            assert_bounded(&sessions);
        }
    }

    #[test]
    fn agents_that_are_forgotten_leave_nothing() {
        let mut sessions = of_one_agent();
        let before = sessions.sizes();
        for n in 0..5000_u64 {
            let agent = format!("a{n}");
            let connect = Command::connect(&agent, "secret".into());
            sessions.handle_signal(Instant::START, Signal::Command(CommandId(n), connect));
            let forget = Command::Forget(agent.as_str().into());
            sessions.handle_signal(Instant::START, Signal::Command(CommandId(n), forget));
            while sessions.poll_effect().is_some() {}
        }
        assert_eq!(sessions.sizes(), before);
    }
}
