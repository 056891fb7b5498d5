//! The client in its link and the server in its peer, with a runtime of a few lines between them.

use super::*;
use finewire_core::machine::{
    Closing, Endpoint, Input, Link, LinkConfig, LinkEvent, LinkId, LinkSlot, LinkState, Machine,
    Output, Peer,
};
use std::collections::VecDeque;

struct Net {
    link: Link<Client>,
    peer: Option<Peer<Server>>,
    stream: Option<LinkId>,
    accepted: u64,
    now: Instant,
    password: &'static str,
    events: VecDeque<String>,
    subscribed: Vec<String>,
    ended: Vec<(u64, Outcome)>,
}

const PEER: LinkId = LinkId::accepted(1);

impl Net {
    fn new(password: &'static str) -> Self {
        let config = ClientConfig {
            allow_plaintext: true,
            ..ClientConfig::new("f.example", "1001001", Secret::from(PASSWORD), "finewire")
        };
        let open = LinkConfig::keep_open(vec![Endpoint::plain("f.example", 5222)]);
        let random = Random::from_seed([3; 32]);
        let mut net = Self {
            link: Link::new(Client::new(config), open, LinkSlot(1), random),
            peer: None,
            stream: None,
            accepted: 0,
            now: Instant::START,
            password,
            events: VecDeque::new(),
            subscribed: Vec::new(),
            ended: Vec::new(),
        };
        net.link.start(net.now);
        net.run();
        net
    }

    fn command(&mut self, id: u64, command: ClientCommand) {
        let input = Input::Command(CommandId(id), command);
        self.link.handle_input(self.now, input);
        self.run();
    }

    fn serve(&mut self, command: ServerCommand) {
        let input = Input::Command(CommandId(0), command);
        self.peer.as_mut().unwrap().handle_input(self.now, input);
        self.run();
    }

    /// The stream is cut.
    fn cut(&mut self) {
        self.peer = None;
        if let Some(stream) = self.stream.take() {
            self.link
                .handle_input(self.now, Input::Closed(stream, CloseReason::Eof));
        }
        self.run();
    }

    fn pass(&mut self, span: Duration) {
        self.now += span;
        self.link.handle_timeout(self.now);
        self.run();
    }

    fn run(&mut self) {
        while self.step_link() | self.step_peer() {}
    }

    fn step_link(&mut self) -> bool {
        match self.link.poll_output() {
            Output::Open(id, _) => {
                self.accepted += 1;
                let config = ServerConfig::new("f.example");
                let server = Server::new(config, Random::from_seed([4; 32]));
                self.peer = Some(Peer::new(self.now, PEER, server, None));
                self.stream = Some(id);
                self.link.handle_input(self.now, Input::Opened(id));
            }
            Output::Send(id, chunks) => {
                self.link.handle_input(self.now, Input::Sent(id));
                if let Some(peer) = &mut self.peer {
                    peer.handle_input(self.now, Input::Received(PEER, &chunks.to_vec()));
                }
            }
            Output::Close(..) => {
                self.stream = None;
                if let Some(peer) = &mut self.peer {
                    peer.handle_input(self.now, Input::Closed(PEER, CloseReason::Eof));
                }
            }
            Output::Event(LinkEvent::Up) => self.events.push_back("up".into()),
            Output::Event(LinkEvent::Down { reason, retry_at }) => {
                let again = if retry_at.is_some() { "again" } else { "never" };
                self.events.push_back(format!("down, {again}: {reason}"));
            }
            Output::Ended(id, outcome) => self.ended.push((id.0, outcome)),
            Output::Wait(_) => return false,
            _ => {}
        }
        true
    }

    fn step_peer(&mut self) -> bool {
        let Some(peer) = &mut self.peer else {
            return false;
        };
        match peer.poll_output() {
            Output::Send(_, chunks) => {
                peer.handle_input(self.now, Input::Sent(PEER));
                if let Some(stream) = self.stream {
                    let bytes = chunks.to_vec();
                    self.link
                        .handle_input(self.now, Input::Received(stream, &bytes));
                }
            }
            Output::Event(LinkEvent::Said(event)) => {
                let command = match event {
                    ServerEvent::Authenticating { password, .. } => ServerCommand::Authenticate {
                        accept: password.expose() == self.password,
                    },
                    ServerEvent::PubSub { request, what, .. } => {
                        self.subscribed.push(format!("{what:?}"));
                        let result = Ok(None);
                        ServerCommand::Reply { request, result }
                    }
                    _ => return true,
                };
                peer.handle_input(self.now, Input::Command(CommandId(0), command));
            }
            Output::Close(..) => {
                while self.step_link() {}
                if let Some(stream) = self.stream.take() {
                    let closed = Input::Closed(stream, CloseReason::Eof);
                    self.link.handle_input(self.now, closed);
                }
            }
            Output::Wait(_) => return false,
            _ => {}
        }
        true
    }
}

#[test]
fn a_lost_stream_comes_back_and_its_subscriptions_with_it() {
    let mut net = Net::new(PASSWORD);
    net.command(1, subscribe("/n"));
    assert_eq!(net.ended, [(1, Outcome::Done)]);
    net.cut();
    net.command(2, subscribe("/while-down"));
    net.pass(SECOND);

    assert_eq!(net.accepted, 2);
    assert!(net.link.is_ready());
    assert_eq!(net.ended[1..], [(2, Outcome::Done)]);
    assert_eq!(net.subscribed.len(), 3);
    assert_eq!(net.events, ["up", "down, again: closed by the peer", "up"]);
}

#[test]
fn a_conflict_is_never_fought() {
    let mut net = Net::new(PASSWORD);
    let error = Some(StreamError::Conflict);
    net.serve(ServerCommand::Close { error });
    net.pass(3600 * SECOND);

    assert_eq!(net.accepted, 1);
    assert_eq!(
        net.events,
        ["up", "down, never: refused by the peer: conflict"]
    );
    assert_eq!(net.link.state(), LinkState::Idle);
}

#[test]
fn a_shutdown_of_the_server_is_waited_out() {
    let mut net = Net::new(PASSWORD);
    let error = Some(StreamError::SystemShutdown);
    net.serve(ServerCommand::Close { error });
    net.pass(60 * SECOND);

    assert_eq!(net.accepted, 2);
    assert!(net.link.is_ready());
}

#[test]
fn a_wrong_password_is_sent_once_however_long_one_waits() {
    let mut net = Net::new("another");
    for _ in 0..10 {
        net.pass(60 * SECOND);
    }

    assert_eq!(net.accepted, 1);
    assert_eq!(
        net.events,
        ["down, never: refused by the peer: not-authorized"]
    );
}

#[test]
fn a_disconnect_or_a_stop_of_the_link_stays_down_and_ends_what_waits() {
    let mut net = Net::new(PASSWORD);
    net.command(1, ClientCommand::Disconnect);
    net.pass(3600 * SECOND);
    assert_eq!((net.accepted, net.link.state()), (1, LinkState::Idle));
    assert_eq!(net.events, ["up", "down, never: closed by us"]);
    assert_eq!(net.ended, [(1, Outcome::Done)]);

    let mut net = Net::new(PASSWORD);
    net.link.stop(net.now, Closing::Flush);
    net.run();
    net.pass(3600 * SECOND);
    assert_eq!((net.accepted, net.link.state()), (1, LinkState::Idle));
}

#[test]
fn a_disconnect_stays_down_even_if_the_stream_breaks_meanwhile() {
    let stream_error =
        "<stream:error><reset xmlns='urn:ietf:params:xml:ns:xmpp-streams'/></stream:error>";
    for breaks in ["", "</wrong>", stream_error] {
        let mut net = Net::new(PASSWORD);
        let command = Input::Command(CommandId(1), ClientCommand::Disconnect);
        net.link.handle_input(net.now, command);
        let stream = net.stream.unwrap();
        if breaks.is_empty() {
            net.stream = None;
            let closed = Input::Closed(stream, CloseReason::Eof);
            net.link.handle_input(net.now, closed);
        } else {
            let received = Input::Received(stream, breaks.as_bytes());
            net.link.handle_input(net.now, received);
        }
        net.run();
        net.pass(3600 * SECOND);

        assert_eq!(
            (net.accepted, net.link.state()),
            (1, LinkState::Idle),
            "{breaks}"
        );
        assert_eq!(net.ended, [(1, Outcome::Done)]);
    }
}
