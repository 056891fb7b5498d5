use super::*;
use finewire_core::machine::{Party, UnixMillis};
use proptest::prelude::*;

const SECOND: Duration = Duration::from_secs(1);

/// A server on one stream, and what came out of it.
struct Wire {
    server: Server,
    now: Instant,
    sent: Vec<u8>,
    requests: Vec<(u64, Request<Bytes>)>,
    ended: Vec<(u64, Outcome)>,
    closed: Option<CloseReason>,
    holds_writes: bool,
    pauses: Vec<bool>,
}

impl Wire {
    fn with(change: impl FnOnce(&mut ServerConfig)) -> Self {
        let mut config = ServerConfig::new(Party::Finesse, Party::Connector);
        change(&mut config);
        let mut wire = Self {
            server: Server::new(config),
            now: Instant::START,
            sent: Vec::new(),
            requests: Vec::new(),
            ended: Vec::new(),
            closed: None,
            holds_writes: false,
            pauses: Vec::new(),
        };
        wire.input(ProtocolInput::Opened(None));
        wire
    }

    fn up() -> Self {
        Self::with(|_| {})
    }

    fn input(&mut self, input: ProtocolInput<'_, ServerCommand>) {
        self.server.handle_input(self.now, input);
        self.drain();
    }

    fn receive(&mut self, text: &str) {
        self.input(ProtocolInput::Received(text.as_bytes()));
    }

    fn answer(&mut self, exchange: u64, response: Response<Bytes>) {
        let command = ServerCommand::Answer { exchange, response };
        self.input(ProtocolInput::Command(CommandId(100 + exchange), command));
    }

    fn pass(&mut self, span: Duration) {
        self.now += span;
        self.server.handle_timeout(self.now);
        self.drain();
    }

    fn drain(&mut self) {
        loop {
            match self.server.poll_output() {
                ProtocolOutput::Send(chunks) => {
                    self.sent.extend(chunks.to_vec());
                    if !self.holds_writes {
                        self.server.handle_input(self.now, ProtocolInput::Sent);
                    }
                }
                ProtocolOutput::Ended(id, outcome) => self.ended.push((id.0, outcome)),
                ProtocolOutput::Event(ServerEvent::Requested { exchange, request }) => {
                    self.requests.push((exchange, request));
                }
                ProtocolOutput::Close(_, reason) => {
                    assert_eq!(self.closed, None, "closed twice");
                    self.closed = Some(reason.clone());
                    let closed = ProtocolInput::Closed(reason);
                    self.server.handle_input(self.now, closed);
                }
                ProtocolOutput::Pause => self.pauses.push(true),
                ProtocolOutput::Resume => self.pauses.push(false),
                ProtocolOutput::Wait(deadline) => {
                    assert!(deadline.is_none_or(|at| at > self.now), "{deadline:?}");
                    return;
                }
                _ => {}
            }
        }
    }

    fn sent(&mut self) -> String {
        String::from_utf8(core::mem::take(&mut self.sent)).unwrap()
    }

    fn reason(&self, id: u64) -> Reason {
        let ends: Vec<_> = self.ended.iter().filter(|end| end.0 == id).collect();
        assert_eq!(ends.len(), 1, "command {id} ends once: {ends:?}");
        match &ends[0].1 {
            Outcome::Done => panic!("done"),
            Outcome::Refused(why) | Outcome::Failed(why) => why.reason,
        }
    }
}

fn text(body: &'static str) -> Response<Bytes> {
    Response::new(Bytes::from_static(body.as_bytes()))
}

#[test]
fn a_request_comes_complete_and_its_answer_is_framed_and_dated() {
    let mut wire = Wire::up();
    wire.input(ProtocolInput::Wall(UnixMillis(784_111_775_000)));
    wire.pass(2 * SECOND);
    wire.receive("PUT /finesse/api/User/1 HTTP/1.1\r\nHost: f\r\nContent-Length: 3\r\n\r\nab");
    assert!(wire.requests.is_empty());
    wire.receive("c");
    let (exchange, request) = wire.requests.pop().unwrap();
    assert_eq!((exchange, request.method().as_str()), (0, "PUT"));
    assert_eq!(request.uri().path(), "/finesse/api/User/1");
    assert_eq!(request.body(), "abc");

    wire.answer(0, text("hello"));

    assert_eq!(
        wire.sent(),
        "HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\
         date: Sun, 06 Nov 1994 08:49:37 GMT\r\n\r\nhello"
    );
    assert_eq!(wire.ended, [(100, Outcome::Done)]);
    assert_eq!(wire.closed, None);
}

#[test]
fn pipelined_requests_are_answered_in_their_order() {
    let mut wire = Wire::up();
    wire.receive("GET /a HTTP/1.1\r\nHost: f\r\n\r\nGET /b HTTP/1.1\r\nHost: f\r\n\r\n");
    wire.answer(1, text("B"));
    assert_eq!(wire.sent(), "");
    wire.answer(0, text("A"));

    let sent = wire.sent();
    assert!(sent.find("\r\n\r\nA").unwrap() < sent.find("\r\n\r\nB").unwrap());
    assert_eq!(wire.ended, [(100, Outcome::Done), (101, Outcome::Done)]);
}

#[test]
fn reading_pauses_while_the_pipeline_is_full_and_nothing_is_lost() {
    let mut wire = Wire::with(|config| config.pipeline = 2);
    wire.receive(&"GET / HTTP/1.1\r\nHost: f\r\n\r\n".repeat(5));
    assert_eq!((wire.requests.len(), &*wire.pauses), (2, &[true][..]));
    wire.receive("GET /last HTTP/1.1\r\nHost: f\r\n\r\n");
    assert_eq!(wire.requests.len(), 2);

    for n in 0..6 {
        wire.answer(n, text(""));
    }

    assert_eq!(wire.requests.len(), 6);
    assert_eq!(wire.requests[5].1.uri(), "/last");
    assert_eq!(wire.pauses.last(), Some(&false));
    assert_eq!(wire.ended.len(), 6);
}

#[test]
fn the_end_of_the_connection_follows_the_answer_where_either_side_asks_for_it() {
    for request in [
        "GET / HTTP/1.1\r\nHost: f\r\nConnection: close\r\n\r\n",
        "GET / HTTP/1.0\r\n\r\n",
    ] {
        let mut wire = Wire::up();
        wire.receive(request);
        assert_eq!(wire.closed, None);
        wire.answer(0, text("x"));

        assert!(wire.sent().contains("connection: close\r\n"));
        assert_eq!(wire.closed, Some(CloseReason::Asked));
        assert_eq!(wire.ended, [(100, Outcome::Done)]);
    }
    let mut wire = Wire::up();
    wire.receive("GET / HTTP/1.0\r\nConnection: Keep-Alive\r\n\r\n");
    wire.answer(0, text("x"));
    assert!(wire.sent().contains("connection: keep-alive\r\n"));
    assert_eq!(wire.closed, None);
}

#[test]
fn an_answer_that_closes_ends_the_commands_behind_it() {
    let mut wire = Wire::up();
    wire.receive(&"GET / HTTP/1.1\r\nHost: f\r\n\r\n".repeat(3));
    wire.answer(1, text("never sent"));
    let closing = Response::builder().header("connection", "close");
    wire.answer(0, closing.body(Bytes::new()).unwrap());
    wire.answer(2, text("late"));

    assert!(!wire.sent().contains("never sent"));
    assert_eq!(wire.reason(101), Reason::LinkDown);
    assert_eq!(wire.reason(102), Reason::LinkDown);
    assert_eq!(wire.closed, Some(CloseReason::Asked));
}

#[test]
fn heads_are_answered_without_body_and_empty_statuses_without_length() {
    let mut wire = Wire::up();
    wire.receive("HEAD / HTTP/1.1\r\nHost: f\r\n\r\n");
    wire.answer(0, text("hello"));
    assert_eq!(wire.sent(), "HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\n");

    wire.receive("DELETE / HTTP/1.1\r\nHost: f\r\n\r\n");
    let empty = Response::builder()
        .status(204)
        .body(Bytes::from_static(b"x"));
    wire.answer(1, empty.unwrap());
    assert_eq!(wire.sent(), "HTTP/1.1 204 No Content\r\n\r\n");
}

#[test]
fn a_sender_that_waits_for_it_is_told_to_continue_in_its_turn() {
    let head = "PUT / HTTP/1.1\r\nHost: f\r\nExpect: 100-continue\r\nContent-Length: 1\r\n\r\n";
    let mut wire = Wire::up();
    wire.receive(head);
    assert_eq!(wire.sent(), "HTTP/1.1 100 Continue\r\n\r\n");
    wire.receive("x");
    assert_eq!(wire.requests.len(), 1);
    wire.receive(head);
    assert_eq!(wire.sent(), "");
    wire.answer(0, text(""));
    assert!(wire.sent().ends_with("HTTP/1.1 100 Continue\r\n\r\n"));
}

#[test]
fn bad_requests_are_answered_by_their_kind_and_end_the_connection() {
    let many = "a: b\r\n".repeat(101);
    let long = format!("GET /{} HTTP/1.1\r\n", "x".repeat(33_000));
    for (input, status) in [
        ("\u{16}\u{3}\u{1}\u{2}\n\n", 400),
        ("GET /\r\n\r\n", 400),
        ("GET / HTTP/1.1\r\n\r\n", 400),
        ("GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n", 400),
        ("GET / HTTP/1.1\r\nHost: a b\r\n\r\n", 400),
        ("GET / HTTP/1.1\r\nHost: f\r\nA : b\r\n\r\n", 400),
        ("GET example HTTP/1.1\r\nHost: f\r\n\r\n", 400),
        ("GET * HTTP/1.1\r\nHost: f\r\n\r\n", 400),
        ("GET / HTTP/2.0\r\nHost: f\r\n\r\n", 505),
        ("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 505),
        (
            "PUT / HTTP/1.1\r\nHost: f\r\nContent-Length: 1x\r\n\r\n",
            400,
        ),
        (
            "PUT / HTTP/1.1\r\nHost: f\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n",
            400,
        ),
        (
            "PUT / HTTP/1.1\r\nHost: f\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n",
            400,
        ),
        (
            "PUT / HTTP/1.1\r\nHost: f\r\nTransfer-Encoding: chunked, gzip\r\n\r\n",
            400,
        ),
        ("PUT / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n", 400),
        (
            "PUT / HTTP/1.1\r\nHost: f\r\nTransfer-Encoding: chunked\r\n\r\nx\r\n",
            400,
        ),
        ("PUT / HTTP/1.1\r\nHost: f\r\nExpect: 200-ok\r\n\r\n", 417),
        (
            "PUT / HTTP/1.1\r\nHost: f\r\nContent-Length: 8388609\r\n\r\n",
            413,
        ),
        (&format!("GET / HTTP/1.1\r\n{many}\r\n"), 431),
        (&long, 431),
    ] {
        let mut wire = Wire::up();
        wire.receive(input);
        let sent = wire.sent();

        assert!(
            sent.starts_with(&format!("HTTP/1.1 {status} ")),
            "{input} {sent}"
        );
        assert!(sent.contains("connection: close\r\n"), "{input}");
        assert!(wire.requests.is_empty(), "{input}");
        wire.receive("GET / HTTP/1.1\r\nHost: f\r\n\r\n");
        assert!(
            wire.requests.is_empty(),
            "nothing after an error is a request"
        );
        assert_eq!(wire.closed, None, "the peer gets time to read");
        wire.pass(SECOND);
        assert!(
            matches!(
                wire.closed,
                Some(CloseReason::Remote(_) | CloseReason::Limit(_))
            ),
            "{input}"
        );
    }
}

#[test]
fn a_bad_request_behind_a_good_one_is_answered_after_it() {
    let mut wire = Wire::up();
    wire.receive("GET / HTTP/1.1\r\nHost: f\r\n\r\nrubbish\r\n\r\n");
    assert_eq!(wire.sent(), "");
    wire.answer(0, text("good"));

    let sent = wire.sent();
    assert!(sent.find("good").unwrap() < sent.find("400 Bad Request").unwrap());
    assert_eq!(wire.ended, [(100, Outcome::Done)]);
}

#[test]
fn slow_heads_and_bodies_are_answered_408_however_they_drip() {
    for (start, drip, seconds) in [
        ("GET / HTTP/1.1\r\n", "a: b\r\n", 10),
        (
            "PUT / HTTP/1.1\r\nHost: f\r\nContent-Length: 99\r\n\r\n",
            "x",
            30,
        ),
    ] {
        let mut wire = Wire::up();
        wire.receive(start);
        for _ in 1..seconds {
            wire.pass(SECOND);
            wire.receive(drip);
        }
        assert_eq!(wire.sent(), "");
        wire.pass(SECOND);

        assert!(wire.sent().starts_with("HTTP/1.1 408 "));
        wire.pass(SECOND);
        assert_eq!(wire.closed, Some(CloseReason::TimedOut));
    }
}

#[test]
fn a_body_has_its_own_time_behind_that_of_the_head() {
    let mut wire = Wire::up();
    wire.receive("PUT / HTTP/1.1\r\n");
    wire.pass(9 * SECOND);
    wire.receive("Host: f\r\nContent-Length: 2\r\n\r\nx");
    wire.pass(29 * SECOND);
    wire.receive("y");
    wire.pass(29 * SECOND);

    assert_eq!(wire.requests.len(), 1);
    assert_eq!(wire.sent(), "");
}

#[test]
fn idle_connections_are_closed_and_empty_lines_do_not_keep_them() {
    let mut wire = Wire::up();
    for _ in 0..59 {
        wire.pass(SECOND);
        wire.receive("\r\n");
    }
    assert_eq!(wire.closed, None);
    wire.pass(SECOND);

    assert_eq!(wire.closed, Some(CloseReason::Asked));
}

#[test]
fn an_owner_that_takes_its_time_is_not_cut_off_by_the_idle_deadline() {
    let mut wire = Wire::up();
    wire.receive("GET / HTTP/1.1\r\nHost: f\r\n\r\n");
    wire.pass(600 * SECOND);
    wire.answer(0, text("late"));

    assert!(wire.sent().ends_with("late"));
}

#[test]
fn a_peer_that_does_not_read_is_let_go_and_the_command_fails() {
    let mut wire = Wire::up();
    wire.holds_writes = true;
    wire.receive("GET / HTTP/1.1\r\nHost: f\r\n\r\n");
    wire.answer(0, text("x"));
    assert!(wire.ended.is_empty());
    wire.pass(30 * SECOND);

    assert_eq!(wire.closed, Some(CloseReason::TimedOut));
    assert_eq!(wire.reason(100), Reason::LinkDown);
}

#[test]
fn answers_that_fit_no_request_are_the_owners_fault_and_late_ones_nobodys() {
    let mut wire = Wire::up();
    wire.receive("GET / HTTP/1.1\r\nHost: f\r\n\r\n");
    wire.answer(7, text("x"));
    assert_eq!(wire.reason(107), Reason::Local);
    wire.input(ProtocolInput::Closed(CloseReason::Eof));
    wire.answer(0, text("x"));
    assert_eq!(wire.reason(100), Reason::LinkDown);
}

fn seen(pieces: &[&[u8]]) -> (Vec<String>, String, Option<CloseReason>) {
    let mut wire = Wire::up();
    for piece in pieces {
        if !piece.is_empty() {
            wire.input(ProtocolInput::Received(piece));
        }
    }
    for n in 0..wire.requests.len() {
        wire.answer(n as u64, text("x"));
    }
    wire.pass(2 * SECOND);
    let requests = wire.requests.iter().map(|r| format!("{r:?}")).collect();
    (requests, wire.sent(), wire.closed)
}

proptest! {
    #[test]
    fn any_chunking_of_requests_gives_the_same(cuts in proptest::collection::vec(0usize..400, 0..8)) {
        for input in [
            "GET /a HTTP/1.1\r\nHost: f\r\n\r\n\r\nPUT /b HTTP/1.1\r\nHost: f\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\nGET /c HTTP/1.0\r\n\r\n",
            "PUT /a HTTP/1.1\nHost: f\nContent-Length: 3\n\nabcGARBAGE\r\n\r\n",
            "PUT /a HTTP/1.1\r\nHost: f\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabcX",
        ] {
            let bytes = input.as_bytes();
            let mut cuts: Vec<_> = cuts.iter().map(|cut| cut % bytes.len()).collect();
            cuts.extend([0, bytes.len()]);
            cuts.sort_unstable();
            let pieces: Vec<_> = cuts.windows(2).map(|w| &bytes[w[0]..w[1]]).collect();
            let single: Vec<_> = bytes.chunks(1).collect();

            let whole = seen(&[bytes]);
            prop_assert_eq!(&seen(&pieces), &whole);
            prop_assert_eq!(&seen(&single), &whole);
        }
    }

    #[test]
    fn no_bytes_make_a_server_panic(data in proptest::collection::vec(any::<u8>(), 0..300)) {
        crate::fuzz::server(&data);
        let mut likely = vec![200];
        likely.extend_from_slice(b"PUT / HTTP/1.1\r\nHost: f\r\nTransfer-Encoding: chunked\r\n");
        likely.extend_from_slice(&data);
        crate::fuzz::server(&likely);
    }
}
