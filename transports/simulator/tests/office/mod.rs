//! Agents' clients and a simulator, joined in memory under fake time.
#![allow(
    dead_code,
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "each test file uses its part, and a test may fail"
)]

pub(crate) mod calls;
pub(crate) mod centre;

use core::time::Duration;
use std::collections::{BTreeMap, VecDeque};

use finewire_core::agent::{AgentId, CallAction, DialogId, Extension};
use finewire_core::machine::{
    Address, CloseReason, CommandId, Endpoint, Input, Instant, Link, LinkConfig, LinkEvent, LinkId,
    LinkSlot, ListenerId, Machine, Outcome, Output, Random, UnixMillis,
};
use finewire_core::password::Secret;
use finewire_finesse::{Answer, Credentials, Request, RequestId, Update};
use finewire_http::http::Response;
use finewire_http::ws::ClientConfig as SocketConfig;
use finewire_http::{Bytes, Client as Http, ClientCommand, ClientConfig, ClientEvent};
use finewire_simulator::{Command, Config, Event, PASSWORD, Service, Simulator, Truth};
use finewire_xmpp::websocket::{XmppOverWebSocket, client_inside};
use finewire_xmpp::{Client as Xmpp, ClientCommand as XmppCommand, ClientConfig as XmppConfig};
use finewire_xmpp::{ClientEvent as XmppEvent, Jid};

pub(crate) const REST: u16 = 8445;
pub(crate) const XMPP: u16 = 5222;
pub(crate) const DOOR: u16 = 8163;
/// Where there is XMPP in a WebSocket and no REST, in a site of one node that has it.
pub(crate) const WEBSOCKETS: u16 = 7443;
pub(crate) const SECOND_REST: u16 = 8446;
pub(crate) const SECOND_XMPP: u16 = 5224;

/// Number of a client.
pub(crate) type Seat = usize;

pub(crate) struct Client {
    pub(crate) agent: AgentId,
    pub(crate) credentials: Credentials,
    pub(crate) http: Link<Http>,
    pub(crate) xmpp: Carried,
    pub(crate) answers: BTreeMap<u64, Response<Bytes>>,
    pub(crate) updates: VecDeque<Update>,
    pub(crate) raw: Vec<(Option<Jid>, String)>,
    pub(crate) presences: Vec<(Jid, bool)>,
    /// Notifications that could not be read while the knob for that was on.
    pub(crate) garbled: usize,
    pub(crate) downs: Vec<CloseReason>,
    pub(crate) ended: BTreeMap<u64, Outcome>,
    pub(crate) bound: bool,
    next: u64,
}

/// An XMPP client, and what carries its stream.
#[derive(Debug)]
pub(crate) enum Carried {
    Stream(Box<Link<Xmpp>>),
    Socket(Box<Link<XmppOverWebSocket>>),
}

macro_rules! either {
    ($carried:expr, $link:ident => $what:expr) => {
        match $carried {
            Carried::Stream($link) => $what,
            Carried::Socket($link) => $what,
        }
    };
}

impl Carried {
    pub(crate) fn start(&mut self, now: Instant) {
        either!(self, link => link.start(now));
    }

    pub(crate) fn stop(&mut self, now: Instant, closing: finewire_core::machine::Closing) {
        either!(self, link => link.stop(now, closing));
    }

    pub(crate) fn current(&self) -> Option<LinkId> {
        either!(self, link => link.current())
    }

    pub(crate) fn handle_input(&mut self, now: Instant, input: Input<'_, XmppCommand>) {
        either!(self, link => link.handle_input(now, input));
    }

    pub(crate) fn handle_timeout(&mut self, now: Instant) {
        either!(self, link => link.handle_timeout(now));
    }

    fn poll_output(&mut self) -> Output<LinkEvent<XmppEvent>> {
        either!(self, link => link.poll_output())
    }
}

#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
enum End {
    Simulator(LinkId),
    Client(Seat, LinkId),
}

pub(crate) struct Office {
    pub(crate) simulator: Simulator,
    pub(crate) now: Instant,
    pub(crate) clients: Vec<Client>,
    pub(crate) events: Vec<Event>,
    pub(crate) ended: BTreeMap<CommandId, Outcome>,
    /// Every byte the simulator wrote, in order.
    pub(crate) written: Vec<u8>,
    pipes: BTreeMap<End, End>,
    accepted: u64,
    commands: u64,
    chunk: usize,
    waits: Vec<Option<Instant>>,
}

pub(crate) fn config() -> Config {
    let at = |port| Address::new("127.0.0.1", port);
    let mut config = Config::new()
        .listen(Service::Rest, at(REST), None)
        .listen(Service::Xmpp, at(XMPP), None)
        .listen(Service::Door, at(DOOR), None);
    config.door_token = Some(Secret::from("let-me-in"));
    config
}

impl Office {
    pub(crate) fn new(config: Config, seed: u8) -> Self {
        let mut office = Self {
            simulator: Simulator::new(config, [seed; 32]),
            now: Instant::START,
            clients: Vec::new(),
            events: Vec::new(),
            ended: BTreeMap::new(),
            written: Vec::new(),
            pipes: BTreeMap::new(),
            accepted: 0,
            commands: 0,
            chunk: usize::MAX,
            waits: Vec::new(),
        };
        let wall = UnixMillis(1_750_000_000_000);
        office.simulator.handle_input(office.now, Input::Wall(wall));
        office.drain();
        office
    }

    /// Hands bytes over in pieces of this many.
    pub(crate) fn chopped(mut self, chunk: usize) -> Self {
        self.chunk = chunk;
        self
    }

    /// A client of this agent with XMPP connected and presence sent.
    pub(crate) fn sit(&mut self, agent: &str) -> Seat {
        let seat = self.sit_with(agent, PASSWORD, "test");
        self.run_until("bound", |office| office.clients[seat].bound);
        seat
    }

    /// Somebody at the control door.
    pub(crate) fn knock(&mut self) -> Seat {
        let seat = self.sit_with("nobody", "nothing", "door");
        self.clients[seat]
            .xmpp
            .stop(self.now, finewire_core::machine::Closing::Abort);
        let config = LinkConfig::on_command(Endpoint::plain("127.0.0.1", DOOR));
        let http = Http::new(ClientConfig::new("127.0.0.1"));
        self.clients[seat].http = Link::new(http, config, LinkSlot(0), Random::from_seed([99; 32]));
        self.drain();
        seat
    }

    /// A client of this agent at the second node.
    pub(crate) fn sit_at_second(&mut self, agent: &str) -> Seat {
        let ports = (SECOND_REST, SECOND_XMPP);
        let seat = self.sit_at(agent, PASSWORD, "test", "finesse2.example", ports);
        self.run_until("bound", |office| office.clients[seat].bound);
        seat
    }

    pub(crate) fn sit_with(&mut self, agent: &str, password: &str, resource: &str) -> Seat {
        self.sit_at(agent, password, resource, "finesse.example", (REST, XMPP))
    }

    pub(crate) fn sit_at(
        &mut self,
        agent: &str,
        password: &str,
        resource: &str,
        domain: &str,
        (rest, xmpp_port): (u16, u16),
    ) -> Seat {
        let password = Secret::from(password);
        let seat = self.clients.len();
        let mut xmpp = XmppConfig::new(domain, agent, password.clone(), resource);
        xmpp.allow_plaintext = true;
        let seed = [u8::try_from(seat).unwrap(); 32];
        let mut random = Random::from_seed(seed);
        let link = |endpoint| LinkConfig::keep_open(vec![endpoint]);
        let at = link(Endpoint::plain(domain, xmpp_port));
        let mut xmpp = if matches!(xmpp_port, XMPP | SECOND_XMPP) {
            Carried::Stream(Box::new(Link::new(
                Xmpp::new(xmpp),
                at,
                LinkSlot(1),
                random.fork(),
            )))
        } else {
            let socket = SocketConfig::new(domain, "/ws/");
            let inside = client_inside(socket, xmpp, random.fork());
            let link = Link::new(inside, at, LinkSlot(1), random.fork());
            Carried::Socket(Box::new(link))
        };
        xmpp.start(self.now);
        let http = Link::new(
            Http::new(ClientConfig::new(domain)),
            LinkConfig::on_command(Endpoint::plain(domain, rest)),
            LinkSlot(0),
            random.fork(),
        );
        self.clients.push(Client {
            agent: agent.into(),
            credentials: Credentials::basic(agent, password),
            http,
            xmpp,
            answers: BTreeMap::new(),
            updates: VecDeque::new(),
            raw: Vec::new(),
            presences: Vec::new(),
            garbled: 0,
            downs: Vec::new(),
            ended: BTreeMap::new(),
            bound: false,
            next: 0,
        });
        self.drain();
        seat
    }

    /// Sends a request without waiting; its number.
    pub(crate) fn send(&mut self, seat: Seat, request: &Request, id: Option<&str>) -> u64 {
        let id = id.map(|id| RequestId::new(id).unwrap());
        let credentials = self.clients[seat].credentials.clone();
        let request = request.to_http(&credentials, id.as_ref()).unwrap();
        self.send_http(seat, request)
    }

    pub(crate) fn send_http(&mut self, seat: Seat, request: finewire_http::Request<Bytes>) -> u64 {
        let client = &mut self.clients[seat];
        client.next += 1;
        let number = client.next;
        let timeout = Duration::from_secs(30);
        let command = ClientCommand::Exchange { request, timeout };
        client
            .http
            .handle_input(self.now, Input::Command(CommandId(number), command));
        self.drain();
        number
    }

    /// Sends a request and waits for its answer.
    pub(crate) fn ask(&mut self, seat: Seat, request: &Request) -> Answer {
        Answer::parse(request, &self.ask_http(seat, request, None)).unwrap()
    }

    pub(crate) fn ask_http(
        &mut self,
        seat: Seat,
        request: &Request,
        id: Option<&str>,
    ) -> Response<Bytes> {
        let number = self.send(seat, request, id);
        self.answer(seat, number)
    }

    pub(crate) fn answer(&mut self, seat: Seat, number: u64) -> Response<Bytes> {
        self.run_until("answered", |office| {
            office.clients[seat].answers.contains_key(&number)
        });
        self.clients[seat].answers.remove(&number).unwrap()
    }

    /// Sends a request, expects it to be accepted, and lets everything come to rest.
    pub(crate) fn tell(&mut self, seat: Seat, request: &Request) {
        let answer = self.ask(seat, request);
        assert_eq!(answer, Answer::Accepted, "{request:?}");
        self.rest();
    }

    pub(crate) fn sign_in(&mut self, seat: Seat, extension: &str) {
        let agent = self.clients[seat].agent.clone();
        self.tell(
            seat,
            &Request::SignIn {
                agent,
                extension: extension.into(),
                mobile: None,
            },
        );
    }

    pub(crate) fn act(
        &mut self,
        seat: Seat,
        dialog: &DialogId,
        action: CallAction,
        extension: &str,
    ) {
        let request = Request::act(dialog.clone(), action, Extension::from(extension));
        self.tell(seat, &request);
    }

    /// Gives the simulator a command.
    pub(crate) fn order(&mut self, command: Command) -> Outcome {
        self.commands += 1;
        let id = CommandId(self.commands);
        self.simulator
            .handle_input(self.now, Input::Command(id, command));
        self.drain();
        self.ended.remove(&id).expect("a command ends at once")
    }

    /// Brings a call in and lets everything come to rest; the call's id.
    pub(crate) fn call(&mut self, to: &str, from: &str) -> DialogId {
        let done = self.order(Command::PlaceCall {
            to: to.into(),
            from: from.into(),
        });
        assert_eq!(done, Outcome::Done);
        let placed = self.events.iter().rev().find_map(|event| match event {
            Event::CallPlaced { dialog, .. } => Some(dialog.clone()),
            _ => None,
        });
        self.rest();
        placed.unwrap()
    }

    pub(crate) fn truth(&self) -> Truth {
        self.simulator.truth()
    }

    /// The updates a client got since, each with its node.
    pub(crate) fn updates(&mut self, seat: Seat) -> Vec<Update> {
        self.clients[seat].updates.drain(..).collect()
    }

    /// Half a second passes: longer than any delay, shorter than any deadline of business.
    pub(crate) fn rest(&mut self) {
        self.pass(Duration::from_millis(500));
    }

    pub(crate) fn pass(&mut self, time: Duration) {
        let end = self.now + time;
        self.drain();
        while let Some(next) = self.next_deadline().filter(|next| *next <= end) {
            self.tick(next);
        }
        self.now = end;
    }

    /// Goes on until `done`, at most a minute.
    pub(crate) fn run_until(&mut self, what: &str, done: impl Fn(&Self) -> bool) {
        let end = self.now + Duration::from_secs(60);
        self.drain();
        while !done(self) {
            let next = self.next_deadline().filter(|next| *next <= end);
            self.tick(next.unwrap_or_else(|| panic!("never {what}")));
        }
    }

    fn next_deadline(&self) -> Option<Instant> {
        self.waits.iter().flatten().min().copied()
    }

    fn tick(&mut self, at: Instant) {
        assert!(at > self.now, "a deadline lies after now");
        self.now = at;
        self.simulator.handle_timeout(at);
        for client in &mut self.clients {
            client.http.handle_timeout(at);
            client.xmpp.handle_timeout(at);
        }
        self.drain();
    }

    /// Breaks what connects a client's XMPP link.
    pub(crate) fn cut_xmpp(&mut self, seat: Seat) {
        let id = self.clients[seat].xmpp.current().unwrap();
        self.clients[seat]
            .xmpp
            .stop(self.now, finewire_core::machine::Closing::Abort);
        let end = self.pipes.remove(&End::Client(seat, id)).unwrap();
        self.pipes.remove(&end);
        let End::Simulator(link) = end else {
            unreachable!()
        };
        self.simulator
            .handle_input(self.now, Input::Closed(link, CloseReason::Eof));
        self.drain();
    }

    fn drain(&mut self) {
        loop {
            let mut busy = false;
            self.waits.clear();
            loop {
                let output = self.simulator.poll_output();
                if let Output::Wait(deadline) = output {
                    self.waits.push(deadline);
                    break;
                }
                busy = true;
                self.on_simulator(output);
            }
            for seat in 0..self.clients.len() {
                busy |= self.drain_http(seat);
                busy |= self.drain_xmpp(seat);
            }
            if !busy {
                return;
            }
        }
    }

    fn on_simulator(&mut self, output: Output<Event>) {
        match output {
            Output::Listen(listener, address) => {
                let input = Input::Listening(listener, address);
                self.simulator.handle_input(self.now, input);
            }
            Output::Send(link, chunks) => {
                let bytes = chunks.to_vec();
                self.written.extend_from_slice(&bytes);
                self.simulator.handle_input(self.now, Input::Sent(link));
                let end = self.pipes.get(&End::Simulator(link)).copied();
                if let Some(End::Client(seat, id)) = end {
                    for piece in bytes.chunks(self.chunk) {
                        self.bring(seat, Input::Received(id, piece));
                    }
                }
            }
            Output::Close(link, _) => {
                if let Some(end) = self.pipes.remove(&End::Simulator(link)) {
                    self.pipes.remove(&end);
                    if let End::Client(seat, id) = end {
                        self.bring(seat, Input::Closed(id, CloseReason::Eof));
                    }
                }
                let closed = Input::Closed(link, CloseReason::Asked);
                self.simulator.handle_input(self.now, closed);
            }
            Output::Event(event) => self.events.push(event),
            Output::Ended(id, outcome) => {
                assert!(self.ended.insert(id, outcome).is_none(), "ended twice");
            }
            Output::Trace(trace) => {
                assert!(
                    !format!("{trace:?}").contains(PASSWORD),
                    "a secret in a trace"
                );
            }
            // What is on its way when a link is paused comes all the same.
            Output::Pause(_) | Output::Resume(_) => {}
            other => panic!("unexpected {other:?}"),
        }
    }

    fn bring(&mut self, seat: Seat, input: Input<'_, core::convert::Infallible>) {
        let now = self.now;
        let client = &mut self.clients[seat];
        macro_rules! pass {
            ($link:expr) => {
                match input {
                    Input::Received(id, bytes) => {
                        $link.handle_input(now, Input::Received(id, bytes))
                    }
                    Input::Closed(id, reason) => $link.handle_input(now, Input::Closed(id, reason)),
                    _ => unreachable!(),
                }
            };
        }
        let id = match &input {
            Input::Received(id, _) | Input::Closed(id, _) => *id,
            _ => unreachable!(),
        };
        if id.slot() == Some(LinkSlot(0)) {
            pass!(client.http);
        } else {
            pass!(client.xmpp);
        }
    }

    fn open(&mut self, seat: Seat, id: LinkId, endpoint: &Endpoint) {
        self.accepted += 1;
        let link = LinkId::accepted(self.accepted);
        let listener = match endpoint.port {
            REST => 0,
            XMPP => 1,
            WEBSOCKETS => 3,
            SECOND_REST => 3,
            SECOND_XMPP => 4,
            _ => 2,
        };
        self.pipes
            .insert(End::Client(seat, id), End::Simulator(link));
        self.pipes
            .insert(End::Simulator(link), End::Client(seat, id));
        let from = Address::new("127.0.0.1", 40_000);
        let accepted = Input::Accepted(ListenerId(listener), link, from);
        self.simulator.handle_input(self.now, accepted);
    }

    fn deliver(&mut self, seat: Seat, id: LinkId, bytes: &[u8]) {
        for piece in bytes.chunks(self.chunk) {
            // A piece may make the simulator close: then the rest has nowhere to go.
            let Some(End::Simulator(link)) = self.pipes.get(&End::Client(seat, id)).copied() else {
                return;
            };
            self.simulator
                .handle_input(self.now, Input::Received(link, piece));
        }
    }

    fn close(&mut self, seat: Seat, id: LinkId) {
        if let Some(End::Simulator(link)) = self.pipes.remove(&End::Client(seat, id)) {
            self.pipes.remove(&End::Simulator(link));
            self.simulator
                .handle_input(self.now, Input::Closed(link, CloseReason::Eof));
        }
    }

    fn drain_http(&mut self, seat: Seat) -> bool {
        let mut busy = false;
        loop {
            match self.clients[seat].http.poll_output() {
                Output::Wait(deadline) => {
                    self.waits.push(deadline);
                    return busy;
                }
                Output::Open(id, endpoint) => {
                    self.open(seat, id, &endpoint);
                    self.clients[seat]
                        .http
                        .handle_input(self.now, Input::Opened(id));
                }
                Output::Send(id, chunks) => {
                    self.clients[seat]
                        .http
                        .handle_input(self.now, Input::Sent(id));
                    self.deliver(seat, id, &chunks.to_vec());
                }
                Output::Close(id, _) => {
                    self.close(seat, id);
                    let closed = Input::Closed(id, CloseReason::Asked);
                    self.clients[seat].http.handle_input(self.now, closed);
                }
                Output::Event(LinkEvent::Said(ClientEvent::Answered { command, response })) => {
                    self.clients[seat].answers.insert(command.0, response);
                }
                _ => {}
            }
            busy = true;
        }
    }

    fn drain_xmpp(&mut self, seat: Seat) -> bool {
        let mut busy = false;
        loop {
            match self.clients[seat].xmpp.poll_output() {
                Output::Wait(deadline) => {
                    self.waits.push(deadline);
                    return busy;
                }
                Output::Open(id, endpoint) => {
                    self.open(seat, id, &endpoint);
                    self.clients[seat]
                        .xmpp
                        .handle_input(self.now, Input::Opened(id));
                }
                Output::Send(id, chunks) => {
                    self.clients[seat]
                        .xmpp
                        .handle_input(self.now, Input::Sent(id));
                    self.deliver(seat, id, &chunks.to_vec());
                }
                Output::Close(id, _) => {
                    self.close(seat, id);
                    let closed = Input::Closed(id, CloseReason::Asked);
                    self.clients[seat].xmpp.handle_input(self.now, closed);
                }
                Output::Event(LinkEvent::Said(event)) => self.on_xmpp(seat, event),
                Output::Event(LinkEvent::Down { reason, .. }) => {
                    self.clients[seat].bound = false;
                    self.clients[seat].downs.push(reason);
                }
                Output::Ended(id, outcome) => {
                    self.clients[seat].ended.insert(id.0, outcome);
                }
                _ => {}
            }
            busy = true;
        }
    }

    fn on_xmpp(&mut self, seat: Seat, event: XmppEvent) {
        let client = &mut self.clients[seat];
        match event {
            XmppEvent::Bound { .. } => client.bound = true,
            XmppEvent::Notified {
                to, node, items, ..
            } => {
                for item in items {
                    let update = Update::parse(&node, &item.payload);
                    match update {
                        Ok(update) => client.updates.push_back(update),
                        Err(_) if self.simulator.config().knobs.garble_events => {
                            client.garbled += 1;
                        }
                        Err(e) => panic!("{e}: {}", item.payload),
                    }
                    client.raw.push((to.clone(), item.payload));
                }
            }
            XmppEvent::Presence {
                from, available, ..
            } => client.presences.push((from, available)),
            _ => {}
        }
    }
}
