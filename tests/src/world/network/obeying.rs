//! What machines ask for, and how it is arranged to happen.

use super::*;

impl Network {
    pub(super) fn obey(&mut self, place: usize, output: Output<String>) {
        match output {
            Output::Open(link, endpoint) => self.open(place, link, &endpoint),
            Output::Send(link, chunks) => {
                let Some((id, side)) = self.ends.get(&(place, link)).copied() else {
                    return;
                };
                let chunks = match side {
                    Side::Client => chunks,
                    Side::Server => self.rewritten(id, chunks),
                };
                let pieces = self.weather.cut(chunks, &mut self.random);
                let latency = self.weather.latency(&mut self.random);
                let which = usize::from(side == Side::Client);
                let now = self.now;
                let Some(pipe) = self.pipes.get_mut(&id) else {
                    return;
                };
                let arrival = pipe.last_arrival[which].max(now + latency);
                pipe.last_arrival[which] = arrival;
                let deaf = pipe.deaf;
                for piece in pieces {
                    if !deaf {
                        self.put(arrival, Happening::Arrive(id, side.other(), piece));
                    }
                }
                let written = self.random.below(3);
                let at = if written == 0 { now } else { arrival };
                self.put(at, Happening::Written(id, side));
            }
            Output::Pause(link) => self.set_paused(place, link, true),
            Output::Resume(link) => self.set_paused(place, link, false),
            Output::Secure(link, tls) => {
                let Some((id, side)) = self.ends.get(&(place, link)).copied() else {
                    return;
                };
                if let Some(end) = self.end(id, side) {
                    end.securing = Some(tls);
                }
                let both = self
                    .end(id, side.other())
                    .is_some_and(|end| end.securing.is_some());
                if both {
                    let latency = self.weather.latency(&mut self.random);
                    self.soon(latency, Happening::Handshake(id));
                }
            }
            Output::Close(link, closing) => self.close(place, link, closing),
            Output::Listen(listener, address) => self.listen(place, listener, &address),
            Output::Unlisten(listener) => {
                self.doors
                    .retain(|(owner, _), door| *owner != place || door.listener != listener);
            }
            Output::Event(text) => {
                self.secrets
                    .check(&self.stations[place].name, "event", &text);
            }
            Output::Ended(id, outcome) => {
                let text = format!("{id:?} {outcome:?}");
                self.secrets
                    .check(&self.stations[place].name, "end of a command", &text);
            }
            Output::Trace(event) => {
                let by = self.stations[place].name.clone();
                self.secrets.check(&by, "trace", &format!("{event:?}"));
                let at = self.now;
                self.traces.push(Traced { at, by, event });
            }
            Output::Wait(_) => {}
        }
    }

    fn rewritten(&mut self, id: PipeId, chunks: Chunks) -> Chunks {
        let port = self.pipes.get(&id).map(|pipe| pipe.port);
        let Some(rewriter) = port.and_then(|port| self.rewriters.get_mut(&port)) else {
            return chunks;
        };
        let bytes = chunks.to_vec();
        let text = std::str::from_utf8(&bytes).ok().and_then(rewriter);
        text.map_or(chunks, |text| Chunks::from(Bytes::from(text)))
    }

    pub(super) fn open(&mut self, place: usize, link: LinkId, endpoint: &Endpoint) {
        let id = PipeId(self.next_pipe);
        self.next_pipe += 1;
        self.ends.insert((place, link), (id, Side::Client));
        let server = self.hosts.get(&*endpoint.host).copied();
        let latency = self.weather.latency(&mut self.random);
        let pipe = Pipe {
            port: endpoint.port,
            client: End::new(place, link, false),
            server: None,
            server_place: server.unwrap_or(place),
            stalled: None,
            deaf: false,
            last_arrival: [Instant::START; 2],
        };
        self.pipes.insert(id, pipe);
        match server {
            Some(_) => self.soon(latency, Happening::Connect(id)),
            None => self.soon(latency, Happening::Fail(id, CloseReason::NameNotFound)),
        }
    }

    pub(super) fn close(&mut self, place: usize, link: LinkId, closing: Closing) {
        let Some((id, side)) = self.ends.get(&(place, link)).copied() else {
            return;
        };
        let latency = self.weather.latency(&mut self.random);
        let which = usize::from(side == Side::Client);
        let now = self.now;
        let Some(pipe) = self.pipes.get_mut(&id) else {
            return;
        };
        let arrival = pipe.last_arrival[which].max(now + latency);
        pipe.last_arrival[which] = arrival;
        let deaf = pipe.deaf;
        if closing == Closing::Abort {
            self.agenda.retain(|_, happening| {
                !matches!(happening, Happening::Arrive(pipe, to, _)
                    if *pipe == id && *to == side.other())
            });
        }
        if !deaf {
            self.put(
                arrival,
                Happening::HangUp(id, side.other(), CloseReason::Eof),
            );
        }
        if let Some(end) = self.end(id, side) {
            end.open = false;
        }
        self.soon(
            Duration::ZERO,
            Happening::Gone(place, link, CloseReason::Asked),
        );
    }

    pub(super) fn listen(&mut self, place: usize, listener: ListenerId, address: &Address) {
        let mut port = address.port;
        if port == 0 {
            port = self.next_port;
            self.next_port += 1;
        }
        let result = match self.doors.entry((place, port)) {
            Entry::Occupied(_) => Err(CloseReason::AddressInUse),
            Entry::Vacant(free) => {
                free.insert(Door { listener });
                Ok(Address::new(&address.host, port))
            }
        };
        self.soon(
            Duration::ZERO,
            Happening::Listening(place, listener, result),
        );
    }

    pub(super) fn set_paused(&mut self, place: usize, link: LinkId, paused: bool) {
        let Some((id, side)) = self.ends.get(&(place, link)).copied() else {
            return;
        };
        let Some(end) = self.end(id, side) else {
            return;
        };
        end.paused = paused;
        if paused {
            return;
        }
        let waiting = std::mem::take(&mut end.waiting);
        end.buffered = 0;
        let hangup = end.hangup.take();
        for bytes in waiting {
            self.soon(Duration::ZERO, Happening::Arrive(id, side, bytes));
        }
        if let Some(reason) = hangup {
            self.soon(Duration::ZERO, Happening::HangUp(id, side, reason));
        }
        if self
            .end(id, side.other())
            .is_some_and(|far| std::mem::take(&mut far.owed_sent))
        {
            self.soon(Duration::ZERO, Happening::Written(id, side.other()));
        }
    }

    pub(super) fn soon(&mut self, after: Duration, happening: Happening) {
        self.put(self.now + after, happening);
    }

    pub(super) fn put(&mut self, at: Instant, happening: Happening) {
        let number = self.next_happening;
        self.next_happening += 1;
        self.agenda.insert((at.max(self.now), number), happening);
    }
}
