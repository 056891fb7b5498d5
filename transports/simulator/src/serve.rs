//! What comes in by HTTP, and the effects of accepted requests.

use core::time::Duration;

use bytes::Bytes;
use finewire_core::agent::{AgentId, AgentState, Text};
use finewire_core::machine::{Input, LinkEvent, LinkId, Machine};
use finewire_finesse::{Request, Resource, TeamMessage, Update, UpdateData, UpdateMethod};
use finewire_http::http::header::HOST;
use finewire_http::http::{self, Response, StatusCode};
use finewire_http::{ServerCommand, ServerEvent, ws};
use serde_json::json;

use crate::config::Node;
use crate::door::{self, Turned, Wish};
use crate::machine::{Job, Simulator};
use crate::rest::{Desk, Effect, Served};
use crate::verbs::Event;
use crate::world::Campaign;

impl Simulator {
    pub(crate) fn serve(
        &mut self,
        link: LinkId,
        node: Node,
        exchange: u64,
        request: &http::Request<Bytes>,
    ) {
        let system = self.system_now(node);
        let mut desk = Desk {
            now: self.now,
            config: &self.config,
            world: &self.world,
            locks: &mut self.locks,
            system: &system,
            messages: &self.messages,
            tokens: &self.tokens,
        };
        let Served {
            response,
            effect,
            agent,
            verb,
        } = desk.serve(request);
        let line = format!("{} {}", request.method(), request.uri().path());
        let status = response.status().as_u16();
        self.outputs.event(Event::RequestServed {
            agent,
            line: line.into(),
            verb,
            status,
        });
        let timing = &self.config.timing;
        let (first, last) = (timing.effect.1 + timing.notification.1, timing.answer);
        let mut delay = self.span(last);
        if effect.is_some() && self.config.knobs.event_before_answer {
            delay += first + Duration::from_millis(1);
        }
        delay += self.config.knobs.slow_rest.unwrap_or_default();
        if let Some(mut effect) = effect {
            effect.node = node;
            self.schedule_effect(effect);
        }
        self.agenda.add(
            self.now + delay,
            Job::Answer(link, exchange, Box::new(response)),
        );
    }

    pub(crate) fn answer(&mut self, link: LinkId, exchange: u64, response: Response<Bytes>) {
        let command = self.next_command();
        let now = self.now;
        let answer = ServerCommand::Answer { exchange, response };
        if let Some(web) = self.web.get_mut(&link) {
            let answer = ws::ServerCommand::Http(answer);
            web.peer.handle_input(now, Input::Command(command, answer));
        } else if let Some(peer) = self.door.get_mut(&link) {
            peer.handle_input(now, Input::Command(command, answer));
        }
        self.touch(link);
    }

    /// An accepted request reaches the telephone system.
    pub(crate) fn take_effect(&mut self, effect: &Effect) {
        if !self.serves(effect.node) {
            return;
        }
        let Effect {
            request,
            agent,
            by_supervisor,
            ..
        } = effect;
        if matches!(request, Request::SignIn { .. }) {
            self.note_sign_in(agent, effect.node);
        }
        self.with_world(Some(effect), |world| match request {
            Request::SignIn {
                extension, mobile, ..
            } => {
                world.sign_in(agent, extension, mobile.as_ref());
            }
            Request::SignOut { reason_id, .. } => {
                world.sign_out(agent, reason_id.clone(), *by_supervisor);
            }
            Request::ChangeState {
                state, reason_id, ..
            } => {
                world.change_state(agent, state.clone(), reason_id.clone(), *by_supervisor);
            }
            Request::MakeCall {
                from,
                to,
                variables,
                ..
            } => {
                world.make_call(agent, from, to, variables);
            }
            Request::Act {
                dialog,
                action,
                address,
                to,
                params,
            } => {
                if Campaign::concerns(action) {
                    return world.act_for_campaign(agent, dialog, action, params);
                }
                world.act(agent, dialog, action, address, to.as_ref());
            }
            Request::UpdateCallData {
                dialog,
                wrap_up_reason,
                variables,
            } => {
                world.update_call_data(dialog, wrap_up_reason.as_ref(), variables);
            }
            Request::SilentMonitor { from, to, .. } => world.silent_monitor(agent, from, to),
            Request::Barge { from, dialog, .. } => world.barge(agent, from, dialog),
            _ => {}
        });
        match request {
            Request::SendTeamMessage {
                teams,
                content,
                seconds,
            } => {
                let by = self.world.user(agent);
                let message = TeamMessage {
                    id: Text::default(),
                    by: agent.clone(),
                    first_name: by
                        .as_ref()
                        .map(|by| by.first_name.clone())
                        .unwrap_or_default(),
                    last_name: by
                        .as_ref()
                        .map(|by| by.last_name.clone())
                        .unwrap_or_default(),
                    created: Some(self.wall()),
                    seconds: *seconds,
                    content: content.clone(),
                    teams: teams.clone(),
                };
                if let Some(added) = self.messages.add(message) {
                    let ends = self.now + Duration::from_secs((*seconds).into());
                    self.agenda.add(ends, Job::EndMessage(added.id.clone()));
                    self.tell_message(&added, UpdateMethod::Post);
                }
            }
            Request::DeleteTeamMessage { message } => {
                self.end_message(message);
            }
            _ => {}
        }
        if matches!(request, Request::SignIn { .. }) && self.config.knobs.stray_logout {
            self.say_stray_logout(agent);
        }
    }

    /// Takes a team message away, and says so.
    pub(crate) fn end_message(&mut self, id: &Text) {
        if let Some(message) = self.messages.remove(id) {
            self.tell_message(&message, UpdateMethod::Delete);
        }
    }

    /// Tells the teams of a message. No document names the node; it is taken to be the one under
    /// which the messages are read.
    fn tell_message(&mut self, message: &TeamMessage, method: UpdateMethod) {
        for team in &message.teams {
            self.schedule_update(Update {
                node: Resource::TeamMessagesOf(team.clone()),
                source: Resource::TeamMessage(message.id.clone()),
                method,
                request_id: None,
                data: UpdateData::TeamMessage(Box::new(message.clone())),
            });
        }
    }

    /// Seen: after a failover the old node says that the agent it lost signed out.
    fn say_stray_logout(&mut self, agent: &AgentId) {
        let Some(mut user) = self.world.user(agent) else {
            return;
        };
        user.state = AgentState::Logout;
        user.extension = None;
        user.reason = None;
        let node = Resource::User(agent.clone());
        self.schedule_update(Update {
            node: node.clone(),
            source: node,
            method: UpdateMethod::Put,
            request_id: None,
            data: UpdateData::User(Box::new(user)),
        });
    }

    pub(crate) fn on_door(&mut self, link: LinkId, event: LinkEvent<ServerEvent>) {
        match event {
            LinkEvent::Said(ServerEvent::Requested { exchange, request }) => {
                let response = self.at_the_door(&request);
                self.answer(link, exchange, *response);
            }
            LinkEvent::Down { .. } => {
                self.door.remove(&link);
            }
            LinkEvent::Up | LinkEvent::Said(_) => {}
        }
    }

    fn at_the_door(&mut self, request: &http::Request<Bytes>) -> Turned {
        // A page in a browser must not play on the door of its own machine.
        if request.headers().contains_key(http::header::ORIGIN)
            || !request.headers().contains_key(HOST)
        {
            return door::say(StatusCode::FORBIDDEN, &json!({"error": "not for browsers"}));
        }
        match door::read(request, self.config.door_token.as_ref()) {
            Err(response) => response,
            Ok(Wish::Agents) => door::say(StatusCode::OK, &door::agents(&self.truth())),
            Ok(Wish::Calls) => door::say(StatusCode::OK, &door::calls(&self.truth())),
            Ok(Wish::Knobs) => door::say(StatusCode::OK, &door::knobs(&self.config.knobs)),
            Ok(Wish::Do(command)) => done(self.carry_out(None, command)),
            Ok(Wish::Steps(steps)) => {
                let steps = steps.into_iter();
                let last = steps.map(|step| self.take_step(step));
                done(last.collect::<Result<Vec<_>, _>>().map(|all| {
                    let mut placed = all.into_iter().flatten();
                    placed.next()
                }))
            }
        }
    }
}

/// The answer to something that was tried.
fn done(result: Result<Option<Text>, Text>) -> Turned {
    match result {
        Ok(Some(dialog)) => door::say(StatusCode::CREATED, &json!({ "dialog": dialog.as_str() })),
        Ok(None) => door::say(StatusCode::OK, &json!({})),
        Err(why) => door::say(StatusCode::CONFLICT, &json!({ "error": why.as_str() })),
    }
}
