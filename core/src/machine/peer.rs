//! A protocol on one accepted stream.

use super::{CloseReason, Closing, Input, Instant, LinkEvent, LinkId, Machine, Output, Protocol};
use super::{ProtocolInput, ProtocolOutput, TlsId};
use alloc::collections::VecDeque;

/// An accepted link and the protocol spoken on it.
///
/// Made when [`Input::Accepted`] comes; drop it after its [`LinkEvent::Down`]. Commands after
/// that are the protocol's to refuse.
pub struct Peer<P: Protocol> {
    protocol: P,
    link: LinkId,
    state: State,
    now: Instant,
    queue: VecDeque<Output<LinkEvent<P::Event>>>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    Securing,
    Open,
    Gone,
}

impl<P: Protocol> Peer<P> {
    /// Takes over an accepted link; with `tls` the handshake comes first.
    pub fn new(now: Instant, link: LinkId, protocol: P, tls: Option<TlsId>) -> Self {
        let state = State::Open;
        let mut peer = Self {
            protocol,
            link,
            state,
            now,
            queue: VecDeque::new(),
        };
        match tls {
            Some(tls) => {
                peer.state = State::Securing;
                peer.queue.push_back(Output::Secure(link, tls));
            }
            None => peer.protocol.handle_input(now, ProtocolInput::Opened(None)),
        }
        peer
    }

    /// The link it speaks on.
    #[must_use]
    pub const fn link(&self) -> LinkId {
        self.link
    }

    /// The protocol, to look at.
    #[must_use]
    pub const fn protocol(&self) -> &P {
        &self.protocol
    }

    /// The protocol, to configure.
    pub const fn protocol_mut(&mut self) -> &mut P {
        &mut self.protocol
    }

    /// Whether the link is gone.
    #[must_use]
    pub fn is_gone(&self) -> bool {
        self.state == State::Gone
    }

    fn close(&mut self, closing: Closing, reason: CloseReason) {
        if self.state == State::Gone {
            return;
        }
        self.queue.push_back(Output::Close(self.link, closing));
        self.lose(reason);
    }

    fn lose(&mut self, reason: CloseReason) {
        self.state = State::Gone;
        self.protocol
            .handle_input(self.now, ProtocolInput::Closed(reason.clone()));
        self.queue.push_back(Output::Event(LinkEvent::Down {
            reason,
            retry_at: None,
        }));
    }
}

impl<P: Protocol> core::fmt::Debug for Peer<P> {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.debug_struct("Peer")
            .field("link", &self.link)
            .field("state", &self.state)
            .finish()
    }
}

impl<P: Protocol> Machine for Peer<P> {
    type Command = P::Command;
    type Event = LinkEvent<P::Event>;

    fn handle_input(&mut self, now: Instant, input: Input<'_, P::Command>) {
        self.now = now;
        match input {
            Input::Secured(id, identity) if id == self.link => {
                if self.state == State::Securing {
                    self.state = State::Open;
                    self.protocol
                        .handle_input(now, ProtocolInput::Opened(Some(identity)));
                } else if self.state == State::Open {
                    self.protocol
                        .handle_input(now, ProtocolInput::Secured(identity));
                }
            }
            Input::Received(id, bytes) if id == self.link && self.state == State::Open => {
                self.protocol
                    .handle_input(now, ProtocolInput::Received(bytes));
            }
            Input::Sent(id) if id == self.link && self.state == State::Open => {
                self.protocol.handle_input(now, ProtocolInput::Sent);
            }
            Input::Closed(id, reason) if id == self.link && self.state != State::Gone => {
                self.lose(reason);
            }
            Input::Command(id, command) => {
                self.protocol
                    .handle_input(now, ProtocolInput::Command(id, command));
            }
            Input::Wall(wall) => self.protocol.handle_input(now, ProtocolInput::Wall(wall)),
            Input::Opened(_)
            | Input::Secured(..)
            | Input::Received(..)
            | Input::Sent(_)
            | Input::Closed(..)
            | Input::Listening(..)
            | Input::ListenFailed(..)
            | Input::Accepted(..) => {}
        }
    }

    fn handle_timeout(&mut self, now: Instant) {
        self.now = now;
        self.protocol.handle_timeout(now);
    }

    fn poll_output(&mut self) -> Output<LinkEvent<P::Event>> {
        loop {
            let output = match self.protocol.poll_output() {
                ProtocolOutput::Send(chunks) => Output::Send(self.link, chunks),
                ProtocolOutput::Pause => Output::Pause(self.link),
                ProtocolOutput::Resume => Output::Resume(self.link),
                ProtocolOutput::Secure(tls) => Output::Secure(self.link, tls),
                ProtocolOutput::Ready => Output::Event(LinkEvent::Up),
                ProtocolOutput::Close(closing, reason)
                | ProtocolOutput::Finish(closing, reason) => {
                    self.close(closing, reason);
                    continue;
                }
                ProtocolOutput::Event(event) => Output::Event(LinkEvent::Said(event)),
                ProtocolOutput::Ended(id, outcome) => Output::Ended(id, outcome),
                ProtocolOutput::Trace(mut trace) => {
                    trace.link.get_or_insert(self.link);
                    Output::Trace(trace)
                }
                ProtocolOutput::Wait(deadline) => match self.queue.pop_front() {
                    Some(output) => output,
                    None => return Output::Wait(deadline),
                },
            };
            let for_the_stream = matches!(
                output,
                Output::Send(..) | Output::Pause(_) | Output::Resume(_)
            );
            if for_the_stream && self.state != State::Open {
                continue;
            }
            return output;
        }
    }
}
