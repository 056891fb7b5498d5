//! From the decisions to the links: what is asked of them.

use finewire_core::agent::{AgentId, TeamId};
use finewire_core::connector::{
    Addressee, Answer, Effect, NodeId, Note, Publish, Question, RequestId, Subscribe,
};
use finewire_core::machine::{CommandId, Input, Instant, Reason, Why};
use finewire_finesse as finesse;
use finewire_openwire::client::{
    AckMode, ClientCommand, ConsumerHandle, Publish as Sending, Subscribe as Consume,
};
use finewire_openwire::command::{Destination, Message};

use crate::config::BrokerConfig;
use crate::connector::Connector;
use crate::pool::Waiting;
use crate::route::Leaf;
use crate::touch::Act;
use crate::translate;
use crate::verbs::Event;

/// The one subscription of the connector.
pub(crate) const COMMANDS: ConsumerHandle = ConsumerHandle(1);

/// The command queue: each command is acknowledged after it was taken on.
pub(crate) fn subscription(config: &BrokerConfig) -> ClientCommand {
    let queue = Destination::queue(config.queue.as_str());
    ClientCommand::Subscribe(Consume {
        exclusive: config.exclusive,
        priority: config.priority,
        prefetch: config.prefetch.max(1),
        acknowledge: AckMode::Individual,
        ..Consume::to(COMMANDS, queue)
    })
}

/// The advisories that tell who else consumes the command queue.
const RIVALS: ConsumerHandle = ConsumerHandle(2);

/// An exclusive consumer is not told that another is served before it: the broker's advisories
/// say who consumes (Apache ActiveMQ, "Advisory Message").
pub(crate) fn rivals(config: &BrokerConfig) -> ClientCommand {
    let topic = format!("ActiveMQ.Advisory.Consumer.Queue.{}", config.queue);
    ClientCommand::Subscribe(Consume::to(RIVALS, Destination::topic(topic.as_str())))
}

impl Connector {
    /// Has an effect carried out by the link that it is for.
    pub(crate) fn perform(&mut self, effect: Effect) {
        match effect {
            Effect::Acknowledge(id) if self.is_owners => self.acknowledged = Some(id),
            Effect::Acknowledge(id) => {
                if let Some(token) = self.tokens.remove(&id) {
                    self.ask_broker(ClientCommand::Acknowledge(token));
                }
            }
            Effect::Publish(publish) if self.is_owners => {
                self.sink.outputs.event(Event::Told(publish));
            }
            Effect::Publish(publish) => {
                self.ask_broker(sending(publish));
            }
            Effect::Subscribe(subscribe) => self.subscribe(&subscribe),
            Effect::Follow { agent, team } => self.follow(&agent, &team),
            Effect::Unsubscribe(agent) => self.leave_agent(&agent),
            Effect::Ask {
                request,
                node,
                question,
                credentials,
                deadline,
            } => {
                let credentials = translate::credentials(credentials);
                self.ask(request, node, question, &credentials, deadline);
            }
            Effect::Note(Note::Drained) => {
                self.sink.outputs.event(Event::Noted(Note::Drained));
                self.leave();
            }
            Effect::Note(note) => self.sink.outputs.event(Event::Noted(note)),
            Effect::Trace(trace) => {
                self.ring.push(self.now, trace.clone());
                self.sink.outputs.trace(trace);
            }
        }
    }

    pub(crate) fn subscribe(&mut self, subscribe: &Subscribe) {
        if self.agents.renew(subscribe) {
            return;
        }
        self.leave_agent(&subscribe.agent);
        let Some(node) = self.nodes.get(usize::from(subscribe.node.0)) else {
            return;
        };
        let slot = self.agents.add(self.now, subscribe, node, &mut self.random);
        let at = self.turns.take(self.now, self.now);
        self.touch_agent(slot, Act::StartAt(at));
    }

    /// Subscribes a supervisor's link to the states of a team's members. The link makes it anew
    /// on every new stream.
    fn follow(&mut self, agent: &AgentId, team: &TeamId) {
        let Some((slot, service)) = self.agents.follow(agent, team) else {
            return;
        };
        let node = finesse::Resource::TeamUsers(team.clone()).to_string();
        let command = finewire_xmpp::ClientCommand::Subscribe { service, node };
        let input = Input::Command(CommandId(0), command);
        self.touch_agent(slot, Act::Input(input));
    }

    fn ask(
        &mut self,
        request: RequestId,
        node: NodeId,
        question: Question,
        credentials: &finesse::Credentials,
        deadline: Instant,
    ) {
        let index = usize::from(node.0);
        let asked = translate::request(question);
        let id = finesse::RequestId::new(&request.to_string()).ok();
        let http = match asked.to_http(credentials, id.as_ref()) {
            Ok(http) => http,
            Err(error) => {
                let text = error.to_string().into();
                let answer = Answer::None {
                    reason: Reason::Local,
                    text,
                };
                self.inbox.push_back(Leaf::Unasked(request, answer));
                return;
            }
        };
        let waiting = Waiting {
            request,
            asked,
            http,
            deadline,
        };
        let pool = self.pools.get_mut(index);
        if pool.is_some_and(|pool| pool.push(waiting)) {
            self.begin_requests(index);
            return;
        }
        let why = Why::new(Reason::Limit, "too many requests wait for Finesse");
        let answer = translate::no_answer(&why);
        self.inbox.push_back(Leaf::Unasked(request, answer));
    }
}

fn sending(publish: Publish) -> ClientCommand {
    let destination = match &publish.to {
        Addressee::Driver(destination) => Destination::topic(destination.as_str()),
        Addressee::ReplyTo(reply_to) => translate::destination(reply_to),
    };
    ClientCommand::Publish(Sending {
        destination,
        message: Message {
            persistent: false,
            jms_type: Some(publish.jms_type.as_str().into()),
            correlation_id: publish.correlation.map(|id| id.as_str().into()),
            ..Message::text(publish.body.as_str())
        },
    })
}
