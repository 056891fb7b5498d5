//! The client side: one exchange at a time on a keep-alive connection.
//!
//! ```text
//!   waiting --> under way --> answered
//!      |            |`--> failed: deadline, connection lost, broken answer
//!      `--> refused: deadline, no connection
//! ```
//!
//! An exchange that ends as *refused* never reached the server; one that *failed* may have.

mod answer;
mod verbs;

pub use verbs::{ClientCommand, ClientConfig, ClientEvent};

use crate::{Bytes, Fault, HeaderValue, Method, Request, Response, header, redact, write};
use answer::AnswerReader;
use core::fmt;
use core::time::Duration;
use finewire_core::machine::{
    CloseReason, Closing, CommandId, Instant, Outbox, Outcome, Protocol, ProtocolInput,
    ProtocolOutput, Reason, Timers,
};
use std::collections::VecDeque;

/// The client side of HTTP/1.1.
///
/// Meant to run in a [`Link`](finewire_core::machine::Link) that opens
/// [on command](finewire_core::machine::LinkConfig::on_command): it connects for the first exchange, keeps the
/// connection for the next ones, and lets go of it when it has been idle for long.
///
/// A GET whose idle connection was closed by the server before any byte of the answer is made once more on
/// a new connection (RFC 9112 §9.3.1): servers drop idle connections whenever they like. No other method is.
pub struct Client {
    config: ClientConfig,
    stream: Stream,
    outbox: Outbox,
    current: Option<UnderWay>,
    waiting: VecDeque<Exchange>,
    outputs: VecDeque<ProtocolOutput<ClientEvent>>,
    timers: Timers<Timer>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Stream {
    /// None, or not yet there.
    Down,
    /// There; so many answers have come on it.
    Open { answers: u64 },
    /// We asked for its end; what still comes is ignored.
    Closing,
}

struct Exchange {
    command: CommandId,
    request: Request<Bytes>,
    repeated: bool,
}

struct UnderWay {
    exchange: Exchange,
    answer: AnswerReader,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Timer {
    Idle,
    Deadline(CommandId),
}

impl Client {
    /// A client that behaves as configured.
    #[must_use]
    pub const fn new(config: ClientConfig) -> Self {
        Self {
            config,
            stream: Stream::Down,
            outbox: Outbox::new(),
            current: None,
            waiting: VecDeque::new(),
            outputs: VecDeque::new(),
            timers: Timers::new(),
        }
    }

    /// How it was configured.
    #[must_use]
    pub const fn config(&self) -> &ClientConfig {
        &self.config
    }

    /// Exchanges that have not ended.
    #[must_use]
    pub fn unended(&self) -> usize {
        self.waiting.len() + usize::from(self.current.is_some())
    }

    fn on_command(&mut self, now: Instant, id: CommandId, command: ClientCommand) {
        let ClientCommand::Exchange {
            mut request,
            timeout,
        } = command;
        let refusal = if self.unended() > self.config.queue {
            Some((
                Reason::Limit,
                "an exchange is under way and the queue is full",
            ))
        } else {
            self.unsendable(&request).map(|text| (Reason::Local, text))
        };
        if let Some((reason, text)) = refusal {
            self.end(id, Outcome::refused(reason, text));
            return;
        }
        redact::mark_secrets(request.headers_mut());
        let timeout = timeout.max(SHORTEST);
        self.timers.set(Timer::Deadline(id), now + timeout);
        self.waiting.push_back(Exchange {
            command: id,
            request,
            repeated: false,
        });
        self.begin_next();
    }

    fn unsendable(&self, request: &Request<Bytes>) -> Option<&'static str> {
        if HeaderValue::from_str(&self.config.host).is_err() {
            return Some("the configured host is not a value for the host field");
        }
        if request.method() == Method::CONNECT || request.headers().contains_key(header::UPGRADE) {
            return Some("the connection cannot become a tunnel");
        }
        request
            .headers()
            .contains_key(header::EXPECT)
            .then_some("expectations are not supported")
    }

    /// Sends the next request if the connection is there and free.
    fn begin_next(&mut self) {
        if self.current.is_some() || !matches!(self.stream, Stream::Open { .. }) {
            return;
        }
        let Some(exchange) = self.waiting.pop_front() else {
            return;
        };
        self.timers.clear(&Timer::Idle);
        let request = &exchange.request;
        write::request(&mut self.outbox, request, &self.config.host);
        self.outputs.push_back(ProtocolOutput::Trace(write::trace(
            self.config.us,
            self.config.peer,
            format!("{} {}", request.method(), write::target(request)),
            request.headers(),
            request.body(),
        )));
        self.current = Some(UnderWay {
            answer: AnswerReader::new(request.method().clone()),
            exchange,
        });
    }

    fn on_received(&mut self, now: Instant, bytes: &[u8]) {
        let Stream::Open { answers } = self.stream else {
            return;
        };
        let Some(under_way) = &mut self.current else {
            self.close(Closing::Abort, Fault::RemoteUnasked.close_reason());
            return;
        };
        match under_way.answer.read(bytes, &self.config.limits) {
            Ok((_, None)) => {}
            Ok((used, Some(response))) => {
                let reusable = under_way.answer.leaves_reusable();
                self.answered(response);
                if !reusable {
                    self.close(Closing::Flush, CloseReason::Asked);
                } else if used < bytes.len() {
                    self.close(Closing::Abort, Fault::RemoteUnasked.close_reason());
                } else {
                    self.stream = Stream::Open {
                        answers: answers.saturating_add(1),
                    };
                    self.timers
                        .set(Timer::Idle, now + self.config.keep_idle.max(SHORTEST));
                    self.begin_next();
                }
            }
            Err(fault) => {
                if let Some(under_way) = self.current.take() {
                    let text = fault.to_string();
                    self.end(
                        under_way.exchange.command,
                        Outcome::failed(fault.reason(), text),
                    );
                }
                self.close(Closing::Abort, fault.close_reason());
            }
        }
    }

    fn answered(&mut self, response: Response<Bytes>) {
        let Some(under_way) = self.current.take() else {
            return;
        };
        let Exchange {
            command, request, ..
        } = under_way.exchange;
        self.outputs.push_back(ProtocolOutput::Trace(write::trace(
            self.config.peer,
            self.config.us,
            format!(
                "{} for {} {}",
                response.status(),
                request.method(),
                write::target(&request)
            ),
            response.headers(),
            response.body(),
        )));
        self.outputs
            .push_back(ProtocolOutput::Event(ClientEvent::Answered {
                command,
                response,
            }));
        self.end(command, Outcome::Done);
    }

    fn on_closed(&mut self, reason: &CloseReason) {
        let was = core::mem::replace(&mut self.stream, Stream::Down);
        // We had not asked for it, so the owner of the link has: no other stream will follow.
        let stopped = *reason == CloseReason::Asked && matches!(was, Stream::Open { .. });
        self.outbox.clear();
        self.timers.clear(&Timer::Idle);
        if let Some(mut under_way) = self.current.take() {
            let last = (*reason == CloseReason::Eof)
                .then(|| under_way.answer.end())
                .flatten();
            // A repeated GET is the first on its connection, so it is not repeated again.
            let fresh_failure = was == (Stream::Open { answers: 0 });
            if let Some(response) = last {
                self.current = Some(under_way);
                self.answered(response);
            } else if stopped {
                let outcome = Outcome::failed(Reason::ShuttingDown, STOPPED);
                self.end(under_way.exchange.command, outcome);
            } else if !fresh_failure
                && !under_way.answer.has_begun()
                && under_way.exchange.request.method() == Method::GET
            {
                under_way.exchange.repeated = true;
                self.waiting.push_front(under_way.exchange);
            } else {
                let text = if under_way.answer.has_begun() {
                    format!("connection lost inside the answer: {reason}")
                } else {
                    format!("connection lost before the answer: {reason}")
                };
                let outcome = Outcome::failed(Reason::LinkDown, text);
                self.end(under_way.exchange.command, outcome);
            }
        }
        if was == Stream::Down || stopped {
            for exchange in core::mem::take(&mut self.waiting) {
                let outcome = if stopped {
                    Outcome::refused(Reason::ShuttingDown, STOPPED)
                } else {
                    Outcome::refused(Reason::LinkDown, format!("no connection: {reason}"))
                };
                self.end(exchange.command, outcome);
            }
        }
    }

    fn on_deadline(&mut self, command: CommandId) {
        let waits = |exchange: &Exchange| exchange.command == command;
        if let Some(at) = self.waiting.iter().position(waits) {
            // One that was sent before and waits for its repetition may have reached the server.
            let sent = self.waiting.remove(at).is_some_and(|gone| gone.repeated);
            let text = "no connection within the exchange's time";
            self.end(
                command,
                if sent {
                    Outcome::failed(Reason::TimedOut, text)
                } else {
                    Outcome::refused(Reason::TimedOut, text)
                },
            );
        } else if self.current.take_if(|it| waits(&it.exchange)).is_some() {
            let text = "no complete answer within the exchange's time";
            self.end(command, Outcome::failed(Reason::TimedOut, text));
            // The answer may still come and would be taken for that of the next request.
            self.close(Closing::Abort, CloseReason::TimedOut);
        }
    }

    fn end(&mut self, command: CommandId, outcome: Outcome) {
        self.timers.clear(&Timer::Deadline(command));
        self.outputs
            .push_back(ProtocolOutput::Ended(command, outcome));
    }

    fn close(&mut self, closing: Closing, reason: CloseReason) {
        self.stream = Stream::Closing;
        self.timers.clear(&Timer::Idle);
        self.outputs
            .push_back(ProtocolOutput::Close(closing, reason));
    }
}

const STOPPED: &str = "the connection was stopped";

/// A deadline lies in the future, also for a time-out of zero.
const SHORTEST: Duration = Duration::from_millis(1);

impl Protocol for Client {
    type Command = ClientCommand;
    type Event = ClientEvent;

    fn handle_input(&mut self, now: Instant, input: ProtocolInput<'_, ClientCommand>) {
        match input {
            ProtocolInput::Opened(_) => {
                self.stream = Stream::Open { answers: 0 };
                self.outbox.clear();
                self.outputs.push_back(ProtocolOutput::Ready);
                self.timers
                    .set(Timer::Idle, now + self.config.keep_idle.max(SHORTEST));
                self.begin_next();
            }
            ProtocolInput::Received(bytes) => self.on_received(now, bytes),
            ProtocolInput::Sent => self.outbox.on_sent(),
            ProtocolInput::Closed(reason) => self.on_closed(&reason),
            ProtocolInput::Command(id, command) => self.on_command(now, id, command),
            ProtocolInput::Secured(_) | ProtocolInput::Wall(_) => {}
        }
        self.handle_timeout(now);
    }

    fn handle_timeout(&mut self, now: Instant) {
        while let Some(timer) = self.timers.pop_due(now) {
            match timer {
                Timer::Idle => self.close(Closing::Flush, CloseReason::Asked),
                Timer::Deadline(command) => self.on_deadline(command),
            }
        }
    }

    fn poll_output(&mut self) -> ProtocolOutput<ClientEvent> {
        if let Some(output) = self.outputs.pop_front() {
            return output;
        }
        if matches!(self.stream, Stream::Open { .. })
            && let Some(chunks) = self.outbox.take()
        {
            return ProtocolOutput::Send(chunks);
        }
        ProtocolOutput::Wait(self.timers.next())
    }

    fn keeps_while_down(&self, _command: &ClientCommand) -> bool {
        true
    }

    fn wants_stream(&self) -> bool {
        !self.waiting.is_empty()
    }
}

impl fmt::Debug for Client {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Client")
            .field("host", &self.config.host)
            .field("stream", &self.stream)
            .field("unended", &self.unended())
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests;
