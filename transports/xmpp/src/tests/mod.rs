//! Client and server talk to each other in memory.

mod hostile;
mod linked;
mod login;
mod notifications;
mod subscriptions;
mod websocket;

use crate::*;
use core::time::Duration;
use finewire_core::machine::{
    CloseReason, CommandId, Instant, Outcome, PeerIdentity, Protocol, ProtocolInput,
    ProtocolOutput, Random, Reason, TlsId,
};
use finewire_core::password::Secret;

pub(super) const SECOND: Duration = Duration::from_secs(1);
pub(super) const PASSWORD: &str = "Passw0rd!";

/// A client, a server and what stands between them.
pub(super) struct Talk {
    pub(super) client: Client,
    pub(super) server: Server,
    pub(super) now: Instant,
    /// Sizes of the pieces in which bytes arrive, used in turn.
    pub(super) pieces: Vec<usize>,
    turn: usize,
    /// Deliver no more than so many further bytes of the server, then cut the stream.
    pub(super) cut_after: Option<usize>,
    /// Whether the server's owner answers by itself.
    pub(super) owner_answers: bool,
    pub(super) up: bool,
    /// Nothing arrives any more, and nobody is told.
    pub(super) deaf: bool,
    pub(super) from_server: Vec<u8>,
    pub(super) from_client: Vec<u8>,
    pub(super) heard: Vec<ClientEvent>,
    pub(super) served: Vec<ServerEvent>,
    pub(super) ended: Vec<(u64, Outcome)>,
    pub(super) client_end: Option<(&'static str, CloseReason)>,
    pub(super) server_end: Option<CloseReason>,
    pub(super) ready: u32,
    pub(super) shown: String,
}

impl Talk {
    pub(super) fn with(
        client: impl FnOnce(&mut ClientConfig),
        server: impl FnOnce(&mut ServerConfig),
    ) -> Self {
        let mut ours = ClientConfig {
            allow_plaintext: true,
            ..ClientConfig::new("f.example", "1001001", Secret::from(PASSWORD), "finewire")
        };
        client(&mut ours);
        let mut theirs = ServerConfig::new("f.example");
        server(&mut theirs);
        Self {
            client: Client::new(ours),
            server: Server::new(theirs, Random::from_seed([1; 32])),
            now: Instant::START,
            pieces: vec![usize::MAX],
            turn: 0,
            cut_after: None,
            owner_answers: true,
            up: false,
            deaf: false,
            from_server: Vec::new(),
            from_client: Vec::new(),
            heard: Vec::new(),
            served: Vec::new(),
            ended: Vec::new(),
            client_end: None,
            server_end: None,
            ready: 0,
            shown: String::new(),
        }
    }

    pub(super) fn new() -> Self {
        Self::with(|_| {}, |_| {})
    }

    /// One that is logged in.
    pub(super) fn logged_in() -> Self {
        let mut talk = Self::new();
        talk.open(None);
        assert!(talk.client.jid().is_some());
        talk
    }

    pub(super) fn open(&mut self, identity: Option<PeerIdentity>) {
        self.up = true;
        let config = self.server.config().clone();
        self.server = Server::new(config, Random::from_seed([2; 32]));
        let theirs = ProtocolInput::Opened(identity.clone());
        self.server.handle_input(self.now, theirs);
        self.client
            .handle_input(self.now, ProtocolInput::Opened(identity));
        self.run();
    }

    pub(super) fn lose(&mut self, reason: CloseReason) {
        self.up = false;
        self.close_both(&reason);
        self.run();
    }

    pub(super) fn command(&mut self, id: u64, command: ClientCommand) {
        let input = ProtocolInput::Command(CommandId(id), command);
        self.client.handle_input(self.now, input);
        self.run();
    }

    pub(super) fn serve(&mut self, command: ServerCommand) {
        let input = ProtocolInput::Command(CommandId(0), command);
        self.server.handle_input(self.now, input);
        self.run();
    }

    /// The server sends this as it is.
    pub(super) fn server_says(&mut self, xml: &str) {
        let stanza = xml.to_owned().into();
        self.serve(ServerCommand::Send { stanza });
    }

    pub(super) fn pass(&mut self, span: Duration) {
        self.now += span;
        self.client.handle_timeout(self.now);
        self.server.handle_timeout(self.now);
        self.run();
    }

    pub(super) fn run(&mut self) {
        while self.step_client() | self.step_server() {}
    }

    fn step_client(&mut self) -> bool {
        match self.client.poll_output() {
            ProtocolOutput::Send(chunks) => {
                let bytes = chunks.to_vec();
                self.from_client.extend(&bytes);
                self.client.handle_input(self.now, ProtocolInput::Sent);
                self.deliver(&bytes, false);
            }
            ProtocolOutput::Secure(_) => {
                let theirs = ProtocolInput::Secured(PeerIdentity::default());
                self.server.handle_input(self.now, theirs);
                let ours = ProtocolInput::Secured(PeerIdentity::default());
                self.client.handle_input(self.now, ours);
            }
            ProtocolOutput::Ready => self.ready += 1,
            ProtocolOutput::Close(_, reason) => self.end_client("close", reason),
            ProtocolOutput::Finish(_, reason) => self.end_client("finish", reason),
            ProtocolOutput::Event(event) => self.heard.push(event),
            ProtocolOutput::Ended(id, outcome) => self.ended.push((id.0, outcome)),
            ProtocolOutput::Trace(trace) => self.shown += &format!("{trace:?}\n"),
            ProtocolOutput::Pause | ProtocolOutput::Resume => {}
            ProtocolOutput::Wait(deadline) => {
                assert!(deadline.is_none_or(|at| at > self.now), "{deadline:?}");
                return false;
            }
        }
        true
    }

    fn end_client(&mut self, how: &'static str, reason: CloseReason) {
        self.client_end = Some((how, reason.clone()));
        self.client
            .handle_input(self.now, ProtocolInput::Closed(reason));
        self.server
            .handle_input(self.now, ProtocolInput::Closed(CloseReason::Eof));
        self.up = false;
    }

    fn step_server(&mut self) -> bool {
        match self.server.poll_output() {
            ProtocolOutput::Send(chunks) => {
                let bytes = chunks.to_vec();
                self.from_server.extend(&bytes);
                self.server.handle_input(self.now, ProtocolInput::Sent);
                self.deliver(&bytes, true);
            }
            ProtocolOutput::Close(_, reason) | ProtocolOutput::Finish(_, reason) => {
                self.server_end = Some(reason.clone());
                while self.step_client() {}
                self.server
                    .handle_input(self.now, ProtocolInput::Closed(reason));
                self.client
                    .handle_input(self.now, ProtocolInput::Closed(CloseReason::Eof));
                self.up = false;
            }
            ProtocolOutput::Event(event) => {
                self.shown += &format!("{event:?}\n");
                self.served.push(event.clone());
                if self.owner_answers {
                    self.answer(event);
                }
            }
            ProtocolOutput::Trace(trace) => self.shown += &format!("{trace:?}\n"),
            ProtocolOutput::Secure(_)
            | ProtocolOutput::Ended(..)
            | ProtocolOutput::Ready
            | ProtocolOutput::Pause
            | ProtocolOutput::Resume => {}
            ProtocolOutput::Wait(deadline) => {
                assert!(deadline.is_none_or(|at| at > self.now), "{deadline:?}");
                return false;
            }
        }
        true
    }

    fn close_both(&mut self, reason: &CloseReason) {
        self.client
            .handle_input(self.now, ProtocolInput::Closed(reason.clone()));
        self.server
            .handle_input(self.now, ProtocolInput::Closed(reason.clone()));
    }

    fn answer(&mut self, event: ServerEvent) {
        let command = match event {
            ServerEvent::Authenticating { password, .. } => ServerCommand::Authenticate {
                accept: password == Secret::from(PASSWORD),
            },
            ServerEvent::PubSub { request, .. } => ServerCommand::Reply {
                request,
                result: Ok(None),
            },
            _ => return,
        };
        let input = ProtocolInput::Command(CommandId(0), command);
        self.server.handle_input(self.now, input);
    }

    fn deliver(&mut self, bytes: &[u8], to_client: bool) {
        let mut rest = bytes;
        while !rest.is_empty() && self.up && !self.deaf {
            let size = self.pieces[self.turn % self.pieces.len()].clamp(1, rest.len());
            self.turn += 1;
            let (mut piece, behind) = rest.split_at(size);
            rest = behind;
            if !to_client {
                self.server
                    .handle_input(self.now, ProtocolInput::Received(piece));
                continue;
            }
            if let Some(left) = &mut self.cut_after {
                piece = &piece[..piece.len().min(*left)];
                *left -= piece.len();
            }
            if !piece.is_empty() {
                self.client
                    .handle_input(self.now, ProtocolInput::Received(piece));
            }
            if self.cut_after == Some(0) {
                self.up = false;
                self.close_both(&CloseReason::Eof);
            }
        }
    }

    pub(super) fn end_of(&self, id: u64) -> Outcome {
        let ends: Vec<_> = self.ended.iter().filter(|end| end.0 == id).collect();
        assert_eq!(ends.len(), 1, "command {id} ends once: {ends:?}");
        ends[0].1.clone()
    }

    /// Whether the command failed (else it was refused), and why.
    pub(super) fn why(&self, id: u64) -> (bool, Reason) {
        match self.end_of(id) {
            Outcome::Done => panic!("done"),
            Outcome::Refused(why) => (false, why.reason),
            Outcome::Failed(why) => (true, why.reason),
        }
    }
}

pub(super) fn jid(text: &str) -> Jid {
    text.parse().unwrap()
}

pub(super) fn subscribe(node: &str) -> ClientCommand {
    ClientCommand::Subscribe {
        service: jid("pubsub.f.example"),
        node: node.into(),
    }
}

pub(super) fn unsubscribe(node: &str) -> ClientCommand {
    ClientCommand::Unsubscribe {
        service: jid("pubsub.f.example"),
        node: node.into(),
    }
}

pub(super) const TLS: TlsId = TlsId(7);
