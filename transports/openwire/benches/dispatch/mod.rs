//! A dispatch of a 200-byte text message, and a codec that has seen its like before.

#![allow(dead_code, reason = "each bench takes a part of it")]

use bytes::{Bytes, BytesMut};
use finewire_openwire::codec::{Decoder, Encoder, Limits, WireFormat};
use finewire_openwire::command::{
    Command, ConnectionId, Destination, Message, MessageDispatch, MessageId,
};

/// The ways to write it: name, tight or loose, with or without the cache of ids.
pub(crate) const FORMATS: [(&str, bool, bool); 4] = [
    ("tight, cache", true, true),
    ("tight", true, false),
    ("loose, cache", false, true),
    ("loose", false, false),
];

/// Both ends of a stream in version 12 on which the ids of the dispatch are known.
pub(crate) struct Codec {
    command: Command,
    /// The frame that brings the ids and its successor, with their sizes.
    frames: [Bytes; 2],
    /// The second, as the decoder takes it.
    frame: Bytes,
    encoder: Encoder,
    decoder: Decoder,
    out: BytesMut,
    /// What was decoded last.
    decoded: Command,
}

impl Codec {
    pub(crate) fn new(tight: bool, cache: bool) -> Self {
        let format = WireFormat {
            tight,
            cache,
            ..WireFormat::default()
        };
        assert_eq!(format.version, 12);
        let mut encoder = Encoder::new(&format);
        let mut decoder = Decoder::new(&format, Limits::default());
        let mut out = BytesMut::new();
        let mut encode = || {
            encoder.encode(&dispatch(), &mut out).unwrap();
            out.split().freeze()
        };
        let frames = [encode(), encode()];
        let frame = frames[1].slice(4..);
        let mut decode = |frame: &Bytes| decoder.decode(frame.slice(4..)).unwrap();
        assert_eq!(decode(&frames[0]), dispatch());
        let command = decode(&frames[1]);
        assert_eq!(command, dispatch());
        Self {
            command,
            frames,
            frame,
            encoder,
            decoder,
            out,
            decoded: Command::Null,
        }
    }

    /// Bytes of the frame behind its size.
    pub(crate) fn size(&self) -> usize {
        self.frame.len()
    }

    /// The frame that brings the ids and the one that names them, with their sizes in front.
    pub(crate) fn frames(&self) -> [Bytes; 2] {
        self.frames.clone()
    }

    /// From the value to a frame in a buffer that is there already.
    pub(crate) fn encode(&mut self) -> usize {
        self.out.clear();
        self.encoder.encode(&self.command, &mut self.out).unwrap();
        self.out.len()
    }

    /// From a received frame to an owned value, which replaces the one before; its body stays as it came.
    pub(crate) fn decode(&mut self) -> &Command {
        self.decoder
            .decode_into(&self.frame, &mut self.decoded)
            .unwrap();
        &self.decoded
    }

    /// From a received frame to the text of its body.
    pub(crate) fn read(&mut self) -> String {
        let Command::MessageDispatch(dispatch) = self.decode() else {
            panic!("it is a dispatch");
        };
        let body = dispatch.message.as_ref().unwrap().body().unwrap();
        let text = body.as_text().unwrap().to_str().into_owned();
        assert_eq!(text.len(), 200);
        text
    }
}

/// What a broker dispatches: everything set that a plain JMS producer sets.
fn dispatch() -> Command {
    let sender = ConnectionId::new("ID:crm-host-40111-1700000000000-1:1")
        .session(1)
        .producer(1);
    let receiver = ConnectionId::new("ID:connector-40222-1700000000000-1:1")
        .session(1)
        .consumer(1);
    let mut message = Message::text("x".repeat(200));
    message.command_id = 7;
    message.producer_id = Some(sender.clone());
    message.destination = Some(Destination::queue("Connector1"));
    message.message_id = Some(MessageId {
        broker_sequence_id: 4711,
        ..MessageId::new(sender, 42)
    });
    message.priority = 4;
    message.timestamp = 1_700_000_000_000;
    message.jms_type = Some("MakeCall#1001001".into());
    message.broker_in_time = 1_700_000_000_001;
    message.broker_out_time = 1_700_000_000_002;
    MessageDispatch {
        consumer_id: Some(receiver),
        destination: message.destination.clone(),
        message: Some(message.into()),
        ..MessageDispatch::default()
    }
    .into()
}
