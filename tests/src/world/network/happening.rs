//! What happens at its time: connections, bytes, ends of links, alarms.

use super::*;

impl Network {
    pub(super) fn happen(&mut self, happening: Happening) {
        match happening {
            Happening::Wake(place, generation) => {
                if self.stations[place].wake == generation {
                    let now = self.now;
                    self.stations[place].rules.on_input(now);
                    self.stations[place].station.handle_timeout(now);
                    self.drain(place);
                }
            }
            Happening::Drain(place) => self.drain(place),
            Happening::Listening(place, listener, result) => {
                match result {
                    Ok(address) => self.tell(place, Input::Listening(listener, address)),
                    Err(reason) => self.tell(place, Input::ListenFailed(listener, reason)),
                }
                self.drain_some_time(place);
            }
            Happening::Gone(place, link, reason) => self.gone(place, link, reason),
            Happening::Connect(id) => self.connect(id),
            Happening::Connected(id) => self.unless_stalled(id, Happening::Connected(id), |net| {
                let Some(pipe) = net.pipes.get_mut(&id) else {
                    return;
                };
                if pipe.deaf
                    || !net
                        .ends
                        .contains_key(&(pipe.client.place, pipe.client.link))
                {
                    return;
                }
                pipe.client.open = true;
                let (place, link) = (pipe.client.place, pipe.client.link);
                net.tell(place, Input::Opened(link));
                net.drain_some_time(place);
            }),
            Happening::Fail(id, reason) => {
                if let Some(pipe) = self.pipes.get(&id) {
                    let (place, link) = (pipe.client.place, pipe.client.link);
                    self.gone(place, link, reason);
                }
            }
            Happening::Arrive(id, side, bytes) => {
                let again = Happening::Arrive(id, side, bytes.clone());
                self.unless_stalled(id, again, |net| net.arrive(id, side, bytes));
            }
            Happening::Written(id, side) => {
                let again = Happening::Written(id, side);
                self.unless_stalled(id, again, |net| net.written(id, side));
            }
            Happening::HangUp(id, side, reason) => {
                let again = Happening::HangUp(id, side, reason.clone());
                self.unless_stalled(id, again, |net| net.hang_up(id, side, reason));
            }
            Happening::Handshake(id) => {
                self.unless_stalled(id, Happening::Handshake(id), |net| net.handshake(id));
            }
        }
    }

    pub(super) fn unless_stalled(
        &mut self,
        id: PipeId,
        again: Happening,
        act: impl FnOnce(&mut Self),
    ) {
        if let Some(pipe) = self.pipes.get_mut(&id)
            && let Some(held) = &mut pipe.stalled
        {
            held.push(again);
            return;
        }
        act(self);
    }

    pub(super) fn connect(&mut self, id: PipeId) {
        let Some(pipe) = self.pipes.get_mut(&id) else {
            return;
        };
        let place = pipe.server_place;
        let port = pipe.port;
        let shut = self.shut.get(&(place, port)).copied();
        if shut == Some(Shut::Silent) {
            return;
        }
        let client = (pipe.client.place, pipe.client.link);
        if !self.ends.contains_key(&client) {
            return;
        }
        let door = self.doors.get(&(place, port));
        let (None, Some(door)) = (shut, door) else {
            let latency = self.weather.latency(&mut self.random);
            return self.soon(latency, Happening::Fail(id, CloseReason::Refused));
        };
        let listener = door.listener;
        self.stations[place].accepted += 1;
        let link = LinkId::accepted(self.stations[place].accepted);
        pipe.server = Some(End::new(place, link, true));
        self.ends.insert((place, link), (id, Side::Server));
        self.stations[place].rules.on_accepted(link);
        let from = Address::new(
            "127.0.0.1",
            50_000 + u16::try_from(id.0 % 10_000).unwrap_or(0),
        );
        let latency = self.weather.latency(&mut self.random);
        let reached = self.now + latency;
        if let Some(pipe) = self.pipes.get_mut(&id) {
            pipe.last_arrival[0] = reached;
        }
        self.soon(latency, Happening::Connected(id));
        self.tell(place, Input::Accepted(listener, link, from));
        self.drain_some_time(place);
    }

    pub(super) fn arrive(&mut self, id: PipeId, side: Side, bytes: Bytes) {
        let Some(end) = self.end(id, side) else {
            return;
        };
        if !end.open {
            return;
        }
        let (place, link) = (end.place, end.link);
        if end.paused || !end.waiting.is_empty() {
            end.buffered += bytes.len();
            end.waiting.push_back(bytes);
            return;
        }
        self.tell(place, Input::Received(link, &bytes));
        self.drain_some_time(place);
    }

    pub(super) fn written(&mut self, id: PipeId, side: Side) {
        if self
            .end(id, side.other())
            .is_some_and(|far| far.buffered > SOCKET_BUFFER)
        {
            if let Some(end) = self.end(id, side) {
                end.owed_sent = true;
            }
            return;
        }
        let Some(end) = self.end(id, side) else {
            return;
        };
        if !end.open {
            return;
        }
        let (place, link) = (end.place, end.link);
        self.stations[place].rules.on_sent(link);
        self.tell(place, Input::Sent(link));
        self.drain_some_time(place);
    }

    pub(super) fn hang_up(&mut self, id: PipeId, side: Side, reason: CloseReason) {
        let Some(end) = self.end(id, side) else {
            return;
        };
        if !end.waiting.is_empty() {
            end.hangup = Some(reason);
            return;
        }
        let (place, link) = (end.place, end.link);
        self.gone(place, link, reason);
    }

    pub(super) fn handshake(&mut self, id: PipeId) {
        let Some(pipe) = self.pipes.get_mut(&id) else {
            return;
        };
        let fault = self.tls_faults.get(&pipe.port).cloned();
        let mut ends = Vec::new();
        let parties = [Some(&mut pipe.client), pipe.server.as_mut()];
        for end in parties.into_iter().flatten() {
            end.securing = None;
            end.secured = true;
            if end.open {
                ends.push((end.place, end.link));
            }
        }
        for (place, link) in ends {
            match &fault {
                Some(fault) => self.gone(place, link, CloseReason::Tls(fault.clone())),
                None => {
                    self.stations[place].rules.on_secured(link);
                    let identity = PeerIdentity {
                        certificate: None,
                        version: Some("TLSv1.3".into()),
                    };
                    self.tell(place, Input::Secured(link, identity));
                    self.drain_some_time(place);
                }
            }
        }
    }

    pub(super) fn gone(&mut self, place: usize, link: LinkId, reason: CloseReason) {
        let Some((id, side)) = self.ends.remove(&(place, link)) else {
            return;
        };
        if let Some(end) = self.end(id, side) {
            end.open = false;
            end.waiting.clear();
        }
        let dirty = self.stations[place].dirty;
        self.stations[place].rules.on_closed(link, dirty);
        self.tell(place, Input::Closed(link, reason));
        self.drain_some_time(place);
        self.sweep(id);
    }

    /// Forgets a pipe that nobody holds any more.
    pub(super) fn sweep(&mut self, id: PipeId) {
        let held = self.ends.values().any(|(pipe, _)| *pipe == id);
        let under_way = self.agenda.values().any(|happening| match happening {
            Happening::Connect(pipe) => *pipe == id,
            _ => false,
        });
        if !held && !under_way {
            self.pipes.remove(&id);
        }
    }

    pub(super) fn end(&mut self, id: PipeId, side: Side) -> Option<&mut End> {
        let pipe = self.pipes.get_mut(&id)?;
        match side {
            Side::Client => Some(&mut pipe.client),
            Side::Server => pipe.server.as_mut(),
        }
    }

    pub(super) fn tell(&mut self, place: usize, input: Input<'_, Infallible>) {
        let now = self.now;
        let at = &mut self.stations[place];
        at.rules.on_input(now);
        at.dirty = true;
        at.station.handle_input(now, input);
    }

    pub(super) fn drain_some_time(&mut self, place: usize) {
        if self.weather.lazy_drains && self.random.below(4) == 0 {
            let late = Duration::from_nanos(self.random.below(2_000_000));
            self.soon(late, Happening::Drain(place));
        } else {
            self.drain(place);
        }
    }

    pub(super) fn drain(&mut self, place: usize) {
        let now = self.now;
        let mut outputs = 0_u32;
        loop {
            outputs += 1;
            let at = &mut self.stations[place];
            assert!(
                outputs < 200_000,
                "{}: an endless stream of outputs",
                at.name
            );
            let output = at.station.poll_output(now);
            at.rules.on_output(&output);
            digest::take(&mut self.digest, place, now, &output);
            match output {
                Output::Wait(deadline) => {
                    at.dirty = false;
                    at.wake += 1;
                    let wake = at.wake;
                    if let Some(deadline) = deadline {
                        self.put(deadline, Happening::Wake(place, wake));
                    }
                    return;
                }
                output => self.obey(place, output),
            }
        }
    }
}
