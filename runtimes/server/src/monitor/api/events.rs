//! The live stream. It is made as it is read: what a browser has not taken is not kept for it, the next event
//! says how everything stands then. So a slow browser costs no memory, and catches up by itself.

use super::either;
use crate::levels;
use crate::monitor::board::Board;
use crate::monitor::caller::Caller;
use crate::monitor::charts::Column;
use crate::monitor::journal::Filter;
use crate::monitor::refusal::Refusal;
use crate::monitor::shapes::At;
use crate::monitor::station::Station;
use axum::body::{Body, Bytes};
use axum::extract::{Query, State};
use axum::http::header;
use axum::response::{IntoResponse as _, Response};
use core::convert::Infallible;
use core::time::Duration;
use serde::{Deserialize, Serialize};
use serde_json::json;
use std::sync::Arc;
use tokio::sync::{OwnedSemaphorePermit, watch};
use tokio::time::{Instant, timeout_at};

/// How long a stream lasts: then the browser comes back.
const LIFE: Duration = Duration::from_secs(3600);
/// How often something is written although nothing has happened.
const SIGN_OF_LIFE: Duration = Duration::from_secs(15);
const STATUS_EVERY: Duration = Duration::from_secs(1);
const AGENTS_EVERY: Duration = Duration::from_millis(500);
/// Messages in one event.
const MOST_MESSAGES: usize = 500;

#[derive(Deserialize)]
pub(super) struct EventsQuery {
    #[serde(default)]
    trace: String,
    #[serde(default)]
    agent: String,
    #[serde(default)]
    party: String,
    #[serde(default)]
    q: String,
}

pub(super) async fn events(
    caller: Caller,
    State(station): State<Arc<Station>>,
    Query(query): Query<EventsQuery>,
) -> Response {
    let place = station.streams.clone().try_acquire_owned();
    let Ok(place) = place else {
        return Refusal::too_many("too many streams are open").into_response();
    };
    let filter = Filter::new(&query.agent, &query.party, &query.q);
    let stream = Stream::new(
        station,
        caller,
        (query.trace == "1").then_some(filter),
        place,
    );
    let chunks = futures_util::stream::unfold(stream, |mut stream| async {
        let chunk = stream.next().await?;
        Some((Ok::<_, Infallible>(chunk), stream))
    });
    let headers = [
        (header::CONTENT_TYPE, "text/event-stream"),
        (header::CACHE_CONTROL, "no-store, no-transform"),
    ];
    either(Ok((headers, Body::from_stream(chunks)).into_response()))
}

/// One browser's stream.
struct Stream {
    station: Arc<Station>,
    caller: Caller,
    trace: Option<Filter>,
    looks: watch::Receiver<u64>,
    ends: Instant,
    /// Where the reader stands: agents' revision, last message.
    revision: u64,
    message: u64,
    column: Option<Column>,
    status_due: Instant,
    agents_due: Instant,
    stage: Stage,
    _place: OwnedSemaphorePermit,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Stage {
    Greeting,
    Running,
    Ended,
}

impl Stream {
    fn new(
        station: Arc<Station>,
        caller: Caller,
        trace: Option<Filter>,
        place: OwnedSemaphorePermit,
    ) -> Self {
        let now = Instant::now();
        let (revision, message) = station.board.place();
        Self {
            looks: station.board.looks(),
            column: station.board.column(),
            station,
            caller,
            trace,
            ends: now + LIFE,
            revision,
            message,
            status_due: now,
            agents_due: now,
            stage: Stage::Greeting,
            _place: place,
        }
    }

    /// The next events; `None` at the end.
    async fn next(&mut self) -> Option<Bytes> {
        match self.stage {
            Stage::Greeting => {
                self.stage = Stage::Running;
                let hello = json!({
                    "version": env!("CARGO_PKG_VERSION"), "user": self.caller.user,
                    "role": self.caller.role, "trace_after": self.message,
                });
                let mut text = String::from("retry: 2000\n");
                event(&mut text, "hello", &hello);
                self.tell_status(&mut text);
                Some(text.into())
            }
            Stage::Running => self.go_on().await,
            Stage::Ended => None,
        }
    }

    async fn go_on(&mut self) -> Option<Bytes> {
        let silent_until = Instant::now() + SIGN_OF_LIFE;
        loop {
            let until = silent_until.min(self.ends);
            let look = timeout_at(until, self.looks.changed()).await;
            let now = Instant::now();
            if let Some(id) = &self.caller.session
                && !self.station.sessions.is_open(At::now(), id)
            {
                self.stage = Stage::Ended;
                let mut text = String::new();
                event(&mut text, "session", &json!({"ended": true}));
                return Some(text.into());
            }
            if now >= self.ends || matches!(look, Ok(Err(_))) {
                return None;
            }
            let mut text = String::new();
            if now >= self.status_due {
                self.tell_status(&mut text);
            }
            self.tell_news(now, &mut text);
            if !text.is_empty() {
                return Some(text.into());
            }
            if now >= silent_until {
                return Some(Bytes::from_static(b": still here\n\n"));
            }
        }
    }

    fn board(&self) -> &Board {
        &self.station.board
    }

    fn tell_status(&mut self, text: &mut String) {
        self.status_due = Instant::now() + STATUS_EVERY;
        event(text, "status", &self.board().status(levels::level()));
    }

    fn tell_news(&mut self, now: Instant, text: &mut String) {
        if now >= self.agents_due {
            let (changes, revision) = self.board().changes(self.revision);
            self.revision = revision;
            if !changes.changed.is_empty() || !changes.gone.is_empty() || changes.all {
                self.agents_due = now + AGENTS_EVERY;
                event(text, "agents", &changes);
            }
        }
        if let Some(filter) = &self.trace {
            let (page, last) = self.board().follow(self.message, filter, MOST_MESSAGES);
            self.message = last;
            if !page.rows.is_empty() {
                let news = json!({"rows": page.rows, "skipped": page.skipped});
                event(text, "trace", &news);
            }
        }
        let column = self.board().column();
        if let Some(latest) = column.filter(|_| column != self.column) {
            self.column = column;
            event(text, "charts", &latest);
        }
    }
}

/// One event; JSON has no line breaks of its own.
fn event(text: &mut String, name: &str, data: &impl Serialize) {
    if let Ok(data) = serde_json::to_string(data) {
        text.push_str("event: ");
        text.push_str(name);
        text.push_str("\ndata: ");
        text.push_str(&data);
        text.push_str("\n\n");
    }
}
