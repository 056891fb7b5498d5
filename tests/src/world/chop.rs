//! Any chunking, same result: the same bytes whole, byte by byte and cut by lot.

use std::fmt::Debug;

use finewire_core::machine::{
    Input, Instant, LinkId, Machine, Output, Protocol, ProtocolInput, ProtocolOutput, Random,
};

/// What a receiver made of some bytes, however they were cut.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Digest {
    /// All bytes sent, in order.
    pub sent: Vec<u8>,
    /// Everything else it said, in order; deadlines are left out.
    pub said: Vec<String>,
}

/// Feeds `bytes` to protocols that `make` makes (opened and greeted as the test needs), whole, byte
/// by byte and `rounds` times cut by lot, and gives what came of it.
///
/// # Panics
///
/// When two ways of cutting give different results.
pub fn chop_protocol<P: Protocol<Event: Debug>>(
    make: impl Fn() -> P,
    now: Instant,
    bytes: &[u8],
    rounds: u64,
) -> Digest {
    chop(bytes, rounds, |pieces| {
        let mut protocol = make();
        let mut digest = Digest::default();
        for piece in pieces {
            protocol.handle_input(now, ProtocolInput::Received(piece));
            loop {
                match protocol.poll_output() {
                    ProtocolOutput::Send(chunks) => {
                        digest.sent.extend(chunks.to_vec());
                        protocol.handle_input(now, ProtocolInput::Sent);
                    }
                    ProtocolOutput::Wait(_) => break,
                    ProtocolOutput::Pause | ProtocolOutput::Resume => {}
                    ProtocolOutput::Close(closing, reason) => {
                        digest.said.push(format!("Close({closing:?}, {reason:?})"));
                        return digest;
                    }
                    ProtocolOutput::Finish(closing, reason) => {
                        digest.said.push(format!("Finish({closing:?}, {reason:?})"));
                        return digest;
                    }
                    other => digest.said.push(format!("{other:?}")),
                }
            }
        }
        digest
    })
}

/// As [`chop_protocol`], for one link of a machine; what goes to other links counts as said.
///
/// # Panics
///
/// When two ways of cutting give different results.
pub fn chop_machine<M: Machine<Event: Debug>>(
    make: impl Fn() -> M,
    now: Instant,
    link: LinkId,
    bytes: &[u8],
    rounds: u64,
) -> Digest {
    chop(bytes, rounds, |pieces| {
        let mut machine = make();
        let mut digest = Digest::default();
        for piece in pieces {
            machine.handle_input(now, Input::Received(link, piece));
            loop {
                match machine.poll_output() {
                    Output::Send(to, chunks) if to == link => {
                        digest.sent.extend(chunks.to_vec());
                        machine.handle_input(now, Input::Sent(link));
                    }
                    Output::Wait(_) => break,
                    Output::Pause(_) | Output::Resume(_) => {}
                    Output::Close(closed, closing) if closed == link => {
                        digest.said.push(format!("Close({closing:?})"));
                        return digest;
                    }
                    other => digest.said.push(format!("{other:?}")),
                }
            }
        }
        digest
    })
}

fn chop(bytes: &[u8], rounds: u64, feed: impl Fn(&[&[u8]]) -> Digest) -> Digest {
    let whole = feed(&[bytes]);
    let singles: Vec<&[u8]> = bytes.chunks(1).collect();
    assert_eq!(feed(&singles), whole, "byte by byte is not as whole");
    for round in 0..rounds {
        let mut seed = [0; 32];
        seed[..8].copy_from_slice(&round.to_le_bytes());
        let mut random = Random::from_seed(seed);
        let mut rest = bytes;
        let mut pieces = Vec::new();
        while !rest.is_empty() {
            let most = u64::try_from(rest.len()).unwrap_or(1).min(64);
            let size = 1 + usize::try_from(random.below(most)).unwrap_or(0);
            let (piece, behind) = rest.split_at(size.min(rest.len()));
            pieces.push(piece);
            rest = behind;
        }
        assert_eq!(
            feed(&pieces),
            whole,
            "cut by lot (round {round}) is not as whole"
        );
    }
    whole
}
