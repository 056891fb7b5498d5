use super::*;
use finewire_core::machine::{
    Endpoint, Input, Link, LinkConfig, LinkEvent, LinkId, LinkSlot, Machine, Output, Random,
};
use proptest::prelude::*;

const SECOND: Duration = Duration::from_secs(1);

/// A client on one stream, and what came out of it.
struct Wire {
    client: Client,
    now: Instant,
    sent: Vec<u8>,
    ended: Vec<(u64, Outcome)>,
    answers: Vec<(u64, Response<Bytes>)>,
    closed: Option<CloseReason>,
    shown: String,
}

impl Wire {
    fn down(config: ClientConfig) -> Self {
        Self {
            client: Client::new(config),
            now: Instant::START,
            sent: Vec::new(),
            ended: Vec::new(),
            answers: Vec::new(),
            closed: None,
            shown: String::new(),
        }
    }

    fn up() -> Self {
        let mut wire = Self::down(ClientConfig::new("finesse.example:8445"));
        wire.open();
        wire
    }

    fn open(&mut self) {
        self.input(ProtocolInput::Opened(None));
    }

    fn input(&mut self, input: ProtocolInput<'_, ClientCommand>) {
        self.client.handle_input(self.now, input);
        self.drain();
    }

    fn exchange(&mut self, id: u64, request: Request<Bytes>) {
        let timeout = 5 * SECOND;
        let command = ClientCommand::Exchange { request, timeout };
        self.shown += &format!("{command:?}");
        self.input(ProtocolInput::Command(CommandId(id), command));
    }

    fn receive(&mut self, bytes: &[u8]) {
        self.input(ProtocolInput::Received(bytes));
    }

    fn lose(&mut self, reason: CloseReason) {
        self.input(ProtocolInput::Closed(reason));
    }

    fn pass(&mut self, span: Duration) {
        self.now += span;
        self.client.handle_timeout(self.now);
        self.drain();
    }

    fn drain(&mut self) {
        loop {
            let output = self.client.poll_output();
            match output {
                ProtocolOutput::Send(chunks) => {
                    self.sent.extend(chunks.to_vec());
                    self.client.handle_input(self.now, ProtocolInput::Sent);
                }
                ProtocolOutput::Ended(id, outcome) => self.ended.push((id.0, outcome)),
                ProtocolOutput::Event(event) => {
                    self.shown += &format!("{event:?}");
                    let ClientEvent::Answered { command, response } = event;
                    self.answers.push((command.0, response));
                }
                ProtocolOutput::Close(_, reason) => {
                    self.closed = Some(reason.clone());
                    let closed = ProtocolInput::Closed(reason);
                    self.client.handle_input(self.now, closed);
                }
                ProtocolOutput::Trace(trace) => self.shown += &format!("{trace:?}"),
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

    fn why(&self, id: u64) -> (bool, Reason) {
        let ends: Vec<_> = self.ended.iter().filter(|end| end.0 == id).collect();
        assert_eq!(ends.len(), 1, "command {id} ends once: {ends:?}");
        match &ends[0].1 {
            Outcome::Done => panic!("done"),
            Outcome::Refused(why) => (false, why.reason),
            Outcome::Failed(why) => (true, why.reason),
        }
    }
}

fn get(uri: &str) -> Request<Bytes> {
    Request::get(uri).body(Bytes::new()).unwrap()
}

fn put(uri: &str, body: &'static str) -> Request<Bytes> {
    let body = Bytes::from_static(body.as_bytes());
    Request::put(uri).body(body).unwrap()
}

#[test]
fn the_request_line_and_the_framing_fields_are_set_here() {
    let mut wire = Wire::up();

    let mut request = put("http://elsewhere/finesse/api/User/1?a=b", "<User/>");
    let headers = request.headers_mut();
    headers.insert(header::HOST, HeaderValue::from_static("elsewhere"));
    headers.insert(header::CONTENT_LENGTH, HeaderValue::from_static("99"));
    headers.insert("requestid", HeaderValue::from_static("r-1"));
    wire.exchange(1, request);

    assert_eq!(
        wire.sent(),
        "PUT /finesse/api/User/1?a=b HTTP/1.1\r\nhost: finesse.example:8445\r\n\
         requestid: r-1\r\ncontent-length: 7\r\n\r\n<User/>"
    );
}

#[test]
fn one_connection_carries_one_exchange_after_the_other() {
    let mut wire = Wire::up();

    wire.exchange(1, get("/a"));
    wire.receive(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nX: y\r\n\r\nhi");
    wire.exchange(2, get("/b"));
    wire.receive(b"HTTP/1.1 202 Accepted\r\nContent-Length: 0\r\n\r\n");

    assert_eq!(wire.ended, [(1, Outcome::Done), (2, Outcome::Done)]);
    assert_eq!(wire.answers[0].1.body(), "hi");
    assert_eq!(wire.answers[0].1.headers()["x"], "y");
    assert_eq!(wire.answers[1].1.status(), 202);
    assert_eq!(wire.closed, None);
}

#[test]
fn a_redirect_and_a_failure_status_are_answers() {
    for status in ["301 Moved Permanently", "401 Unauthorized", "503 x"] {
        let mut wire = Wire::up();
        wire.exchange(1, get("/"));
        let answer = format!("HTTP/1.1 {status}\r\nLocation: /b\r\nContent-Length: 0\r\n\r\n");
        wire.receive(answer.as_bytes());

        assert_eq!(wire.ended, [(1, Outcome::Done)], "{status}");
    }
}

#[test]
fn answers_without_body_by_rule_end_with_their_head() {
    for (method, head) in [
        ("HEAD", "200 OK\r\nContent-Length: 500"),
        ("GET", "204 No Content\r\nX: y"),
        ("GET", "304 Not Modified\r\nContent-Length: 500"),
    ] {
        let mut wire = Wire::up();
        let request = Request::builder().method(method).uri("/");
        wire.exchange(1, request.body(Bytes::new()).unwrap());
        wire.receive(format!("HTTP/1.1 {head}\r\n\r\n").as_bytes());

        assert_eq!(wire.ended, [(1, Outcome::Done)], "{head}");
    }
}

#[test]
fn interim_answers_are_skipped() {
    let mut wire = Wire::up();
    wire.exchange(1, put("/", "x"));
    wire.receive(
        b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: a\r\n\r\n\
        HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n",
    );

    assert_eq!(wire.answers[0].1.body(), "abc");
}

#[test]
fn a_body_until_close_is_complete_when_the_peer_closes_in_good_order_only() {
    for (reason, done) in [
        (CloseReason::Eof, true),
        (CloseReason::Other("reset".into()), false),
    ] {
        let mut wire = Wire::up();
        wire.exchange(1, get("/"));
        wire.receive(b"HTTP/1.0 200 OK\r\n\r\nsome");
        wire.receive(b" text");
        wire.lose(reason);

        if done {
            assert_eq!(wire.answers[0].1.body(), "some text");
            assert_eq!(wire.ended, [(1, Outcome::Done)]);
        } else {
            assert_eq!(wire.why(1), (true, Reason::LinkDown));
        }
    }
}

#[test]
fn a_connection_that_the_server_will_close_is_not_used_again() {
    for head in ["1.1 200 OK\r\nConnection: foo, Close", "1.0 200 OK\r\nX: y"] {
        let mut wire = Wire::up();
        wire.exchange(1, get("/"));
        wire.receive(format!("HTTP/{head}\r\nContent-Length: 0\r\n\r\n").as_bytes());

        assert_eq!(wire.ended, [(1, Outcome::Done)]);
        assert_eq!(wire.closed, Some(CloseReason::Asked), "{head}");
    }
}

#[test]
fn an_exchange_beyond_the_queue_is_refused() {
    let mut wire = Wire::up();
    wire.exchange(1, get("/"));
    wire.exchange(2, get("/"));

    assert_eq!(wire.why(2), (false, Reason::Limit));
}

#[test]
fn a_deadline_ends_the_exchange_and_the_connection() {
    let mut wire = Wire::up();
    wire.exchange(1, get("/"));
    wire.receive(b"HTTP/1.1 200 OK\r\n");
    wire.pass(5 * SECOND);

    assert_eq!(wire.why(1), (true, Reason::TimedOut));
    assert_eq!(wire.closed, Some(CloseReason::TimedOut));
}

#[test]
fn without_a_connection_the_deadline_and_the_failed_attempt_refuse() {
    let mut wire = Wire::down(ClientConfig::new("x"));
    wire.exchange(1, get("/"));
    wire.pass(5 * SECOND);
    wire.exchange(2, get("/"));
    wire.lose(CloseReason::Refused);

    assert_eq!(wire.why(1), (false, Reason::TimedOut));
    assert_eq!(wire.why(2), (false, Reason::LinkDown));
    assert_eq!(wire.client.unended(), 0);
}

#[test]
fn only_a_get_on_a_connection_that_had_been_idle_is_repeated_and_only_once() {
    let answer = b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n";
    let mut wire = Wire::up();
    wire.exchange(1, get("/first"));
    wire.receive(answer);

    wire.exchange(2, get("/second"));
    wire.sent();
    wire.lose(CloseReason::Eof);
    assert!(wire.client.wants_stream());
    wire.open();
    assert!(wire.sent().starts_with("GET /second"));
    wire.lose(CloseReason::Eof);
    assert_eq!(wire.why(2), (true, Reason::LinkDown));

    wire.open();
    wire.exchange(3, get("/third"));
    wire.receive(answer);
    wire.exchange(4, put("/fourth", "x"));
    wire.lose(CloseReason::Eof);
    assert_eq!(wire.why(4), (true, Reason::LinkDown));
}

#[test]
fn an_idle_connection_is_let_go() {
    let mut wire = Wire::up();
    wire.pass(59 * SECOND);
    assert_eq!(wire.closed, None);
    wire.pass(SECOND);
    assert_eq!(wire.closed, Some(CloseReason::Asked));
}

#[test]
fn bytes_that_answer_nothing_end_the_connection() {
    let mut wire = Wire::up();
    wire.receive(b"HTTP/1.1 408 Request Timeout\r\n\r\n");
    assert!(matches!(wire.closed, Some(CloseReason::Remote(_))));

    let mut wire = Wire::up();
    wire.exchange(1, get("/"));
    wire.receive(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\nHTTP/1.1 200 OK\r\n");
    assert_eq!(wire.ended, [(1, Outcome::Done)]);
    assert!(matches!(wire.closed, Some(CloseReason::Remote(_))));
}

#[test]
fn broken_answers_are_the_servers_fault_and_large_ones_our_limit() {
    for (answer, reason) in [
        ("SSH-2.0-x\r\n\r\n", Reason::Remote),
        ("HTTP/2.0 200 OK\r\n\r\n", Reason::Remote),
        ("HTTP/1.1 099 x\r\n\r\n", Reason::Remote),
        ("HTTP/1.1 200 OK\r\nA b: c\r\n\r\n", Reason::Remote),
        ("HTTP/1.1 101 x\r\n\r\n", Reason::Remote),
        (
            "HTTP/1.1 200 OK\r\nContent-Length: 1, 2\r\n\r\n",
            Reason::Remote,
        ),
        (
            "HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\n",
            Reason::Remote,
        ),
        (
            "HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip, chunked\r\n\r\n",
            Reason::Remote,
        ),
        (
            "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nContent-Length: 3\r\n\r\n",
            Reason::Remote,
        ),
        (
            "HTTP/1.1 200 OK\r\nContent-Length: 8388609\r\n\r\n",
            Reason::Limit,
        ),
        (
            &format!("HTTP/1.1 200 OK\r\n{}\r\n", "a: b\r\n".repeat(101)),
            Reason::Limit,
        ),
        (
            &format!("HTTP/1.1 200 OK\r\na: {}", "b".repeat(33_000)),
            Reason::Limit,
        ),
    ] {
        let mut wire = Wire::up();
        wire.exchange(1, get("/"));
        wire.receive(answer.as_bytes());

        assert_eq!(wire.why(1), (true, reason), "{answer}");
        assert!(wire.closed.is_some(), "{answer}");
    }
}

#[test]
fn what_cannot_be_sent_is_the_callers_fault() {
    let mut wire = Wire::up();
    let request = |name: &str| {
        Request::get("/")
            .header(name, "x")
            .body(Bytes::new())
            .unwrap()
    };
    wire.exchange(1, request("expect"));
    wire.exchange(2, request("upgrade"));
    wire.exchange(3, Request::connect("a:1").body(Bytes::new()).unwrap());

    for id in 1..=3 {
        assert_eq!(wire.why(id), (false, Reason::Local));
    }
}

#[test]
fn no_credential_appears_in_debug_or_trace() {
    let mut wire = Wire::up();
    let mut request = put("/finesse/api/User/1", "pass=Passw0rd");
    let basic = HeaderValue::from_static("Basic MTAwMTAwMTpQYXNzdzByZCE=");
    request.headers_mut().insert(header::AUTHORIZATION, basic);
    wire.exchange(1, request);
    wire.receive(b"HTTP/1.1 200 OK\r\nSet-Cookie: JSESSIONID=4711\r\nContent-Length: 0\r\n\r\n");
    let shown = format!("{}{:?}", wire.shown, wire.client);

    assert!(wire.sent().contains("MTAwMTAwMTpQYXNzdzByZCE="));
    for secret in ["MTAwMTAw", "4711", "Passw0rd"] {
        assert!(!shown.contains(secret), "{shown}");
    }
    assert!(shown.contains("PUT /finesse/api/User/1"), "{shown}");
}

/// A client in its link, and the runtime's side of it.
struct Linked {
    link: Link<Client>,
    opened: Vec<LinkId>,
    ended: Vec<(u64, Outcome)>,
    log: Vec<&'static str>,
}

const EMPTY: &[u8] = b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n";

impl Linked {
    fn new(queue: usize) -> Self {
        let config = ClientConfig {
            queue,
            ..ClientConfig::new("x")
        };
        let on_command = LinkConfig::on_command(Endpoint::plain("x", 80));
        let random = Random::from_seed([0; 32]);
        Self {
            link: Link::new(Client::new(config), on_command, LinkSlot(3), random),
            opened: Vec::new(),
            ended: Vec::new(),
            log: Vec::new(),
        }
    }

    fn input(&mut self, input: Input<'_, ClientCommand>) {
        self.link.handle_input(Instant::START, input);
        loop {
            match self.link.poll_output() {
                Output::Open(id, _) => self.opened.push(id),
                Output::Send(id, _) => {
                    self.log.push("send");
                    self.link.handle_input(Instant::START, Input::Sent(id));
                }
                Output::Ended(id, outcome) => self.ended.push((id.0, outcome)),
                Output::Event(LinkEvent::Up) => self.log.push("up"),
                Output::Event(LinkEvent::Down { .. }) => self.log.push("down"),
                Output::Wait(_) => return,
                _ => {}
            }
        }
    }

    fn exchange(&mut self, id: u64) {
        let command = ClientCommand::Exchange {
            request: get("/"),
            timeout: SECOND,
        };
        self.input(Input::Command(CommandId(id), command));
    }

    fn stream(&self) -> LinkId {
        *self.opened.last().unwrap()
    }
}

#[test]
fn the_link_opens_for_a_command_and_again_for_a_repeated_get() {
    let mut linked = Linked::new(0);
    linked.exchange(1);
    linked.input(Input::Opened(linked.stream()));
    linked.input(Input::Received(linked.stream(), EMPTY));
    linked.exchange(2);
    linked.input(Input::Closed(linked.stream(), CloseReason::Eof));
    linked.input(Input::Opened(linked.stream()));
    linked.input(Input::Received(linked.stream(), EMPTY));

    assert_eq!(linked.opened.len(), 2);
    assert_eq!(linked.ended, [(1, Outcome::Done), (2, Outcome::Done)]);
    assert_eq!(linked.log, ["up", "send", "send", "down", "up", "send"]);
}

#[test]
fn queued_exchanges_go_over_a_new_connection_when_the_server_closes_after_each() {
    let mut linked = Linked::new(2);
    for id in 1..=3 {
        linked.exchange(id);
    }
    for _ in 0..3 {
        linked.input(Input::Opened(linked.stream()));
        let closing = b"HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 0\r\n\r\n";
        linked.input(Input::Received(linked.stream(), closing));
    }

    assert_eq!(linked.opened.len(), 3);
    let ids: Vec<_> = linked
        .ended
        .iter()
        .map(|(id, end)| (*id, end.is_done()))
        .collect();
    assert_eq!(ids, [(1, true), (2, true), (3, true)]);
}

#[test]
fn a_stopped_link_ends_every_exchange_at_once() {
    let mut linked = Linked::new(1);
    linked.exchange(1);
    linked.input(Input::Opened(linked.stream()));
    linked.input(Input::Received(linked.stream(), EMPTY));
    linked.exchange(2);
    linked.exchange(3);
    linked.link.stop(Instant::START, Closing::Abort);
    linked.input(Input::Wall(finewire_core::machine::UnixMillis(0)));

    let reasons: Vec<_> = linked.ended[1..]
        .iter()
        .map(|(id, end)| match end {
            Outcome::Failed(why) => (*id, true, why.reason),
            Outcome::Refused(why) => (*id, false, why.reason),
            Outcome::Done => panic!("{id} done"),
        })
        .collect();
    let down = Reason::ShuttingDown;
    assert_eq!(reasons, [(2, true, down), (3, false, down)]);
    assert_eq!(linked.opened.len(), 1);
}

#[test]
fn an_exchange_ends_once_wherever_its_answer_is_cut() {
    let answer =
        b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n\
        3;x\r\nabc\r\n0\r\nT: u\r\n\r\n";
    for at in 0..=answer.len() {
        let mut wire = Wire::up();
        wire.exchange(1, get("/"));
        if at > 0 {
            wire.receive(&answer[..at]);
        }
        wire.lose(CloseReason::Eof);

        if at == answer.len() {
            assert_eq!(wire.ended, [(1, Outcome::Done)]);
        } else {
            assert_eq!(wire.why(1), (true, Reason::LinkDown), "{at}");
        }
    }
}

/// Everything that comes out for an answer in these pieces.
fn outcome_of(pieces: &[&[u8]]) -> (Vec<(u64, Outcome)>, Vec<String>, Option<CloseReason>) {
    let mut wire = Wire::up();
    wire.exchange(1, get("/"));
    for piece in pieces {
        if !piece.is_empty() {
            wire.receive(piece);
        }
    }
    wire.lose(CloseReason::Eof);
    let answers = wire.answers.iter();
    let shown = answers.map(|(_, a)| format!("{a:?}")).collect();
    (wire.ended, shown, wire.closed)
}

proptest! {
    #[test]
    fn any_chunking_of_an_answer_gives_the_same(cuts in proptest::collection::vec(0usize..200, 0..8)) {
        for answer in [
            "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5;x\r\nhello\r\na\r\n0123456789\r\n0\r\nT: 1\r\n\r\n",
            "\r\nHTTP/1.1 100 x\r\n\r\nHTTP/1.1 200 OK\nContent-Length: 4\n\nabcd",
            "HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nab",
            "HTTP/1.1 200 OK\r\n\r\nuntil the end",
            "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
        ] {
            let bytes = answer.as_bytes();
            let mut cuts: Vec<_> = cuts.iter().map(|cut| cut % bytes.len()).collect();
            cuts.extend([0, bytes.len()]);
            cuts.sort_unstable();
            let pieces: Vec<_> = cuts.windows(2).map(|w| &bytes[w[0]..w[1]]).collect();
            let single: Vec<_> = bytes.chunks(1).collect();

            let whole = outcome_of(&[bytes]);
            prop_assert_eq!(&outcome_of(&pieces), &whole);
            prop_assert_eq!(&outcome_of(&single), &whole);
        }
    }

    #[test]
    fn no_bytes_make_a_client_panic(data in proptest::collection::vec(any::<u8>(), 0..300)) {
        crate::fuzz::client(&data);
        let mut likely = vec![9];
        likely.extend_from_slice(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n");
        likely.extend_from_slice(&data);
        crate::fuzz::client(&likely);
    }
}
