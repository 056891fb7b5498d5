//! What every server here does: it takes OpenWire frames apart and sends each back.

use bytes::Bytes;
use finewire_core::machine::{
    Address, Chunks, Input, Instant, LinkId, ListenerId, Machine, Output,
};
use finewire_openwire::codec::FrameSplitter;
use std::collections::{BTreeMap, VecDeque};

/// Frames are bounded as by a broker.
const FRAME_AT_MOST: usize = 1 << 20;

/// One stream's frames. The same work for machines and bare loops.
#[derive(Debug, Default)]
pub(crate) struct Frames(FrameSplitter);

impl Frames {
    /// Takes bytes in and gives each frame that is whole to `reply`, size and content.
    pub(crate) fn answer(&mut self, bytes: &[u8], mut reply: impl FnMut(Bytes)) {
        self.0.feed(bytes);
        while let Some(frame) = self
            .0
            .next_frame(FRAME_AT_MOST)
            .expect("the load is well-formed")
        {
            let size = u32::try_from(frame.len()).unwrap();
            reply(Bytes::copy_from_slice(&size.to_be_bytes()));
            reply(frame);
        }
    }
}

/// The echo as a machine that listens; its only event is where.
#[derive(Debug, Default)]
pub(crate) struct Echo {
    links: BTreeMap<LinkId, Stream>,
    says: VecDeque<Output<Address>>,
}

#[derive(Debug, Default)]
struct Stream {
    frames: Frames,
    /// What waits for the end of the write under way.
    waiting: Chunks,
    is_writing: bool,
}

impl Echo {
    pub(crate) fn new() -> Self {
        let mut echo = Self::default();
        let anywhere = Address::new("127.0.0.1", 0);
        echo.says.push_back(Output::Listen(ListenerId(1), anywhere));
        echo
    }

    fn send(&mut self, link: LinkId) {
        if let Some(stream) = self.links.get_mut(&link) {
            stream.is_writing = !stream.waiting.is_empty();
            if stream.is_writing {
                // About as much will wait next time.
                let room = Chunks::with_capacity(stream.waiting.as_slice().len());
                let chunks = core::mem::replace(&mut stream.waiting, room);
                self.says.push_back(Output::Send(link, chunks));
            }
        }
    }
}

impl Machine for Echo {
    type Command = ();
    type Event = Address;

    fn handle_input(&mut self, _now: Instant, input: Input<'_, ()>) {
        match input {
            Input::Listening(_, address) => self.says.push_back(Output::Event(address)),
            Input::Accepted(_, link, _) => drop(self.links.insert(link, Stream::default())),
            Input::Received(link, bytes) => {
                if let Some(stream) = self.links.get_mut(&link) {
                    stream
                        .frames
                        .answer(bytes, |chunk| stream.waiting.push(chunk));
                    if !stream.is_writing {
                        self.send(link);
                    }
                }
            }
            Input::Sent(link) => self.send(link),
            Input::Closed(link, _) => drop(self.links.remove(&link)),
            _ => {}
        }
    }

    fn handle_timeout(&mut self, _now: Instant) {}

    fn poll_output(&mut self) -> Output<Address> {
        self.says.pop_front().unwrap_or(Output::Wait(None))
    }
}
