//! What people do: commands of drivers, calls of customers.

use finewire_core::agent::{CallAction, Dialog, DialogId, ParticipantState};
use finewire_core::contract::{Command as C, MobileMode};
use finewire_core::driver::Command;
use finewire_simulator::{Command as FinesseCommand, PASSWORD};

use super::deed::AGENTS;
use super::{Day, Deed, Step};
use crate::world::site::{WRONG_PASSWORD, agent, connect, line, login, tell};

impl Day {
    pub(super) fn act(&mut self, step: &Step) {
        let n = step.agent();
        let name = agent(n);
        let command = match step.deed {
            Deed::Wait => return,
            Deed::Connect => connect(n),
            Deed::ConnectLater => Command::Connect {
                agent: name,
                password: None,
                sso: false,
            },
            Deed::ConnectWrong => Command::connect(name.as_str(), WRONG_PASSWORD.into()),
            Deed::Login => login(n),
            Deed::LoginWrong => {
                Command::login(name.as_str(), WRONG_PASSWORD.into(), line(n).as_str())
            }
            Deed::LoginNowhere => Command::login(name.as_str(), PASSWORD.into(), "9999"),
            Deed::MobileLogin => Command::MobileLogin {
                agent: name,
                password: PASSWORD.into(),
                extension: line(n),
                dial_number: "5550199".into(),
                mode: match step.what % 2 {
                    0 => MobileMode::CallByCall,
                    _ => MobileMode::Nailed,
                },
            },
            Deed::Forget => Command::Forget(name),
            Deed::CustomerCalls => return self.customer_calls(step),
            Deed::CustomerLeaves => return self.customer_leaves(step),
            Deed::OfferPreview => {
                let offer = FinesseCommand::OfferPreview {
                    agent: name,
                    customer: "5550177".into(),
                };
                self.site.net.command(self.site.finesse, offer);
                return;
            }
            Deed::FollowTeam => tell(1, self.told(step)),
            Deed::Monitor | Deed::EndMonitor | Deed::BargeIn | Deed::DropParty => {
                tell(1, self.told(step))
            }
            Deed::Cut
            | Deed::HalfOpen
            | Deed::Lose
            | Deed::Stall
            | Deed::Flow
            | Deed::Shut
            | Deed::Admit
            | Deed::NodeDies
            | Deed::NodesReturn
            | Deed::OutOfService
            | Deed::InService
            | Deed::DropXmpp
            | Deed::BrokerDies
            | Deed::ConnectorDies
            | Deed::DriverDies
            | Deed::ClockJumps
            | Deed::TurnKnobs
            | Deed::WeatherChanges => return self.befall(step),
            Deed::Noon => return self.noon(),
            _ => tell(n, self.told(step)),
        };
        let driver = match step.deed {
            // The supervisor's own client does these.
            Deed::FollowTeam
            | Deed::ChangeMember
            | Deed::Monitor
            | Deed::EndMonitor
            | Deed::BargeIn
            | Deed::DropParty => 1 % self.site.drivers.len(),
            _ => step.driver(self.site.drivers.len()),
        };
        if step.deed == Deed::Forget {
            let told = self.site.net.node(self.site.drivers[driver]).events().len();
            self.forgotten
                .insert((driver, command.agent().clone()), told);
        }
        let whose = (driver, command.agent().clone());
        match step.deed {
            Deed::ConnectLater => {
                self.unproven.insert(whose);
            }
            Deed::Connect | Deed::Login => {
                self.unproven.remove(&whose);
            }
            _ => {}
        }
        self.ask(driver, step.deed, command);
    }

    pub(super) fn ask(&mut self, driver: usize, deed: Deed, command: Command) {
        let seat = self.site.drivers[driver];
        let id = self.site.net.command(seat, command.into());
        self.asked.push((driver, id, deed));
    }

    /// What the contract says to a deed.
    fn told(&self, step: &Step) -> C {
        let n = step.agent();
        let other = line(1 + u32::from(step.what) % AGENTS);
        let number = || match step.what {
            0..200 => other.as_str().into(),
            200..230 => "5550123".into(),
            230..245 => "8001".into(),
            _ => "no number".into(),
        };
        let code = || if step.what < 240 { "2" } else { "77" }.into();
        let dialog = |action: CallAction| self.call_for(n, &action, step.what);
        let own = |action: CallAction| self.call_for(1, &action, step.what);
        match step.deed {
            Deed::Ready => C::MakeReady,
            Deed::NotReady => C::MakeNotReady,
            Deed::NotReadyWithReason => C::MakeNotReadyWithReason { code: code() },
            Deed::WorkReady => C::MakeWorkReady,
            Deed::WorkNotReady => C::MakeWorkNotReady,
            Deed::Logout => C::Logout,
            Deed::LogoutWithReason => C::LogoutWithReason { code: "1".into() },
            Deed::ForceLogout => C::ForceLogout,
            Deed::AbruptDisconnect => C::AgentAbruptDisconnect,
            Deed::MakeCall => C::MakeCall { number: number() },
            Deed::Answer => C::AnswerCall {
                dialog: dialog(CallAction::Answer),
            },
            Deed::Hold => C::HoldCall {
                dialog: dialog(CallAction::Hold),
            },
            Deed::Retrieve => C::RetrieveCall {
                dialog: dialog(CallAction::Retrieve),
            },
            Deed::Release => C::ReleaseCall {
                dialog: dialog(CallAction::Drop),
            },
            Deed::TransferSst => C::TransferSst {
                number: number(),
                dialog: dialog(CallAction::TransferSst),
            },
            Deed::Consult => C::ConsultCall {
                number: number(),
                dialog: dialog(CallAction::ConsultCall),
            },
            Deed::Transfer => C::TransferCall {
                extension: other,
                dialog: dialog(CallAction::Transfer),
            },
            Deed::Conference => C::ConferenceCall {
                extension: other,
                dialog: dialog(CallAction::Conference),
            },
            Deed::Dtmf => C::SendDtmf {
                digits: "12#".into(),
                dialog: dialog(CallAction::SendDtmf),
            },
            Deed::CallData => C::UpdateCallData {
                dialog: dialog(CallAction::UpdateCallData),
                variables: vec![(
                    format!("callVariable{}", 1 + step.what % 5).into(),
                    format!("v{}", step.what).into(),
                )],
            },
            Deed::WrapUp => C::UpdateWrapup {
                dialog: dialog(CallAction::UpdateCallData),
                label: if step.what < 240 { "Sale" } else { "None" }.into(),
            },
            Deed::DialogState => C::GetDialogState {
                dialog: dialog(CallAction::Drop),
            },
            Deed::DialogControls => C::GetDialogControls {
                dialog: dialog(CallAction::Drop),
            },
            Deed::Accept => C::AcceptCall {
                dialog: dialog(CallAction::Accept),
            },
            Deed::Reject => C::RejectCall {
                dialog: dialog(CallAction::Reject),
            },
            Deed::CloseCall => C::CloseCall {
                dialog: dialog(CallAction::Close),
            },
            Deed::Record => C::StartRecording {
                dialog: dialog(CallAction::StartRecording),
            },
            Deed::List => match step.what % 7 {
                0 => C::WrapUpReasonCodes,
                1 => C::LogoutReasonCodes,
                2 => C::NotReadyReasonCodes,
                3 => C::GetQueueList,
                4 => C::GetPhonebooks,
                5 => C::GetTeamPhonebooks { team: "1".into() },
                _ => C::GetPhonebookContacts { book: "32".into() },
            },
            Deed::FollowTeam => C::GetTeamUsers {
                team: "1".into(),
                follow: true,
            },
            Deed::ChangeMember => match step.what % 4 {
                0 | 1 => C::MakeReady,
                2 => C::MakeNotReady,
                _ => C::Logout,
            },
            Deed::Monitor => C::SilentMonitor { extension: line(n) },
            Deed::EndMonitor => C::EndSilentMonitor {
                dialog: own(CallAction::Drop),
            },
            Deed::BargeIn => C::BargeIn {
                extension: line(n),
                dialog: dialog(CallAction::Drop),
            },
            Deed::DropParty => C::DropParticipant {
                extension: line(n),
                dialog: own(CallAction::ParticipantDrop),
            },
            _ => C::GetState,
        }
    }

    /// The call for an action: one on the agent's line on which Finesse would allow it, else any
    /// of the agent's, else one that does not exist.
    fn call_for(&self, n: u32, action: &CallAction, which: u8) -> DialogId {
        let truth = self.site.net.node(self.site.finesse).machine().truth();
        let own = line(n);
        let is_here = |call: &&Dialog| {
            let party = call.participant(own.as_str());
            party.is_some_and(|party| party.state != ParticipantState::Dropped)
        };
        let allows = |call: &&&Dialog| {
            let party = call.participant(own.as_str());
            party.is_some_and(|party| party.actions.contains(action))
        };
        let here: Vec<&Dialog> = truth.calls.iter().filter(is_here).collect();
        let fit: Vec<&&Dialog> = here.iter().filter(allows).collect();
        // Mostly the fitting call; sometimes whatever there is; sometimes nonsense.
        let chosen = match which {
            0..230 => fit.first().map(|call| **call).or(here.first().copied()),
            230..250 => here.get(usize::from(which) % here.len().max(1)).copied(),
            _ => None,
        };
        chosen.map_or_else(|| "4711".into(), |call| call.id.clone())
    }

    fn customer_calls(&mut self, step: &Step) {
        let n = step.agent();
        let to = match step.what % 4 {
            0 | 1 => agent(n).as_str().into(),
            2 => line(n).as_str().into(),
            _ => "8001".into(),
        };
        let call = FinesseCommand::PlaceCall {
            to,
            from: "5551234".into(),
        };
        self.site.net.command(self.site.finesse, call);
    }

    fn customer_leaves(&mut self, step: &Step) {
        let truth = self.site.net.node(self.site.finesse).machine().truth();
        let which = usize::from(step.what) % truth.calls.len().max(1);
        if let Some(call) = truth.calls.get(which) {
            let dialog = call.id.clone();
            let end = FinesseCommand::EndCall { dialog };
            self.site.net.command(self.site.finesse, end);
        }
    }
}
