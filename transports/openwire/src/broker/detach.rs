//! Messages that wait should not keep the buffers alive in which they came.

use bytes::Bytes;

use crate::command::{
    ConnectionId, Destination, LocalTransactionId, Message, MessageId, ProducerId, Text,
    TransactionId,
};

/// The same message on memory of its own.
///
/// A decoded message is slices of a receive buffer of up to 64 KiB that it shares with its neighbours: one
/// small message kept for long would keep all of it.
pub(super) fn detach(message: &mut Message) {
    for producer in message.producer_id.iter_mut() {
        detach_producer(producer);
    }
    if let Some(MessageId {
        text_view,
        producer_id,
        ..
    }) = &mut message.message_id
    {
        detach_text(text_view);
        producer_id.iter_mut().for_each(detach_producer);
    }
    detach_destination(message.destination.as_mut());
    detach_destination(message.reply_to.as_mut());
    detach_text(&mut message.correlation_id);
    detach_text(&mut message.jms_type);
    detach_bytes(&mut message.content);
    detach_bytes(&mut message.marshalled_properties);
    // Writing to the extras makes room for them, so those that most messages lack are looked at first.
    if message.extras.group_id.is_some() {
        detach_text(&mut message.extras.group_id);
    }
    if message.extras.user_id.is_some() {
        detach_text(&mut message.extras.user_id);
    }
    if message.extras.original_destination.is_some() {
        detach_destination(message.extras.original_destination.as_mut());
    }
    if let Some(TransactionId::Local(id)) = &message.extras.transaction_id {
        let connection_id = id.connection_id.as_ref().map(|id| ConnectionId {
            value: id.value.as_ref().map(Text::detach),
        });
        let id = LocalTransactionId {
            value: id.value,
            connection_id,
        };
        message.extras.transaction_id = Some(TransactionId::Local(id));
    }
}

fn detach_producer(producer: &mut ProducerId) {
    detach_text(&mut producer.connection_id);
}

fn detach_destination(destination: Option<&mut Destination>) {
    if let Some(destination) = destination {
        detach_text(&mut destination.physical_name);
    }
}

fn detach_text(text: &mut Option<Text>) {
    if let Some(text) = text {
        *text = text.detach();
    }
}

fn detach_bytes(bytes: &mut Option<Bytes>) {
    if let Some(bytes) = bytes {
        *bytes = Bytes::copy_from_slice(bytes);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::codec::{Decoder, Encoder, FrameSplitter, Limits, WireFormat};
    use crate::command::Command;

    #[test]
    fn a_detached_message_is_the_same_and_lets_its_buffer_go() {
        let format = WireFormat {
            tight: true,
            max_frame_size: i64::MAX,
            ..WireFormat::greeting()
        };
        let connection = ConnectionId::new("c");
        let producer = connection.session(1).producer(1);
        let mut message = Message::text("hello");
        message.message_id = Some(MessageId::new(producer.clone(), 1));
        message.producer_id = Some(producer);
        message.destination = Some(Destination::queue("q"));
        message.reply_to = Some(Destination::temp_queue("c:1"));
        message.correlation_id = Some("correlation".into());
        message.jms_type = Some("Hello#x".into());
        message.extras.group_id = Some("group".into());
        message.extras.transaction_id =
            Some(TransactionId::Local(LocalTransactionId::new(connection, 7)));
        let mut bytes = bytes::BytesMut::new();
        let command = Command::from(message);
        Encoder::new(&format).encode(&command, &mut bytes).unwrap();
        let mut splitter = FrameSplitter::new();
        splitter.feed(&bytes);
        let frame = splitter.next_frame(usize::MAX).unwrap().unwrap();
        let mut decoder = Decoder::new(&format, Limits::default());
        let Command::Message(decoded) = decoder.decode(frame.clone()).unwrap() else {
            panic!("a message was sent");
        };
        let mut detached = Message::clone(&decoded);
        drop(decoded);
        let unique = |frame: &Bytes| frame.is_unique();
        assert!(!unique(&frame), "the message holds the frame");

        detach(&mut detached);

        assert_eq!(Command::from(detached), command);
        drop(splitter);
        assert!(unique(&frame), "nothing holds the frame");
    }
}
