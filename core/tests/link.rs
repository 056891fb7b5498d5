//! What a [`Link`] and a [`Peer`] promise, with fake time and a protocol that answers "hi".

#![allow(clippy::unwrap_used, reason = "a test may fail")]

use bytes::Bytes;
use core::time::Duration;
use finewire_core::machine::{
    Chunks, CloseReason, Closing, CommandId, Endpoint, Input, Instant, Link, LinkConfig, LinkEvent,
    LinkId, LinkSlot, LinkState, Machine, Outbox, Outcome, Output, Peer, PeerIdentity, Protocol,
    ProtocolInput, ProtocolOutput, Random, Reason, TlsId,
};
use std::collections::VecDeque;

/// Ready after "hi" came; a command is a text to send, done when sent.
#[derive(Debug, Default)]
struct Greeter {
    keeps: bool,
    outbox: Outbox,
    open: bool,
    unended: Vec<CommandId>,
    outputs: VecDeque<ProtocolOutput<String>>,
}

impl Protocol for Greeter {
    type Command = &'static str;
    type Event = String;

    fn handle_input(&mut self, _now: Instant, input: ProtocolInput<'_, &'static str>) {
        match input {
            ProtocolInput::Opened(identity) => {
                self.open = true;
                self.outputs.push_back(ProtocolOutput::Event(format!(
                    "opened {}",
                    identity.is_some()
                )));
            }
            ProtocolInput::Received(b"hi") => self.outputs.push_back(ProtocolOutput::Ready),
            ProtocolInput::Received(b"no") => self.outputs.push_back(ProtocolOutput::Finish(
                Closing::Abort,
                CloseReason::Denied("no".into()),
            )),
            ProtocolInput::Received(_) => self.outputs.push_back(ProtocolOutput::Close(
                Closing::Abort,
                CloseReason::Remote("not hi".into()),
            )),
            ProtocolInput::Sent => {
                self.outbox.on_sent();
                for id in self.unended.drain(..) {
                    self.outputs
                        .push_back(ProtocolOutput::Ended(id, Outcome::Done));
                }
            }
            ProtocolInput::Closed(_) => {
                self.open = false;
                self.outbox.clear();
                for id in self.unended.drain(..) {
                    let outcome = Outcome::failed(Reason::LinkDown, "lost");
                    self.outputs.push_back(ProtocolOutput::Ended(id, outcome));
                }
            }
            ProtocolInput::Command(id, text) => {
                self.unended.push(id);
                self.outbox.push(Bytes::from_static(text.as_bytes()));
            }
            ProtocolInput::Secured(_) | ProtocolInput::Wall(_) => {}
        }
    }

    fn handle_timeout(&mut self, _now: Instant) {}

    fn poll_output(&mut self) -> ProtocolOutput<String> {
        if self.open
            && let Some(chunks) = self.outbox.take()
        {
            return ProtocolOutput::Send(chunks);
        }
        self.outputs
            .pop_front()
            .unwrap_or(ProtocolOutput::Wait(None))
    }

    fn keeps_while_down(&self, _: &&'static str) -> bool {
        self.keeps
    }
}

fn drain<M: Machine>(machine: &mut M) -> (Vec<Output<M::Event>>, Option<Instant>) {
    let mut all = Vec::new();
    loop {
        match machine.poll_output() {
            Output::Wait(deadline) => return (all, deadline),
            output => all.push(output),
        }
    }
}

fn link(config: LinkConfig) -> Link<Greeter> {
    Link::new(
        Greeter::default(),
        config,
        LinkSlot(3),
        Random::from_seed([1; 32]),
    )
}

fn two_brokers() -> LinkConfig {
    LinkConfig::keep_open(vec![Endpoint::plain("a", 1), Endpoint::plain("b", 2)])
}

fn opened(outputs: &[Output<LinkEvent<String>>]) -> Option<(LinkId, String)> {
    outputs.iter().find_map(|output| match output {
        Output::Open(id, endpoint) => Some((*id, endpoint.to_string())),
        _ => None,
    })
}

fn has_event(outputs: &[Output<LinkEvent<String>>], wanted: &LinkEvent<String>) -> bool {
    outputs
        .iter()
        .any(|output| matches!(output, Output::Event(event) if event == wanted))
}

const T0: Instant = Instant::START;

#[test]
fn the_second_endpoint_is_tried_at_once_and_a_failed_round_backs_off() {
    let mut link = link(two_brokers());
    link.start(T0);
    let (first, to) = opened(&drain(&mut link).0).unwrap();
    assert_eq!(to, "a:1");

    link.handle_input(T0, Input::Closed(first, CloseReason::Refused));
    let (second, to) = opened(&drain(&mut link).0).unwrap();
    assert_eq!(to, "b:2");
    assert_ne!(first, second);
    link.handle_input(T0, Input::Closed(second, CloseReason::Refused));
    let (outputs, deadline) = drain(&mut link);

    assert!(opened(&outputs).is_none());
    let retry_at = deadline.unwrap();
    assert!(retry_at > T0 && retry_at <= T0 + Duration::from_millis(100));
    link.handle_timeout(retry_at);
    assert_eq!(opened(&drain(&mut link).0).unwrap().1, "a:1");
}

#[test]
fn an_attempt_that_never_becomes_ready_is_given_up() {
    let mut link = link(two_brokers());
    link.start(T0);
    let (first, _) = opened(&drain(&mut link).0).unwrap();
    link.handle_input(T0, Input::Opened(first));
    let (_, deadline) = drain(&mut link);
    assert_eq!(deadline, Some(T0 + Duration::from_secs(10)));

    link.handle_timeout(deadline.unwrap());
    let (outputs, _) = drain(&mut link);

    assert!(
        outputs
            .iter()
            .any(|o| matches!(o, Output::Close(id, Closing::Abort) if *id == first))
    );
    assert_eq!(opened(&outputs).unwrap().1, "b:2");
}

#[test]
fn reports_about_an_old_socket_are_ignored() {
    let mut link = link(two_brokers());
    link.start(T0);
    let (first, _) = opened(&drain(&mut link).0).unwrap();
    link.handle_input(T0, Input::Closed(first, CloseReason::Eof));
    let (second, _) = opened(&drain(&mut link).0).unwrap();

    link.handle_input(T0, Input::Opened(first));
    link.handle_input(T0, Input::Received(first, b"hi"));
    link.handle_input(T0, Input::Closed(first, CloseReason::Eof));

    assert!(drain(&mut link).0.is_empty());
    assert_eq!(link.current(), Some(second));
    assert_eq!(link.state(), LinkState::Opening);
}

#[test]
fn commands_are_refused_while_the_link_is_down_and_done_while_it_is_up() {
    let mut link = link(two_brokers());
    link.start(T0);
    let (id, _) = opened(&drain(&mut link).0).unwrap();

    link.handle_input(T0, Input::Command(CommandId(1), "early"));
    let (outputs, _) = drain(&mut link);
    assert!(
        matches!(&outputs[..], [Output::Ended(CommandId(1), Outcome::Refused(why))]
        if why.reason == Reason::LinkDown && why.text == "the link to a:1 is down")
    );

    link.handle_input(T0, Input::Opened(id));
    link.handle_input(T0, Input::Received(id, b"hi"));
    assert!(has_event(&drain(&mut link).0, &LinkEvent::Up));
    link.handle_input(T0, Input::Command(CommandId(2), "a"));
    let (outputs, _) = drain(&mut link);
    assert!(matches!(&outputs[..], [Output::Send(_, chunks)] if chunks.to_vec() == b"a"));
    link.handle_input(T0, Input::Sent(id));
    assert!(matches!(
        drain(&mut link).0[..],
        [Output::Ended(CommandId(2), Outcome::Done)]
    ));
}

#[test]
fn a_link_on_command_opens_for_a_command_and_stays_down_after_a_loss() {
    let mut link = link(LinkConfig::on_command(Endpoint::plain("a", 1)));
    link.protocol_mut().keeps = true;
    assert!(drain(&mut link).0.is_empty());

    link.handle_input(T0, Input::Command(CommandId(1), "x"));
    let (id, _) = opened(&drain(&mut link).0).unwrap();
    link.handle_input(T0, Input::Closed(id, CloseReason::Refused));
    let (outputs, deadline) = drain(&mut link);

    assert!(
        outputs
            .iter()
            .any(|o| matches!(o, Output::Ended(CommandId(1), Outcome::Failed(_))))
    );
    assert!(opened(&outputs).is_none());
    assert_eq!(deadline, None);
    assert_eq!(link.state(), LinkState::Idle);
}

#[test]
fn a_peer_that_denies_us_is_not_asked_again() {
    let mut link = link(two_brokers());
    link.start(T0);
    let (id, _) = opened(&drain(&mut link).0).unwrap();
    link.handle_input(T0, Input::Opened(id));
    link.handle_input(T0, Input::Received(id, b"no"));

    let (outputs, deadline) = drain(&mut link);

    let reason = CloseReason::Denied("no".into());
    assert!(has_event(
        &outputs,
        &LinkEvent::Down {
            reason,
            retry_at: None
        }
    ));
    assert_eq!(deadline, None);
}

#[test]
fn a_peer_that_takes_us_in_and_throws_us_out_meets_growing_delays() {
    let mut link = link(LinkConfig::keep_open(vec![Endpoint::plain("a", 1)]));
    let mut now = T0;
    link.start(now);
    let mut delays = Vec::new();

    for _ in 0..6 {
        let (id, _) = opened(&drain(&mut link).0).unwrap();
        link.handle_input(now, Input::Opened(id));
        link.handle_input(now, Input::Received(id, b"hi"));
        let _ = drain(&mut link);
        link.handle_input(now, Input::Closed(id, CloseReason::Eof));
        let (_, deadline) = drain(&mut link);
        delays.push(deadline.unwrap() - now);
        now = deadline.unwrap();
        link.handle_timeout(now);
    }

    assert!(delays[5] > delays[0] * 8, "{delays:?}");
}

#[test]
fn tls_comes_before_the_first_byte_of_the_protocol() {
    let endpoint = Endpoint::secure("a", 1, TlsId(7));
    let mut link = link(LinkConfig::keep_open(vec![endpoint]));
    link.start(T0);
    let (id, _) = opened(&drain(&mut link).0).unwrap();

    link.handle_input(T0, Input::Opened(id));
    let (outputs, _) = drain(&mut link);
    assert!(matches!(outputs[..], [Output::Secure(_, TlsId(7))]));
    link.handle_input(T0, Input::Secured(id, PeerIdentity::default()));

    assert!(has_event(
        &drain(&mut link).0,
        &LinkEvent::Said("opened true".into())
    ));
}

#[test]
fn a_stopped_link_stays_down() {
    let mut link = link(two_brokers());
    link.start(T0);
    let (id, _) = opened(&drain(&mut link).0).unwrap();
    link.stop(T0, Closing::Flush);
    let (outputs, deadline) = drain(&mut link);

    assert!(
        outputs
            .iter()
            .any(|o| matches!(o, Output::Close(i, Closing::Flush) if *i == id))
    );
    assert_eq!(deadline, None);
    assert_eq!(link.state(), LinkState::Idle);
}

#[test]
fn a_peer_ends_its_commands_when_its_link_is_gone_and_says_so_once() {
    let id = LinkId::accepted(4);
    let mut peer = Peer::new(T0, id, Greeter::default(), None);
    peer.handle_input(T0, Input::Received(id, b"hi"));
    peer.handle_input(T0, Input::Command(CommandId(1), "x"));
    let (outputs, _) = drain(&mut peer);
    assert!(outputs.iter().any(|o| matches!(o, Output::Send(..))));

    peer.handle_input(T0, Input::Closed(id, CloseReason::Eof));
    peer.handle_input(T0, Input::Closed(id, CloseReason::Eof));
    let (outputs, _) = drain(&mut peer);

    let downs = outputs
        .iter()
        .filter(|o| matches!(o, Output::Event(LinkEvent::Down { .. })));
    assert_eq!(downs.count(), 1);
    let ends = outputs
        .iter()
        .filter(|o| matches!(o, Output::Ended(CommandId(1), _)));
    assert_eq!(ends.count(), 1);
    assert!(peer.is_gone());
}

#[test]
fn a_peer_that_closes_itself_does_not_report_the_close_twice() {
    let id = LinkId::accepted(4);
    let mut peer = Peer::new(T0, id, Greeter::default(), None);
    peer.handle_input(T0, Input::Received(id, b"rubbish"));
    let (outputs, _) = drain(&mut peer);
    assert!(outputs.iter().any(|o| matches!(o, Output::Close(..))));

    peer.handle_input(T0, Input::Closed(id, CloseReason::Asked));

    assert!(drain(&mut peer).0.is_empty());
}

#[test]
fn bytes_on_their_way_do_not_show_in_debug() {
    let id = LinkId::accepted(1);
    let chunks = Chunks::from(Bytes::from_static(b"secret"));
    let input: Input<'_, ()> = Input::Received(id, b"secret");
    let heard: ProtocolInput<'_, ()> = ProtocolInput::Received(b"secret");
    let secret = format!("{:?}", b"secret");

    for shown in [
        format!("{chunks:?}"),
        format!("{input:?}"),
        format!("{heard:?}"),
    ] {
        assert!(shown.contains("6 bytes"), "{shown}");
        assert!(
            !shown.contains("secret") && !shown.contains(&secret),
            "{shown}"
        );
    }
}

#[test]
fn chunks_know_their_length() {
    let mut chunks = Chunks::from(Bytes::from_static(b"ab"));
    chunks.push(Bytes::new());
    assert_eq!((chunks.len(), chunks.as_slice().len()), (2, 1));
}

#[test]
fn a_link_that_may_fail_twice_gives_up_after_the_second_round_and_says_so() {
    let mut config = two_brokers();
    config.first_attempts_at_most = Some(2);
    let mut link = link(config);
    let mut now = T0;
    link.start(now);
    let mut opens = 0;
    let reason = loop {
        let (outputs, deadline) = drain(&mut link);
        if let Some((id, _)) = opened(&outputs) {
            opens += 1;
            link.handle_input(now, Input::Closed(id, CloseReason::Refused));
            continue;
        }
        let down = outputs.iter().rev().find_map(|output| match output {
            Output::Event(LinkEvent::Down { reason, retry_at }) => Some((reason, retry_at)),
            _ => None,
        });
        match (down, deadline) {
            (Some((reason, None)), _) => break reason.clone(),
            (_, Some(at)) => {
                now = at;
                link.handle_timeout(now);
            }
            (_, None) => panic!("it neither waits nor gives up"),
        }
    };

    assert_eq!(opens, 4, "two rounds of two");
    assert!(matches!(&reason, CloseReason::GaveUp(text) if text.contains("2 rounds")));
    assert_eq!(link.state(), LinkState::Idle);
}

/// Brings a link up at its first endpoint.
fn up(link: &mut Link<Greeter>, now: Instant) -> LinkId {
    link.start(now);
    let (id, _) = opened(&drain(link).0).unwrap();
    link.handle_input(now, Input::Opened(id));
    link.handle_input(now, Input::Received(id, b"hi"));
    assert!(has_event(&drain(link).0, &LinkEvent::Up));
    id
}

#[test]
fn a_lost_link_that_may_not_come_back_does_not() {
    let mut config = two_brokers();
    config.attempts_at_most = Some(0);
    let mut link = link(config);
    let id = up(&mut link, T0);
    link.handle_input(T0, Input::Closed(id, CloseReason::Eof));

    let (outputs, deadline) = drain(&mut link);
    assert!(opened(&outputs).is_none());
    assert_eq!(deadline, None);
}

/// Brings a link up at its second endpoint; the first one refuses.
fn at_second(link: &mut Link<Greeter>) -> LinkId {
    link.start(T0);
    let (first, _) = opened(&drain(link).0).unwrap();
    link.handle_input(T0, Input::Closed(first, CloseReason::Refused));
    let (second, to) = opened(&drain(link).0).unwrap();
    assert_eq!(to, "b:2");
    link.handle_input(T0, Input::Opened(second));
    link.handle_input(T0, Input::Received(second, b"hi"));
    second
}

#[test]
fn a_link_at_a_spare_endpoint_goes_back_to_the_preferred_one_when_it_is_there_again() {
    let mut config = two_brokers();
    config.preferred = 1;
    config.look_every = Duration::from_secs(7);
    let mut link = link(config);
    let second = at_second(&mut link);
    let (_, deadline) = drain(&mut link);
    let look = T0 + Duration::from_secs(7);
    assert_eq!(deadline, Some(look));

    // It is not there yet: the link in use is not touched.
    link.handle_timeout(look);
    let (scout, to) = opened(&drain(&mut link).0).unwrap();
    assert_eq!(to, "a:1");
    link.handle_input(look, Input::Closed(scout, CloseReason::Refused));
    assert!(link.is_ready() && link.current() == Some(second));
    let next = drain(&mut link).1.unwrap();
    assert_eq!(next, look + Duration::from_secs(7));

    link.handle_timeout(next);
    let (scout, _) = opened(&drain(&mut link).0).unwrap();
    link.handle_input(next, Input::Opened(scout));
    let (outputs, _) = drain(&mut link);
    assert!(
        outputs
            .iter()
            .any(|output| matches!(output, Output::Close(id, Closing::Flush) if *id == second))
    );
    link.handle_input(next, Input::Received(scout, b"hi"));
    let (outputs, deadline) = drain(&mut link);
    assert!(has_event(&outputs, &LinkEvent::Up));
    assert_eq!(link.current(), Some(scout));
    assert_eq!(deadline, None, "there is nothing left to look for");
}

#[test]
fn a_scout_that_gets_no_answer_is_given_up_and_dies_with_its_link() {
    let mut config = two_brokers();
    config.preferred = 1;
    let mut link = link(config);
    let second = at_second(&mut link);
    let look = drain(&mut link).1.unwrap();
    link.handle_timeout(look);
    let (scout, _) = opened(&drain(&mut link).0).unwrap();
    let until = drain(&mut link).1.unwrap();
    assert_eq!(until, look + Duration::from_secs(10));
    link.handle_timeout(until);
    let closed = |outputs: &[Output<LinkEvent<String>>], wanted: LinkId| {
        outputs
            .iter()
            .any(|output| matches!(output, Output::Close(id, Closing::Abort) if *id == wanted))
    };
    assert!(closed(&drain(&mut link).0, scout));

    let look = drain(&mut link).1.unwrap();
    link.handle_timeout(look);
    let (scout, _) = opened(&drain(&mut link).0).unwrap();
    link.handle_input(look, Input::Closed(second, CloseReason::Eof));
    assert!(closed(&drain(&mut link).0, scout));
    link.handle_input(look, Input::Opened(scout));
    assert!(!link.is_ready(), "what comes of it late is ignored");
}

#[test]
fn new_endpoints_count_from_the_next_attempt_on() {
    let mut link = link(two_brokers());
    let id = up(&mut link, T0);
    link.set_endpoints(vec![Endpoint::plain("c", 3)]);
    assert!(link.is_ready());
    link.reopen(T0, CloseReason::Other("told to".into()));
    let (outputs, deadline) = drain(&mut link);
    assert!(
        outputs
            .iter()
            .any(|output| matches!(output, Output::Close(it, _) if *it == id))
    );
    link.handle_timeout(deadline.unwrap());

    assert_eq!(opened(&drain(&mut link).0).unwrap().1, "c:3");
}

#[test]
fn a_link_that_is_started_for_later_opens_then_and_not_before() {
    let mut link = link(two_brokers());
    let later = T0 + Duration::from_secs(3);
    link.start_at(T0, later);
    let (outputs, deadline) = drain(&mut link);
    assert_eq!((opened(&outputs), deadline), (None, Some(later)));
    link.handle_timeout(later);
    assert_eq!(opened(&drain(&mut link).0).unwrap().1, "a:1");

    link.start_at(later, later + Duration::from_secs(9));
    assert!(drain(&mut link).0.is_empty(), "it is open already");
}

#[test]
fn an_attempt_that_is_postponed_begins_later_but_never_earlier() {
    let mut link = link(LinkConfig::keep_open(vec![Endpoint::plain("a", 1)]));
    link.start(T0);
    let (id, _) = opened(&drain(&mut link).0).unwrap();
    link.postpone(T0 + Duration::from_secs(60));
    assert_eq!(drain(&mut link).1, Some(T0 + Duration::from_secs(10)));
    link.handle_input(T0, Input::Closed(id, CloseReason::Refused));
    let retry_at = drain(&mut link).1.unwrap();

    link.postpone(T0);
    assert_eq!(drain(&mut link).1, Some(retry_at));
    let later = retry_at + Duration::from_secs(5);
    link.postpone(later);
    link.handle_timeout(retry_at);
    assert_eq!(opened(&drain(&mut link).0), None);
    link.handle_timeout(later);
    assert!(opened(&drain(&mut link).0).is_some());
}
