//! Which command is allowed now.

use core::fmt;

use super::model::AgentModel;
use super::states::{AgentState, CallAction, ParticipantState};
use super::text::DialogId;

/// What somebody wants of an agent's state or of a call.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Intent {
    /// Sign in; also when signed in already (a forced sign-in, it keeps the state).
    SignIn,
    /// Sign out.
    SignOut,
    /// Take calls.
    BeReady,
    /// Take no calls.
    BeNotReady,
    /// Do wrap-up work, not ready afterwards.
    BeWork,
    /// Do wrap-up work, ready afterwards.
    BeWorkReady,
    /// Place a call.
    MakeCall,
    /// Do something to a call.
    Act(DialogId, CallAction),
}

/// How an allowed command takes effect.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Permit {
    /// At once.
    Now,
    /// When the present call or preview ends; Finesse may send no event before that.
    WhenCallEnds,
}

/// Why a command is not allowed now. `Display` is a text for the user.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Refusal {
    /// The agent is signed out.
    NotSignedIn,
    /// The agent's present state does not allow it.
    State(AgentState),
    /// This product has no such state or command.
    Platform,
    /// The agent's wrap-up settings do not allow it.
    WrapUpNotAllowed,
    /// Supervisors cannot ask for it on behalf of an agent.
    NotForSupervisors,
    /// The agent has no such call.
    UnknownDialog(DialogId),
    /// The agent is no party of the call.
    NoParty(DialogId),
    /// The call's present state does not allow it.
    Action(CallAction),
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotSignedIn => f.write_str("the agent is not signed in"),
            Self::State(state) => write!(f, "this is not possible in state {state:.64}"),
            Self::Platform => f.write_str("this contact center does not offer it"),
            Self::WrapUpNotAllowed => f.write_str("wrap-up work is not allowed for this agent"),
            Self::NotForSupervisors => f.write_str("a supervisor cannot ask for it"),
            Self::UnknownDialog(dialog) => write!(f, "there is no call {dialog:.64}"),
            Self::NoParty(dialog) => write!(f, "the agent is no party of call {dialog:.64}"),
            Self::Action(action) => write!(f, "the call does not allow {action:.64} now"),
        }
    }
}

impl core::error::Error for Refusal {}

impl AgentModel {
    /// Whether a request of the agent itself is allowed now, and when it takes effect.
    ///
    /// Agent states follow the tables of the Finesse Developer Guide, "User - Change agent
    /// state"; calls follow the `actions` of the agent's own party, not a computation. Where the
    /// documents leave it open (unknown states, actions that old releases do not list), the answer
    /// is yes: Finesse decides.
    ///
    /// # Errors
    ///
    /// [`Refusal`] when Finesse is known to refuse it.
    pub fn allows(&self, intent: &Intent) -> Result<Permit, Refusal> {
        use AgentState as S;
        let state = &self.user().state;
        let product = self.platform().product();
        let refused = Err(Refusal::State(state.clone()));
        if let (S::Unknown | S::Other(_), false) = (state, matches!(intent, Intent::Act(..))) {
            return Ok(Permit::Now);
        }
        match intent {
            Intent::SignIn => Ok(Permit::Now),
            Intent::Act(dialog, action) => self.allows_action(dialog, action),
            _ if *state == S::Logout => Err(Refusal::NotSignedIn),
            Intent::SignOut => match state {
                S::NotReady => Ok(Permit::Now),
                S::Ready if product.signs_out_from_ready => Ok(Permit::Now),
                _ => refused,
            },
            Intent::BeReady => match state {
                S::Talking | S::Hold | S::ReservedOutboundPreview if product.keeps_ready => {
                    Ok(Permit::WhenCallEnds)
                }
                S::NotReady | S::Ready | S::ReservedOutbound | S::Work | S::WorkReady => {
                    Ok(Permit::Now)
                }
                _ => refused,
            },
            Intent::BeNotReady => match state {
                S::Talking | S::Hold | S::ReservedOutboundPreview => Ok(Permit::WhenCallEnds),
                S::Reserved => refused,
                _ => Ok(Permit::Now),
            },
            Intent::BeWorkReady if !product.has_work_ready => Err(Refusal::Platform),
            Intent::BeWork | Intent::BeWorkReady => match state {
                _ if self.wrap_up_is_forbidden() => Err(Refusal::WrapUpNotAllowed),
                S::Talking | S::Hold => Ok(Permit::WhenCallEnds),
                S::Work | S::WorkReady => Ok(Permit::Now),
                _ => refused,
            },
            Intent::MakeCall => match state {
                S::Reserved | S::ReservedOutbound | S::ReservedOutboundPreview => refused,
                _ => Ok(Permit::Now),
            },
        }
    }

    /// Whether a request of the agent's supervisor for the agent's state is allowed now.
    ///
    /// A supervisor may ask for ready, not ready and sign-out only: sign-out from every state of a
    /// signed-in agent, not ready where no call is touched (Finesse Developer Guide, "User -
    /// Change agent state").
    ///
    /// # Errors
    ///
    /// [`Refusal`] when Finesse is known to refuse it.
    pub fn allows_supervisor(&self, intent: &Intent) -> Result<Permit, Refusal> {
        use AgentState as S;
        match (intent, &self.user().state) {
            (Intent::SignOut, S::Logout) => Err(Refusal::NotSignedIn),
            (Intent::SignOut, _) => Ok(Permit::Now),
            (Intent::BeNotReady, S::Ready | S::Work | S::WorkReady | S::Unknown | S::Other(_)) => {
                Ok(Permit::Now)
            }
            (Intent::BeNotReady, S::Logout) => Err(Refusal::NotSignedIn),
            (Intent::BeNotReady, state) => Err(Refusal::State(state.clone())),
            (Intent::BeReady, _) => self.allows(intent),
            _ => Err(Refusal::NotForSupervisors),
        }
    }

    fn allows_action(&self, id: &DialogId, action: &CallAction) -> Result<Permit, Refusal> {
        let dialog = self
            .dialog(id)
            .ok_or_else(|| Refusal::UnknownDialog(id.clone()))?;
        let own = self
            .own_party(dialog)
            .ok_or_else(|| Refusal::NoParty(id.clone()))?;
        let is_listed = own.actions.contains(action);
        if is_listed || (is_often_unlisted(action) && own.state == ParticipantState::Active) {
            Ok(Permit::Now)
        } else {
            Err(Refusal::Action(action.clone()))
        }
    }

    fn wrap_up_is_forbidden(&self) -> bool {
        let forbids = |setting: &str| setting.eq_ignore_ascii_case("NOT_ALLOWED");
        forbids(self.user().wrap_up_incoming.as_str())
            && forbids(self.user().wrap_up_outgoing.as_str())
    }
}

/// Seen: captures of older releases do not list these for an active party, though the party may.
fn is_often_unlisted(action: &CallAction) -> bool {
    !matches!(
        action,
        CallAction::Answer
            | CallAction::Hold
            | CallAction::Retrieve
            | CallAction::Drop
            | CallAction::ConsultCall
            | CallAction::Transfer
            | CallAction::Conference
            | CallAction::UpdateCallData
            | CallAction::Accept
            | CallAction::Reject
            | CallAction::Close
    )
}

#[cfg(test)]
mod tests {
    use alloc::string::ToString;
    use alloc::vec::Vec;

    use super::*;
    use crate::agent::{Dialog, Participant, Platform, User};

    fn agent(platform: Platform, state: AgentState) -> AgentModel {
        let mut model = AgentModel::new("1001".into(), platform);
        model.apply_user(User {
            id: "1001".into(),
            state,
            extension: Some("2001".into()),
            ..User::default()
        });
        model
    }

    /// The states in which `intent` is allowed, with `~` where it takes effect later.
    fn allowed(platform: Platform, intent: &Intent) -> Vec<alloc::string::String> {
        let states = AgentState::KNOWN
            .iter()
            .filter(|state| **state != AgentState::Unknown);
        states
            .filter_map(
                |state| match agent(platform, state.clone()).allows(intent) {
                    Ok(Permit::Now) => Some(state.to_string()),
                    Ok(Permit::WhenCallEnds) => Some(alloc::format!("~{state}")),
                    Err(_) => None,
                },
            )
            .collect()
    }

    #[test]
    fn ucce_allows_what_its_table_says() {
        let allowed = |intent| allowed(Platform::Ucce, &intent);

        assert_eq!(allowed(Intent::SignOut), ["NOT_READY"]);
        assert_eq!(
            allowed(Intent::BeReady),
            [
                "NOT_READY",
                "READY",
                "RESERVED_OUTBOUND",
                "~RESERVED_OUTBOUND_PREVIEW",
                "~TALKING",
                "~HOLD",
                "WORK",
                "WORK_READY"
            ]
        );
        assert_eq!(
            allowed(Intent::BeNotReady),
            [
                "NOT_READY",
                "READY",
                "RESERVED_OUTBOUND",
                "~RESERVED_OUTBOUND_PREVIEW",
                "~TALKING",
                "~HOLD",
                "WORK",
                "WORK_READY"
            ]
        );
        assert_eq!(
            allowed(Intent::BeWorkReady),
            ["~TALKING", "~HOLD", "WORK", "WORK_READY"]
        );
    }

    #[test]
    fn uccx_allows_sign_out_from_ready_and_no_ready_in_a_call() {
        let allowed = |intent| allowed(Platform::Uccx, &intent);

        assert_eq!(allowed(Intent::SignOut), ["NOT_READY", "READY"]);
        assert!(
            !allowed(Intent::BeReady)
                .iter()
                .any(|state| state.contains("TALKING"))
        );
        assert_eq!(allowed(Intent::BeWorkReady), [""; 0]);
    }

    #[test]
    fn a_sign_in_is_always_allowed_and_nothing_else_while_signed_out() {
        let model = agent(Platform::Ucce, AgentState::Logout);

        assert_eq!(model.allows(&Intent::SignIn), Ok(Permit::Now));
        for intent in [
            Intent::SignOut,
            Intent::BeReady,
            Intent::BeNotReady,
            Intent::MakeCall,
        ] {
            assert_eq!(model.allows(&intent), Err(Refusal::NotSignedIn));
        }
    }

    #[test]
    fn an_unknown_state_leaves_the_decision_to_finesse() {
        for state in [AgentState::Unknown, AgentState::Other("PAUSED".into())] {
            let model = agent(Platform::Ucce, state);
            for intent in [
                Intent::SignOut,
                Intent::BeReady,
                Intent::BeWork,
                Intent::MakeCall,
            ] {
                assert_eq!(model.allows(&intent), Ok(Permit::Now));
            }
        }
    }

    #[test]
    fn a_supervisor_signs_an_agent_out_of_a_call_but_cannot_make_it_not_ready() {
        let model = agent(Platform::Ucce, AgentState::Talking);

        assert_eq!(model.allows_supervisor(&Intent::SignOut), Ok(Permit::Now));
        assert_eq!(
            model.allows_supervisor(&Intent::BeNotReady),
            Err(Refusal::State(AgentState::Talking))
        );
        assert_eq!(
            model.allows_supervisor(&Intent::SignIn),
            Err(Refusal::NotForSupervisors)
        );
        assert_eq!(
            agent(Platform::Ucce, AgentState::Logout).allows_supervisor(&Intent::SignOut),
            Err(Refusal::NotSignedIn)
        );
    }

    #[test]
    fn wrap_up_that_the_settings_forbid_is_refused() {
        let mut model = agent(Platform::Ucce, AgentState::Talking);
        let user = User {
            wrap_up_incoming: "NOT_ALLOWED".into(),
            wrap_up_outgoing: "NOT_ALLOWED".into(),
            ..model.user().clone()
        };
        model.apply_user(user);

        assert_eq!(
            model.allows(&Intent::BeWork),
            Err(Refusal::WrapUpNotAllowed)
        );
    }

    fn with_call(state: ParticipantState, actions: Vec<CallAction>) -> AgentModel {
        let mut model = agent(Platform::Ucce, AgentState::Talking);
        let party = |address: &str, actions| Participant {
            address: address.into(),
            state: state.clone(),
            actions,
            ..Participant::default()
        };
        model.apply_dialog(Dialog {
            id: "17".into(),
            participants: alloc::vec![
                party("4711", alloc::vec![CallAction::Answer]),
                party("2001", actions)
            ],
            ..Dialog::default()
        });
        model
    }

    fn act(model: &AgentModel, action: CallAction) -> Result<Permit, Refusal> {
        model.allows(&Intent::Act("17".into(), action))
    }

    #[test]
    fn a_call_allows_what_the_own_party_lists_and_not_what_the_other_does() {
        let model = with_call(ParticipantState::Active, alloc::vec![CallAction::Hold]);

        assert_eq!(act(&model, CallAction::Hold), Ok(Permit::Now));
        assert_eq!(
            act(&model, CallAction::Answer),
            Err(Refusal::Action(CallAction::Answer))
        );
    }

    #[test]
    fn actions_that_old_releases_do_not_list_are_left_to_finesse_in_an_active_call() {
        let active = with_call(ParticipantState::Active, alloc::vec![CallAction::Hold]);
        let held = with_call(ParticipantState::Held, alloc::vec![CallAction::Retrieve]);

        assert_eq!(act(&active, CallAction::SendDtmf), Ok(Permit::Now));
        assert_eq!(
            act(&held, CallAction::SendDtmf),
            Err(Refusal::Action(CallAction::SendDtmf))
        );
    }

    #[test]
    fn a_call_of_others_and_an_unknown_one_are_refused() {
        let mut model = with_call(ParticipantState::Active, alloc::vec![]);
        model.apply_dialog(Dialog {
            id: "18".into(),
            ..Dialog::default()
        });

        assert_eq!(
            model.allows(&Intent::Act("18".into(), CallAction::Drop)),
            Err(Refusal::NoParty("18".into()))
        );
        assert_eq!(
            model.allows(&Intent::Act("19".into(), CallAction::Drop)),
            Err(Refusal::UnknownDialog("19".into()))
        );
    }
}
