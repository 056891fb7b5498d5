//! What comes in by XMPP, and who is told what.

use bytes::Bytes;
use finewire_core::agent::AgentId;
use finewire_core::machine::{Closing, Input, LinkEvent, LinkId, Machine, Output};
use finewire_finesse::{Resource, Update};
use finewire_http::ws;
use finewire_xmpp::{Element, Jid, PubSubRequest, ServerCommand, ServerEvent};
use finewire_xmpp::{StanzaError, StreamError, ns};

use crate::config::Node;
use crate::knobs::Sso;
use crate::machine::{Job, Simulator};
use crate::shape::shape;
use crate::verbs::Event;

impl Simulator {
    pub(crate) fn on_xmpp(&mut self, link: LinkId, event: LinkEvent<ServerEvent>) {
        match event {
            LinkEvent::Said(event) => self.on_stream(link, event),
            LinkEvent::Down { .. } => self.forget(link),
            LinkEvent::Up => {}
        }
    }

    /// A link is gone, and what it carried.
    pub(crate) fn forget(&mut self, link: LinkId) {
        self.web.remove(&link);
        self.streams.remove(&link);
        self.lose_stream(link);
    }

    /// Breaks a link without a word.
    pub(crate) fn cut(&mut self, link: LinkId) {
        self.outputs.push(Output::Close(link, Closing::Abort));
        self.forget(link);
        self.touch(link);
    }

    pub(crate) fn on_stream(&mut self, link: LinkId, event: ServerEvent) {
        match event {
            ServerEvent::Authenticating { user, password } => {
                // The local part is the login id; the login name does not do here.
                let agent = self
                    .world
                    .find(&user)
                    .filter(|agent| agent.config.id == *user);
                let sso = self.config.knobs.sso;
                let holder = (sso != Sso::Off)
                    .then(|| self.tokens.holder(self.now, &password))
                    .flatten();
                let agent = agent.filter(|agent| {
                    let by_password = sso != Sso::On && agent.config.password == password;
                    by_password || holder.as_ref() == Some(&agent.config.id)
                });
                let agent = agent.map(|agent| agent.config.id.clone());
                let accept = agent.is_some();
                if let Some(agent) = &agent {
                    self.streams_of
                        .entry(local_part(agent))
                        .or_default()
                        .insert(link);
                }
                if let Some(session) = self.sessions.get_mut(&link) {
                    session.agent = agent;
                }
                self.tell(link, ServerCommand::Authenticate { accept });
            }
            ServerEvent::Bound { jid } => self.bind(link, jid),
            ServerEvent::PresenceChanged {
                available,
                priority,
            } => {
                self.change_presence(link, available, priority);
            }
            ServerEvent::PresenceSubscription { to, subscribe } => {
                let finesse = self.finesse_jid(link);
                if finesse.is_some_and(|finesse| finesse == to.to_bare()) {
                    self.watch_finesse(link, subscribe);
                }
            }
            ServerEvent::PubSub {
                request,
                service,
                what,
            } => {
                let result = self.subscribe(link, &service, what);
                self.tell(link, ServerCommand::Reply { request, result });
            }
            _ => {}
        }
    }

    /// Gives a command to a stream.
    fn tell(&mut self, link: LinkId, command: ServerCommand) {
        let id = self.next_command();
        let now = self.now;
        if let Some(peer) = self.streams.get_mut(&link) {
            peer.handle_input(now, Input::Command(id, command));
        } else if let Some(web) = self.web.get_mut(&link) {
            let command = ws::ServerCommand::Inside(command);
            web.peer.handle_input(now, Input::Command(id, command));
        }
        self.touch(link);
    }

    /// The streams of an agent.
    fn links_of(&self, agent: &AgentId) -> Vec<LinkId> {
        let links = self.streams_of.get(&local_part(agent));
        links.into_iter().flatten().copied().collect()
    }

    /// A resource is bound; another stream with the same address has to go.
    fn bind(&mut self, link: LinkId, jid: Jid) {
        let agent = self
            .sessions
            .get(&link)
            .and_then(|session| session.agent.clone());
        let mut others = agent.map(|agent| self.links_of(&agent)).unwrap_or_default();
        others.retain(|other| {
            let session = self.sessions.get(other);
            *other != link && session.is_some_and(|one| one.jid.as_ref() == Some(&jid))
        });
        for other in others {
            self.tell(
                other,
                ServerCommand::Close {
                    error: Some(StreamError::Conflict),
                },
            );
        }
        let Some(session) = self.sessions.get_mut(&link) else {
            return;
        };
        let resource = jid.resource().unwrap_or_default().into();
        session.jid = Some(jid);
        if let Some(agent) = session.agent.clone() {
            self.outputs.event(Event::Connected { agent, resource });
        }
    }

    fn change_presence(&mut self, link: LinkId, available: bool, priority: i8) {
        let Some(session) = self.sessions.get_mut(&link) else {
            return;
        };
        let was = session.available;
        session.available = available;
        session.priority = priority;
        let Some(agent) = session.agent.clone() else {
            return;
        };
        if was && !available {
            self.begin_absence(&agent);
        }
    }

    /// With the agent's last presence the time to the forced sign-out begins.
    fn begin_absence(&mut self, agent: &AgentId) {
        if self.is_present(agent) {
            return;
        }
        let count = self.absences.entry(agent.clone()).or_default();
        *count += 1;
        let job = Job::ForceOut(agent.clone(), *count);
        self.agenda
            .add(self.now + self.config.timing.forced_sign_out, job);
    }

    fn is_present(&self, agent: &AgentId) -> bool {
        self.is_present_at(agent, Node::First) || self.is_present_at(agent, Node::Second)
    }

    pub(crate) fn is_present_at(&self, agent: &AgentId, node: Node) -> bool {
        let links = self.links_of(agent).into_iter();
        let mut sessions = links.filter_map(|link| self.sessions.get(&link));
        sessions.any(|session| session.available && session.node == node)
    }

    pub(crate) fn force_out(&mut self, agent: &AgentId, absence: u64) {
        if self.absences.get(agent) == Some(&absence) && !self.is_present(agent) {
            let load = self.config.knobs.load;
            self.with_world(None, |world| world.force_out(agent, load));
        }
    }

    fn lose_stream(&mut self, link: LinkId) {
        let Some(session) = self.sessions.remove(&link) else {
            return;
        };
        let Some(agent) = session.agent else { return };
        if let Some(links) = self.streams_of.get_mut(&local_part(&agent)) {
            links.remove(&link);
        }
        if let Some(jid) = session.jid {
            let resource = jid.resource().unwrap_or_default().into();
            self.outputs.event(Event::Disconnected {
                agent: agent.clone(),
                resource,
            });
        }
        if session.available {
            self.begin_absence(&agent);
        }
    }

    /// Cuts an agent's streams as a broken network does.
    pub(crate) fn drop_xmpp(&mut self, agent: &AgentId) {
        let links = self.links_of(agent);
        for link in links {
            self.cut(link);
        }
    }

    fn subscribe(
        &mut self,
        link: LinkId,
        service: &Jid,
        what: PubSubRequest,
    ) -> Result<Option<Element>, StanzaError> {
        let session = self.sessions.get(&link);
        let own = session.map(|session| self.pubsub_of(session.node));
        if own.is_none_or(|own| service.as_str() != own.to_ascii_lowercase()) {
            return Err(StanzaError::ItemNotFound);
        }
        match what {
            PubSubRequest::Subscribe { node, jid } => {
                self.may_subscribe(link, &Resource::parse(&node))?;
                if self.subscriptions.add(node, jid) {
                    Ok(None)
                } else {
                    Err(StanzaError::ResourceConstraint)
                }
            }
            PubSubRequest::Unsubscribe { node, jid } => {
                if self.subscriptions.remove(&node, &jid) {
                    Ok(None)
                } else {
                    Err(StanzaError::UnexpectedRequest)
                }
            }
            _ => Err(StanzaError::FeatureNotImplemented),
        }
    }

    /// Whether the node exists and the agent behind the stream may see it: the own ones, and a
    /// supervisor those of the team.
    fn may_subscribe(&self, link: LinkId, node: &Resource) -> Result<(), StanzaError> {
        let asking = self
            .sessions
            .get(&link)
            .and_then(|session| session.agent.as_ref());
        let Some(asking) = asking else {
            return Err(StanzaError::Forbidden);
        };
        let allowed = match node {
            Resource::User(agent) | Resource::Dialogs(agent) | Resource::Queues(agent) => {
                if self.world.user(agent).is_none() {
                    return Err(StanzaError::ItemNotFound);
                }
                agent == asking || self.world.supervises(asking, agent)
            }
            Resource::Team(team) | Resource::TeamUsers(team) => {
                if self.world.team(team.as_str()).is_none() {
                    return Err(StanzaError::ItemNotFound);
                }
                self.world.supervises_team(asking, team.as_str())
            }
            Resource::TeamMessagesOf(team) => {
                if self.world.team(team.as_str()).is_none() {
                    return Err(StanzaError::ItemNotFound);
                }
                let own = self.world.user(asking).and_then(|user| user.team);
                let is_member = own.is_some_and(|own| own.id == *team);
                is_member || self.world.supervises_team(asking, team.as_str())
            }
            Resource::Queue(queue) => {
                if self.world.queue(queue.as_str()).is_none() {
                    return Err(StanzaError::ItemNotFound);
                }
                true
            }
            Resource::SystemInfo => true,
            _ => return Err(StanzaError::ItemNotFound),
        };
        if allowed {
            Ok(())
        } else {
            Err(StanzaError::Forbidden)
        }
    }

    /// The bare address at which this stream gets what needs no subscription. Finesse Developer
    /// Guide, "Subscription management".
    fn implied_target(&self, link: LinkId) -> Option<(LinkId, Jid)> {
        let session = self
            .sessions
            .get(&link)
            .filter(|session| session.listens())?;
        Some((link, session.jid.as_ref()?.to_bare()))
    }

    /// Whether what is sent to this address comes to this stream.
    fn reaches(&self, link: LinkId, address: &Jid) -> bool {
        self.sessions
            .get(&link)
            .is_some_and(|session| match &session.jid {
                Some(jid) if address.is_bare() => jid.to_bare() == *address && session.listens(),
                Some(jid) => jid == address && session.available,
                None => false,
            })
    }

    /// Sends an update to everybody who gets its node, at one node of the site or at those in
    /// service.
    pub(crate) fn notify(&mut self, update: &Update, only: Option<Node>) {
        let name = update.node.to_string();
        let mut targets: Vec<(LinkId, Jid)> = Vec::new();
        match &update.node {
            Resource::SystemInfo => {
                let links: Vec<_> = self.sessions.keys().copied().collect();
                targets.extend(
                    links
                        .into_iter()
                        .filter_map(|link| self.implied_target(link)),
                );
            }
            Resource::User(agent) | Resource::Dialogs(agent) => {
                let links = self.links_of(agent).into_iter();
                targets.extend(links.filter_map(|link| self.implied_target(link)));
            }
            _ => {}
        }
        for address in self.subscriptions.of(&name) {
            let links = address.local().and_then(|local| self.streams_of.get(local));
            let reached = links
                .into_iter()
                .flatten()
                .filter(|link| self.reaches(**link, address));
            targets.extend(reached.map(|link| (*link, address.clone())));
        }
        targets.retain(|(link, _)| {
            let node = self.sessions.get(link).map(|session| session.node);
            node.is_some_and(|node| match only {
                Some(only) => node == only,
                None => self.serves(node),
            })
        });
        if targets.is_empty() || self.config.knobs.lose_events && self.random.below(4) == 0 {
            return;
        }
        let item = self.next_item();
        let shaped = shape(update, item, &self.config.knobs, &mut self.random);
        let times = if self.config.knobs.duplicate_events {
            2
        } else {
            1
        };
        for (link, to) in targets {
            let node = self.sessions.get(&link).map(|session| session.node);
            let service = self.pubsub_of(node.unwrap_or(Node::First));
            for _ in 0..times {
                let stanza = shaped.stanza(service.as_str(), &to, &mut self.random);
                self.tell(link, ServerCommand::Send { stanza });
            }
            let to = to.as_str().into();
            self.outputs.event(Event::Notified {
                to,
                node: name.as_str().into(),
            });
        }
    }

    /// The user that stands for the web application.
    fn finesse_jid(&self, link: LinkId) -> Option<Jid> {
        let node = self.sessions.get(&link)?.node;
        Jid::new(Some("finesse"), self.config.domain_of(node).as_str(), None).ok()
    }

    fn watch_finesse(&mut self, link: LinkId, subscribe: bool) {
        if let Some(session) = self.sessions.get_mut(&link) {
            session.watches_finesse = subscribe;
        }
        let Some(finesse) = self.finesse_jid(link) else {
            return;
        };
        let word = if subscribe {
            "subscribed"
        } else {
            "unsubscribed"
        };
        let answer = Element::new("presence", ns::CLIENT)
            .with_attribute("from", finesse.as_str())
            .with_attribute("type", word);
        self.send_element(link, &answer);
        if subscribe {
            self.send_finesse_presence(link);
        }
    }

    /// Tells everybody who watches whether the web application is there.
    pub(crate) fn show_finesse_presence(&mut self) {
        let watching = self
            .sessions
            .iter()
            .filter(|(_, session)| session.watches_finesse);
        let links: Vec<_> = watching.map(|(link, _)| *link).collect();
        for link in links {
            self.send_finesse_presence(link);
        }
    }

    fn send_finesse_presence(&mut self, link: LinkId) {
        let Some(finesse) = self.finesse_jid(link) else {
            return;
        };
        let Ok(from) = finesse.with_resource("desktop") else {
            return;
        };
        let gone = self
            .config
            .knobs
            .no_finesse_presence
            .then_some("unavailable");
        let presence = Element::new("presence", ns::CLIENT)
            .with_attribute("from", from.as_str())
            .with_optional("type", gone);
        self.send_element(link, &presence);
    }

    fn send_element(&mut self, link: LinkId, element: &Element) {
        let stanza = Bytes::from(element.to_xml(ns::CLIENT));
        self.tell(link, ServerCommand::Send { stanza });
    }
}

/// The agent's part of an address, which knows no capitals (RFC 7622 §3.3).
fn local_part(agent: &AgentId) -> AgentId {
    AgentId::from(agent.as_str().to_ascii_lowercase())
}
