//! The network of the scenarios keeps its promises: a toy client and a toy server live in it.

use std::collections::{BTreeMap, VecDeque};
use std::time::Duration;

use bytes::Bytes;
use finewire_core::machine::{
    Address, CloseReason, Closing, CommandId, Endpoint, Input, Instant, Link, LinkConfig,
    LinkEvent, LinkId, LinkSlot, ListenerId, Machine, Outbox, Outcome, Output, Peer, Protocol,
    ProtocolInput, ProtocolOutput, Random, TlsFault, TlsId,
};
use finewire_tests::world::{Chunking, Network, Seat, Weather, chop_protocol, replay};

/// Sends back every byte; a caller's command is the bytes to send, done when they are back.
#[derive(Debug, Default)]
struct Echo {
    is_caller: bool,
    outbox: Outbox,
    waiting: VecDeque<(CommandId, usize)>,
    back: usize,
    queue: VecDeque<ProtocolOutput<usize>>,
}

impl Echo {
    fn caller() -> Self {
        Self {
            is_caller: true,
            ..Self::default()
        }
    }
}

impl Protocol for Echo {
    type Command = Vec<u8>;
    type Event = usize;

    fn handle_input(&mut self, _now: Instant, input: ProtocolInput<'_, Vec<u8>>) {
        match input {
            ProtocolInput::Opened(_) => self.queue.push_back(ProtocolOutput::Ready),
            ProtocolInput::Received(bytes) if self.is_caller => {
                self.back += bytes.len();
                while let Some((id, size)) = self.waiting.front().copied()
                    && self.back >= size
                {
                    self.back -= size;
                    self.waiting.pop_front();
                    self.queue.push_back(ProtocolOutput::Event(size));
                    self.queue
                        .push_back(ProtocolOutput::Ended(id, Outcome::Done));
                }
            }
            ProtocolInput::Received(bytes) => self.outbox.push(Bytes::copy_from_slice(bytes)),
            ProtocolInput::Sent => self.outbox.on_sent(),
            ProtocolInput::Closed(_) => {
                self.outbox.clear();
                self.back = 0;
                for (id, _) in std::mem::take(&mut self.waiting) {
                    let outcome =
                        Outcome::failed(finewire_core::machine::Reason::LinkDown, "link lost");
                    self.queue.push_back(ProtocolOutput::Ended(id, outcome));
                }
            }
            ProtocolInput::Command(id, bytes) => {
                self.waiting.push_back((id, bytes.len()));
                self.outbox.push(Bytes::from(bytes));
            }
            ProtocolInput::Secured(_) | ProtocolInput::Wall(_) => {}
        }
    }

    fn handle_timeout(&mut self, _now: Instant) {}

    fn poll_output(&mut self) -> ProtocolOutput<usize> {
        match self.outbox.take() {
            Some(chunks) => ProtocolOutput::Send(chunks),
            None => self.queue.pop_front().unwrap_or(ProtocolOutput::Wait(None)),
        }
    }
}

#[derive(Debug)]
struct Server {
    tls: Option<TlsId>,
    peers: BTreeMap<LinkId, Peer<Echo>>,
    queue: VecDeque<Output<LinkEvent<usize>>>,
}

impl Server {
    fn new(tls: Option<TlsId>) -> Self {
        let listen = Output::Listen(ListenerId(0), Address::new("127.0.0.1", 7));
        Self {
            tls,
            peers: BTreeMap::new(),
            queue: VecDeque::from([listen]),
        }
    }
}

impl Machine for Server {
    type Command = Vec<u8>;
    type Event = LinkEvent<usize>;

    fn handle_input(&mut self, now: Instant, input: Input<'_, Vec<u8>>) {
        let link = match &input {
            Input::Accepted(_, link, _) => {
                let peer = Peer::new(now, *link, Echo::default(), self.tls);
                self.peers.insert(*link, peer);
                return;
            }
            Input::Secured(link, _)
            | Input::Received(link, _)
            | Input::Sent(link)
            | Input::Closed(link, _) => *link,
            _ => return,
        };
        if let Some(peer) = self.peers.get_mut(&link) {
            peer.handle_input(now, input);
        }
    }

    fn handle_timeout(&mut self, _now: Instant) {}

    fn poll_output(&mut self) -> Output<LinkEvent<usize>> {
        if let Some(output) = self.queue.pop_front() {
            return output;
        }
        for peer in self.peers.values_mut() {
            match peer.poll_output() {
                Output::Wait(_) => {}
                output => return output,
            }
        }
        self.peers.retain(|_, peer| !peer.is_gone());
        Output::Wait(None)
    }
}

#[derive(Debug)]
struct Caller(Link<Echo>);

impl Caller {
    fn new(tls: Option<TlsId>) -> Self {
        let endpoint = Endpoint {
            tls,
            ..Endpoint::plain("server.test", 7)
        };
        let config = LinkConfig::keep_open(vec![endpoint]);
        let random = Random::from_seed([1; 32]);
        let mut link = Link::new(Echo::caller(), config, LinkSlot(0), random);
        link.start(Instant::START);
        Self(link)
    }
}

impl Machine for Caller {
    type Command = Vec<u8>;
    type Event = LinkEvent<usize>;

    fn handle_input(&mut self, now: Instant, input: Input<'_, Vec<u8>>) {
        self.0.handle_input(now, input);
    }

    fn handle_timeout(&mut self, now: Instant) {
        self.0.handle_timeout(now);
    }

    fn poll_output(&mut self) -> Output<LinkEvent<usize>> {
        self.0.poll_output()
    }
}

const SECOND: Duration = Duration::from_secs(1);

fn town(seed: u64, weather: Weather, tls: Option<TlsId>) -> (Network, Seat<Caller>) {
    let mut network = Network::new(seed, weather);
    network.add("server", &["server.test"], Server::new(tls));
    let caller = network.add_recorded("caller", &[], Caller::new(tls));
    network.run_for(SECOND);
    (network, caller)
}

fn outcome(network: &Network, caller: Seat<Caller>, id: CommandId) -> Option<&Outcome> {
    network.node(caller).outcome(id).map(|(_, outcome)| outcome)
}

#[test]
fn bytes_come_back_in_every_weather_and_with_tls() {
    for tls in [None, Some(TlsId(3))] {
        for weather in [
            Weather::calm(),
            Weather::calm().cut_into(Chunking::Bytes),
            Weather::stormy(),
        ] {
            let (mut network, caller) = town(5, weather, tls);

            let small = network.command(caller, b"hello".to_vec());
            let large = network.command(caller, vec![7; 100_000]);
            network.run_for(10 * SECOND);

            assert_eq!(outcome(&network, caller, small), Some(&Outcome::Done));
            assert_eq!(outcome(&network, caller, large), Some(&Outcome::Done));
        }
    }
}

#[test]
fn a_cut_is_learned_at_both_ends_and_the_link_comes_back() {
    let (mut network, caller) = town(5, Weather::calm(), None);
    let lost = network.command(caller, b"hello".to_vec());

    let pipe = network.pipes()[0].id;
    network.cut(pipe);
    network.run_for(SECOND);
    let again = network.command(caller, b"again".to_vec());
    network.run_for(SECOND);

    assert!(matches!(
        outcome(&network, caller, lost),
        Some(Outcome::Failed(_))
    ));
    assert_eq!(outcome(&network, caller, again), Some(&Outcome::Done));
    assert_eq!(network.pipes().len(), 1);
}

#[test]
fn a_stalled_connection_delivers_everything_later() {
    let (mut network, caller) = town(5, Weather::calm(), None);
    let pipe = network.pipes()[0].id;
    network.stall(pipe);
    let held = network.command(caller, b"hello".to_vec());
    network.run_for(SECOND);
    assert_eq!(outcome(&network, caller, held), None);

    network.flow(pipe);
    network.run_for(SECOND);

    assert_eq!(outcome(&network, caller, held), Some(&Outcome::Done));
}

#[test]
fn on_a_lost_connection_nothing_is_heard_of_anything() {
    let (mut network, caller) = town(5, Weather::calm(), None);
    let pipe = network.pipes()[0].id;

    network.lose(pipe);
    let lost = network.command(caller, b"hello".to_vec());
    network.run_for(60 * SECOND);

    assert_eq!(outcome(&network, caller, lost), None);
}

#[test]
fn a_refused_port_and_a_broken_handshake_are_told_by_their_names() {
    let mut network = Network::new(5, Weather::calm());
    network.add("server", &["server.test"], Server::new(Some(TlsId(3))));
    network.refuse("server.test", 7);
    let caller = network.add("caller", &[], Caller::new(Some(TlsId(3))));
    network.run_for(Duration::from_millis(50));
    network.admit("server.test", 7);
    network.break_tls(7, TlsFault::Expired);
    network.run_for(SECOND);

    let mut reasons = network
        .node(caller)
        .events()
        .iter()
        .filter_map(|(_, event)| match event {
            LinkEvent::Down { reason, .. } => Some(reason.clone()),
            LinkEvent::Up | LinkEvent::Said(_) => None,
        });

    assert_eq!(reasons.next(), Some(CloseReason::Refused));
    assert_eq!(reasons.next(), Some(CloseReason::Tls(TlsFault::Expired)));
}

#[test]
fn equal_seeds_give_equal_runs_and_a_film_can_be_played_again() {
    let run = |seed| {
        let (mut network, caller) = town(seed, Weather::stormy(), None);
        network.command(caller, vec![7; 5_000]);
        network.run_for(5 * SECOND);
        (
            network.steps(),
            network.node(caller).film().unwrap().clone(),
        )
    };
    let (steps, film) = run(11);
    let (again, film_again) = run(11);

    assert_eq!(steps, again);
    assert_eq!(film.outputs, film_again.outputs);
    assert_eq!(replay(Caller::new(None), &film.inputs), film.outputs);
    assert_ne!(
        format!("{:?}", run(12).1.inputs),
        format!("{:?}", film.inputs)
    );
}

#[test]
#[should_panic(expected = "a secret in its event")]
fn a_forbidden_text_in_an_event_is_noticed() {
    let (mut network, caller) = town(5, Weather::calm(), None);
    network.forbid("Said(5)");

    network.command(caller, b"hello".to_vec());
    network.run_for(SECOND);
}

#[derive(Debug)]
struct Rude(VecDeque<Output<usize>>);

impl Machine for Rude {
    type Command = ();
    type Event = usize;

    fn handle_input(&mut self, _: Instant, _: Input<'_, ()>) {}

    fn handle_timeout(&mut self, _: Instant) {}

    fn poll_output(&mut self) -> Output<usize> {
        self.0.pop_front().unwrap_or(Output::Wait(None))
    }
}

fn rude(outputs: impl IntoIterator<Item = Output<usize>>) {
    let mut network = Network::new(1, Weather::calm());
    let seat = network.add("rude", &[], Rude(outputs.into_iter().collect()));
    network.command(seat, ());
}

fn send(link: LinkId) -> Output<usize> {
    Output::Send(link, Bytes::from_static(b"x").into())
}

fn open(link: LinkId) -> Output<usize> {
    Output::Open(link, Endpoint::plain("nowhere.test", 1))
}

const FIRST: LinkId = LinkSlot(0).link(0);

#[test]
#[should_panic(expected = "is not there")]
fn a_send_on_an_unknown_link_is_noticed() {
    rude([send(FIRST)]);
}

#[test]
#[should_panic(expected = "a second send")]
fn a_second_send_before_the_first_is_done_is_noticed() {
    rude([open(FIRST), send(FIRST), send(FIRST)]);
}

#[test]
#[should_panic(expected = "after its close")]
fn a_send_after_a_close_is_noticed() {
    rude([
        open(FIRST),
        Output::Close(FIRST, Closing::Flush),
        send(FIRST),
    ]);
}

#[test]
#[should_panic(expected = "a second time")]
fn a_link_id_that_is_used_again_is_noticed() {
    rude([
        open(FIRST),
        Output::Close(FIRST, Closing::Flush),
        open(FIRST),
    ]);
}

#[test]
#[should_panic(expected = "already")]
fn a_deadline_that_has_passed_is_noticed() {
    rude([Output::Wait(Some(Instant::START))]);
}

#[test]
#[should_panic(expected = "never given")]
fn an_end_without_a_command_is_noticed() {
    rude([Output::Ended(CommandId(77), Outcome::Done)]);
}

#[test]
fn a_protocol_that_counts_bytes_does_not_care_how_they_are_cut() {
    let digest = chop_protocol(Echo::default, Instant::START, &[9; 300], 20);

    assert_eq!(digest.sent, vec![9; 300]);
}
