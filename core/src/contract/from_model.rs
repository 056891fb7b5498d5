//! Events made of the agent model.

use alloc::vec::Vec;

use super::call::{Call, CallParticipant, CallState};
use super::event::{AgentInfo, AgentStatus, Event};
use super::layout::Layout;
use super::lists::TeamUser;
use crate::agent::{Dialog, DialogState, Extension, Participant, ParticipantState, Text, User};

impl AgentStatus {
    /// What `State` says of an agent.
    #[must_use]
    pub fn from_user(user: &User) -> Self {
        let reason = user.reason.clone().unwrap_or_default();
        Self {
            state: user.state.clone(),
            reason_code: reason.code.unwrap_or_default(),
            reason_label: reason.label,
            pending_state: user.pending_state.clone(),
            state_changed: user.state_changed,
            full_name: user.full_name(),
            agent: user.id.clone(),
            extension: user.extension.clone(),
        }
    }
}

impl AgentInfo {
    /// What `AgentInfo` says of an agent. The teams are those supervised, else the own one.
    #[must_use]
    pub fn from_user(user: &User) -> Self {
        let teams = match user.supervised.as_slice() {
            [] => user.team.iter().cloned().collect(),
            supervised => supervised.to_vec(),
        };
        Self {
            first_name: user.first_name.clone(),
            last_name: user.last_name.clone(),
            is_supervisor: user.roles.supervisor,
            wrap_up_mode: user.wrap_up_incoming.clone(),
            teams,
            team: user.team.as_ref().map(|team| team.id.clone()),
            full_name: user.full_name(),
        }
    }
}

impl TeamUser {
    /// What `TeamUsersList` says of an agent.
    #[must_use]
    pub fn from_user(user: &User) -> Self {
        Self {
            first_name: user.first_name.clone(),
            last_name: user.last_name.clone(),
            extension: user.extension.clone(),
            id: user.id.clone(),
            state: user.state.clone(),
            reason_code: user
                .reason
                .as_ref()
                .and_then(|r| r.code.clone())
                .unwrap_or_default(),
            pending_state: user.pending_state.clone(),
            state_changed: user.state_changed,
        }
    }
}

impl Call {
    /// What events say of a call to the agent on line `own`.
    ///
    /// The state is the agent's view: `HELD` while the agent holds, `DROPPED` once the agent left,
    /// `ALERTING` while it rings at the agent; else that of the call as a whole.
    #[must_use]
    pub fn from_dialog(dialog: &Dialog, own: Option<&Extension>, layout: &Layout) -> Self {
        let party = own.and_then(|own| dialog.participant(own.as_str()));
        let state = state_for(dialog, party);
        let address = match state {
            CallState::Failed => failure_text(dialog, party),
            _ => dialog.from.clone(),
        };
        Self {
            state,
            dialog: dialog.id.clone(),
            address,
            variables: variables(dialog, layout),
            started: party
                .and_then(|party| party.started)
                .or_else(|| dialog.started()),
            call_type: call_type(dialog, own, layout),
            participants: dialog
                .participants
                .iter()
                .map(CallParticipant::from_party)
                .collect(),
        }
    }

    /// As [`from_dialog`](Self::from_dialog), for `ConsultCall`: tells the consulted number in the
    /// place of the caller's.
    #[must_use]
    pub fn from_consult(dialog: &Dialog, own: Option<&Extension>, layout: &Layout) -> Self {
        let mut call = Self::from_dialog(dialog, own, layout);
        if call.state != CallState::Failed {
            call.address = dialog.to.clone();
        }
        call
    }

    /// What `NewOutboundCall` says of a call that the agent on line `own` has placed: the number
    /// called stands in the place of the caller's.
    #[must_use]
    pub fn from_outbound(dialog: &Dialog, own: Option<&Extension>, layout: &Layout) -> Self {
        Self {
            address: dialog.to.clone(),
            ..Self::from_dialog(dialog, own, layout)
        }
    }

    /// As [`from_dialog`](Self::from_dialog), for a call that the agent on line `own` listens to:
    /// its type says so whatever Finesse calls it (no document tells its word).
    #[must_use]
    pub fn from_monitored(dialog: &Dialog, own: Option<&Extension>, layout: &Layout) -> Self {
        Self {
            call_type: layout.words.monitored.clone(),
            ..Self::from_dialog(dialog, own, layout)
        }
    }

    /// What events say of a call that is over for the agent: its last snapshot, dropped.
    #[must_use]
    pub fn ended(dialog: &Dialog, own: Option<&Extension>, layout: &Layout) -> Self {
        let call = Self::from_dialog(dialog, own, layout);
        Self {
            state: CallState::Dropped,
            address: dialog.from.clone(),
            ..call
        }
    }
}

impl CallParticipant {
    fn from_party(party: &Participant) -> Self {
        Self {
            address: party.address.clone(),
            state: party.state.clone(),
            device: party.address_type.clone(),
            role: Text::default(),
            started: party.started,
        }
    }
}

impl Event {
    /// `DialogControls`: what the agent on line `own` may do to a call.
    #[must_use]
    pub fn dialog_controls(dialog: &Dialog, own: Option<&Extension>) -> Self {
        let party = own.and_then(|own| dialog.participant(own.as_str()));
        let actions = party.map_or_else(Vec::new, |party| party.actions.clone());
        Self::DialogControls {
            dialog: dialog.id.clone(),
            actions,
        }
    }

    /// `TeamUsersList`: the members of a team, or what is known of them.
    #[must_use]
    pub fn team_users<'a>(users: impl IntoIterator<Item = &'a User>) -> Self {
        Self::TeamUsersList(users.into_iter().map(TeamUser::from_user).collect())
    }

    /// `ConnectStatus`: the agent is connected.
    #[must_use]
    pub fn connected(layout: &Layout) -> Self {
        Self::ConnectStatus {
            status: layout.words.connected.clone(),
        }
    }
}

fn state_for(dialog: &Dialog, own: Option<&Participant>) -> CallState {
    match (&dialog.state, own.map(|party| &party.state)) {
        (DialogState::Failed, _) | (_, Some(ParticipantState::Failed)) => CallState::Failed,
        (DialogState::Dropped, _)
        | (_, Some(ParticipantState::Dropped | ParticipantState::WrapUp)) => CallState::Dropped,
        (_, Some(ParticipantState::Held)) => CallState::Held,
        (_, Some(ParticipantState::Alerting)) => CallState::Alerting,
        (state, _) => CallState::from_wire(state.as_wire()),
    }
}

/// The cause of a failed call: that of the own party, else the first that names one.
fn failure_text(dialog: &Dialog, own: Option<&Participant>) -> Text {
    own.into_iter()
        .chain(&dialog.participants)
        .map(|party| &party.cause)
        .find(|cause| !cause.is_empty())
        .cloned()
        .unwrap_or_else(|| "FAILED".into())
}

/// Finesse's words for a consult call; the second one while it is offered.
const CONSULT_TYPES: [&str; 2] = ["CONSULT", "CONSULT_OFFERED"];

fn call_type(dialog: &Dialog, own: Option<&Extension>, layout: &Layout) -> Text {
    let mut words = CONSULT_TYPES.iter();
    let is_consult = words.any(|word| dialog.call_type.as_str().eq_ignore_ascii_case(word));
    let is_caller = own.is_some_and(|own| dialog.from == *own.as_str());
    if is_consult && own.is_some() && !is_caller {
        layout.words.consulted.clone()
    } else {
        layout.call_type(&dialog.call_type).clone()
    }
}

/// `ani` and `associatedDialogId`, then the plain variables, sent or not, then all others.
fn variables(dialog: &Dialog, layout: &Layout) -> Vec<(Text, Text)> {
    let words = &layout.words;
    let associated = dialog
        .associated
        .clone()
        .map(Text::from)
        .unwrap_or_default();
    let mut variables = Vec::with_capacity(2 + words.call_variables.len() + dialog.variables.len());
    variables.push((words.ani.clone(), dialog.from.clone()));
    variables.push((words.associated.clone(), associated));
    for name in &words.call_variables {
        let value = dialog.variable(name.as_str()).cloned().unwrap_or_default();
        variables.push((name.clone(), value));
    }
    let is_plain = |name: &Text| {
        words
            .call_variables
            .iter()
            .any(|plain| plain.as_str().eq_ignore_ascii_case(name.as_str()))
    };
    variables.extend(
        dialog
            .variables
            .iter()
            .filter(|(name, _)| !is_plain(name))
            .cloned(),
    );
    variables
}

#[cfg(test)]
mod tests {
    use alloc::vec;

    use super::*;
    use crate::agent::{AgentState, CallAction, Reason, Roles, Team};
    use crate::contract::TimeFormat;
    use crate::machine::UnixMillis;

    fn ann() -> User {
        User {
            id: "5000".into(),
            first_name: "Ann".into(),
            last_name: "Lee".into(),
            roles: Roles {
                agent: true,
                supervisor: true,
            },
            state: AgentState::NotReady,
            state_changed: Some(UnixMillis(1_658_513_807_123)),
            reason: Some(Reason {
                id: Some("16".into()),
                code: Some("10".into()),
                label: "Lunch, long".into(),
            }),
            extension: Some("42053".into()),
            team: Some(Team {
                id: "1".into(),
                name: "Blue".into(),
            }),
            supervised: vec![
                Team {
                    id: "1".into(),
                    name: "Blue".into(),
                },
                Team {
                    id: "2".into(),
                    name: "R|d".into(),
                },
            ],
            wrap_up_incoming: "OPTIONAL".into(),
            ..User::default()
        }
    }

    fn party(address: &str, state: ParticipantState) -> Participant {
        Participant {
            address: address.into(),
            address_type: "AGENT_DEVICE".into(),
            state,
            started: Some(UnixMillis(1_658_513_807_000)),
            ..Participant::default()
        }
    }

    fn consult() -> Dialog {
        Dialog {
            id: "17672721".into(),
            state: DialogState::Active,
            from: "42512".into(),
            to: "42053".into(),
            call_type: "CONSULT".into(),
            associated: Some("17672718".into()),
            variables: vec![
                ("user.microapp.locale".into(), "en-us".into()),
                ("CALLVARIABLE4".into(), "CONSULT".into()),
                ("callVariable3".into(), "null".into()),
                ("callVariable7".into(), "42035".into()),
                ("callVariable8".into(), "MAINAPP".into()),
            ],
            participants: vec![
                party("42053", ParticipantState::Active),
                party("42512", ParticipantState::Active),
            ],
            ..Dialog::default()
        }
    }

    fn text(event: &Event) -> alloc::string::String {
        event.format(&"5000".into(), &Layout::default(), &TimeFormat::UTC)
    }

    fn call(dialog: &Dialog, own: &str) -> Call {
        Call::from_dialog(dialog, Some(&own.into()), &Layout::default())
    }

    #[test]
    fn a_consulted_partys_call_looks_like_the_captured_one() {
        assert_eq!(
            text(&Event::InboundCall(call(&consult(), "42053"))),
            "5000#InboundCall#ACTIVE#DialogID:17672721#42512#ani=42512|\
            associatedDialogId=17672718|callVariable1=|callVariable2=|callVariable3=null|\
            callVariable4=CONSULT|callVariable5=|callVariable6=|callVariable7=42035|\
            callVariable8=MAINAPP|callVariable9=|callVariable10=|user.microapp.locale=en-us#\
            2022-07-22 18:16:47#CallType:CONSULT_IN#ParticipantsCount:2#\
            participants:42053,ACTIVE,AGENT_DEVICE,,2022-07-22 18:16:47|\
            42512,ACTIVE,AGENT_DEVICE,,2022-07-22 18:16:47"
        );
    }

    #[test]
    fn the_consulting_party_sees_finesses_call_type_and_the_consulted_number() {
        let consult = Call::from_consult(&consult(), Some(&"42512".into()), &Layout::default());

        assert_eq!(
            (consult.call_type.as_str(), consult.address.as_str()),
            ("CONSULT", "42053")
        );
    }

    #[test]
    fn a_monitored_call_has_the_short_call_type() {
        let dialog = Dialog {
            call_type: "supervisor_monitor".into(),
            ..consult()
        };

        assert_eq!(call(&dialog, "42053").call_type, "SM");
    }

    #[test]
    fn a_call_that_is_listened_to_is_marked_whatever_finesse_calls_it() {
        let dialog = Dialog {
            call_type: "OTHER_IN".into(),
            ..consult()
        };

        let call = Call::from_monitored(&dialog, Some(&"42053".into()), &Layout::default());

        assert_eq!(call.call_type, "SM");
        assert_eq!(call.address, "42512");
    }

    #[test]
    fn an_offered_consult_call_is_one_already_and_an_unknown_type_is_empty() {
        let of_type = |call_type: &str, own: &str| {
            let dialog = Dialog {
                call_type: call_type.into(),
                ..consult()
            };
            call(&dialog, own).call_type
        };

        assert_eq!(of_type("consult_offered", "42053"), "CONSULT_IN");
        assert_eq!(of_type("CONSULT_OFFERED", "42512"), "CONSULT_OFFERED");
        assert_eq!(of_type("NULL", "42053"), "");
        assert_eq!(of_type("PREROUTE_ACD_IN", "42053"), "PREROUTE_ACD_IN");
    }

    #[test]
    fn a_consult_call_has_the_layout_of_a_call_with_the_consulted_number() {
        let dialog = Dialog {
            variables: vec![],
            ..consult()
        };
        let layout = Layout {
            words: crate::contract::Words {
                call_variables: vec![],
                ..crate::contract::Words::default()
            },
            ..Layout::default()
        };

        let event = Event::ConsultCall(Call::from_consult(&dialog, Some(&"42512".into()), &layout));

        assert_eq!(
            text(&event),
            "5000#ConsultCall#ACTIVE#DialogID:17672721#42053#ani=42512|\
            associatedDialogId=17672718#2022-07-22 18:16:47#CallType:CONSULT#ParticipantsCount:2#\
            participants:42053,ACTIVE,AGENT_DEVICE,,2022-07-22 18:16:47|\
            42512,ACTIVE,AGENT_DEVICE,,2022-07-22 18:16:47"
        );
    }

    #[test]
    fn a_team_lists_its_members_with_what_is_known_of_them() {
        let signed_out = User {
            id: "5001".into(),
            state: AgentState::Logout,
            ..User::default()
        };

        assert_eq!(
            text(&Event::team_users([&ann(), &signed_out])),
            "5000#TeamUsersList#firstName:Ann,lastName:Lee,extension:42053,loginId:5000,\
            state:NOT_READY,reasonCode:10,pendingState:,stateChangeTime:2022-07-22 18:16:47#\
            firstName:,lastName:,extension:,loginId:5001,state:LOGOUT,reasonCode:,pendingState:,\
            stateChangeTime:"
        );
        assert_eq!(text(&Event::team_users([])), "5000#TeamUsersList");
    }

    #[test]
    fn the_call_state_is_that_of_the_agent() {
        let state = |state: DialogState, own: ParticipantState| {
            let participants = vec![party("4711", ParticipantState::Active), party("42053", own)];
            call(
                &Dialog {
                    state,
                    participants,
                    ..consult()
                },
                "42053",
            )
            .state
        };
        use {DialogState as D, ParticipantState as P};

        assert_eq!(state(D::Active, P::Held), CallState::Held);
        assert_eq!(state(D::Active, P::Active), CallState::Active);
        assert_eq!(state(D::Active, P::Dropped), CallState::Dropped);
        assert_eq!(state(D::Active, P::WrapUp), CallState::Dropped);
        assert_eq!(state(D::Active, P::Alerting), CallState::Alerting);
        assert_eq!(state(D::Alerting, P::Initiated), CallState::Alerting);
        assert_eq!(state(D::Initiated, P::Initiated), CallState::Initiated);
        assert_eq!(state(D::Dropped, P::Held), CallState::Dropped);
        assert_eq!(state(D::Active, P::Failed), CallState::Failed);
        assert_eq!(
            state(D::Other("PAUSED".into()), P::Active),
            CallState::Other("PAUSED".into())
        );
    }

    #[test]
    fn a_failed_call_tells_its_cause_in_the_place_of_the_caller() {
        let mut dialog = Dialog {
            state: DialogState::Failed,
            ..consult()
        };
        assert_eq!(call(&dialog, "42053").address, "FAILED");

        dialog.participants[1].cause = "BUSY".into();
        assert_eq!(call(&dialog, "42053").address, "BUSY");
    }

    #[test]
    fn an_ended_call_is_dropped_whatever_its_last_snapshot_said() {
        let dialog = Dialog {
            state: DialogState::Failed,
            ..consult()
        };

        let ended = Call::ended(&dialog, Some(&"42053".into()), &Layout::default());

        assert_eq!(
            (ended.state, ended.address.as_str()),
            (CallState::Dropped, "42512")
        );
    }

    #[test]
    fn a_call_without_variables_carries_the_plain_ones_empty() {
        let dialog = Dialog {
            variables: vec![],
            associated: None,
            ..consult()
        };

        let names: Vec<_> = call(&dialog, "1").variables.into_iter().collect();

        assert_eq!(names.len(), 12);
        assert_eq!(names[1], ("associatedDialogId".into(), "".into()));
        assert!(names[2..].iter().all(|(_, value)| value.is_empty()));
    }

    #[test]
    fn a_caller_who_keys_separators_shifts_nothing() {
        let mut dialog = consult();
        dialog.variables = vec![("user.pin".into(), "1#DialogID:9|x=y,z".into())];

        let event = Event::InboundCall(call(&dialog, "42053"));
        let formatted = event.format_counted(&"5000".into(), &Layout::default(), &TimeFormat::UTC);

        assert_eq!(formatted.replaced, 3);
        assert!(
            formatted.text.contains("|user.pin=1 DialogID:9 x=y z#2022"),
            "{formatted:?}"
        );
    }

    #[test]
    fn a_state_tells_the_reasons_code_not_its_id() {
        assert_eq!(
            text(&Event::State(AgentStatus::from_user(&ann()))),
            "5000#State#NOT_READY#10#Lunch  long##2022-07-22 18:16:47#Ann Lee#5000#42053"
        );
    }

    #[test]
    fn agent_info_lists_the_supervised_teams_else_the_own_one() {
        let mut user = ann();
        assert_eq!(
            text(&Event::AgentInfo(AgentInfo::from_user(&user))),
            "5000#AgentInfo#Ann#Lee#true#OPTIONAL#Teams:2#1,Blue|2,R d#1#Ann Lee"
        );

        user.supervised.clear();
        user.roles.supervisor = false;
        assert_eq!(
            text(&Event::AgentInfo(AgentInfo::from_user(&user))),
            "5000#AgentInfo#Ann#Lee#false#OPTIONAL#Teams:1#1,Blue#1#Ann Lee"
        );
    }

    #[test]
    fn controls_are_those_of_the_own_party() {
        let mut dialog = consult();
        dialog.participants[0].actions = vec![CallAction::Hold, CallAction::Drop];
        dialog.participants[1].actions = vec![CallAction::Answer];

        assert_eq!(
            text(&Event::dialog_controls(&dialog, Some(&"42053".into()))),
            "5000#DialogControls#DialogID:17672721#Controls:HOLD,DROP"
        );
    }
}
