//! What is told to whom. Finesse Developer Guide, "Cisco Finesse notifications".

use finewire_core::agent::{AgentId, Dialog, DialogState};
use finewire_finesse::{ApiErrors, Resource, Update, UpdateData, UpdateMethod};

use super::call::CallId;
use super::{Happening, World};

impl World {
    /// Leaves an update behind; it is tagged when it comes by the node of the request's cause.
    pub(super) fn publish(
        &mut self,
        node: Resource,
        source: Resource,
        method: UpdateMethod,
        data: UpdateData,
    ) {
        let cause = self.cause.as_ref().filter(|(_, tagged)| *tagged == node);
        let request_id = cause.and_then(|(id, _)| id.clone());
        let update = Update {
            node,
            source,
            method,
            request_id,
            data,
        };
        self.happenings.push(Happening::Update(update));
    }

    /// Tells everybody concerned how this agent is now: the agent and the agent's team.
    pub(super) fn publish_user(&mut self, agent: &AgentId) {
        let Some(user) = self.user(agent) else { return };
        self.happenings
            .push(Happening::AgentChanged(agent.clone(), user.state.clone()));
        self.touch_queues_of(agent);
        let node = Resource::User(agent.clone());
        if let Some(team) = &user.team {
            let data = UpdateData::User(Box::new(user.clone()));
            let team = Resource::TeamUsers(team.id.clone());
            self.publish(team, node.clone(), UpdateMethod::Put, data);
        }
        self.publish(
            node.clone(),
            node,
            UpdateMethod::Put,
            UpdateData::User(Box::new(user)),
        );
    }

    /// Leaves an asynchronous refusal behind, on the node of the request's cause.
    pub(super) fn refuse(&mut self, source: Resource, errors: ApiErrors) {
        let Some((_, node)) = self.cause.clone() else {
            return;
        };
        self.publish(node, source, UpdateMethod::Put, UpdateData::Errors(errors));
    }

    pub(super) fn publish_added(&mut self, id: CallId, agent: &AgentId) {
        let Some(call) = self.calls.get(&id) else {
            return;
        };
        let dialog = call.snapshot(self.profile);
        self.happenings
            .push(Happening::CallChanged(dialog.id.clone()));
        let node = Resource::Dialogs(agent.clone());
        self.publish(
            node.clone(),
            node,
            UpdateMethod::Post,
            UpdateData::Dialogs(vec![dialog]),
        );
    }

    pub(super) fn publish_changed(&mut self, id: CallId) {
        self.publish_changed_except(id, None);
    }

    pub(super) fn publish_changed_except(&mut self, id: CallId, except: Option<&AgentId>) {
        let Some(call) = self.calls.get(&id) else {
            return;
        };
        let dialog = call.snapshot(self.profile);
        let agents = call.agents();
        self.happenings
            .push(Happening::CallChanged(dialog.id.clone()));
        for agent in agents.iter().filter(|agent| Some(*agent) != except) {
            self.publish_dialog(agent, dialog.clone());
        }
    }

    pub(super) fn publish_dialog(&mut self, agent: &AgentId, dialog: Dialog) {
        let source = Resource::Dialog(dialog.id.clone());
        let data = UpdateData::Dialog(Box::new(dialog));
        self.publish(
            Resource::Dialogs(agent.clone()),
            source,
            UpdateMethod::Put,
            data,
        );
    }

    /// Tells an agent who left a call that goes on without: dropped, then removed.
    pub(super) fn publish_left(&mut self, id: CallId, agent: &AgentId) {
        let Some(call) = self.calls.get(&id) else {
            return;
        };
        let mut dialog = call.snapshot(self.profile);
        dialog.state = DialogState::Dropped;
        self.publish_dialog(agent, dialog.clone());
        self.publish_removed(agent, dialog);
    }

    /// Takes a call off an agent's list.
    pub(super) fn publish_removed(&mut self, agent: &AgentId, dialog: Dialog) {
        let node = Resource::Dialogs(agent.clone());
        let data = UpdateData::Dialogs(vec![dialog]);
        self.publish(node.clone(), node, UpdateMethod::Delete, data);
    }
}
