use bytes::{Bytes, BytesMut};
use finewire_openwire::codec::{Encoder, Frames, Misfit, WireFormat};
use finewire_openwire::command::{Command, ConsumerId, Destination, Message, MessageDispatch};

use crate::limits::formats;

const LARGE: usize = Encoder::SHARE_FROM;

/// A message as it is dispatched to many, with content and properties of these lengths.
fn dispatch(content: usize, properties: usize) -> Command {
    let mut message = Message::bytes(vec![b'c'; content]);
    message.destination = Some(Destination::topic("prices"));
    message.marshalled_properties = Some(vec![b'p'; properties].into());
    MessageDispatch {
        consumer_id: Some(ConsumerId::default()),
        destination: message.destination.clone(),
        message: Some(message.into()),
        ..MessageDispatch::default()
    }
    .into()
}

fn content(command: &Command) -> &Bytes {
    match command {
        Command::MessageDispatch(dispatch) => {
            let message = dispatch.message.as_ref().unwrap();
            message.content.as_ref().unwrap()
        }
        other => panic!("{other:?} is no dispatch"),
    }
}

#[test]
fn a_frame_that_shares_its_content_has_the_same_bytes() {
    let lengths = [0, 1, 200, LARGE - 1, LARGE, 70_000];
    for mut format in formats() {
        for size_prefix in [true, false] {
            format.size_prefix = size_prefix;
            let (mut copying, mut sharing) = (Encoder::new(&format), Encoder::new(&format));
            let (mut copied, mut shared) = (BytesMut::new(), Frames::new());
            for content in lengths {
                for properties in lengths {
                    let command = dispatch(content, properties);
                    copying.encode(&command, &mut copied).unwrap();
                    sharing.encode_shared(&command, &mut shared).unwrap();
                    assert_eq!(shared.len(), copied.len(), "{content} {properties}");
                }
            }
            assert!(shared.take().to_vec() == copied, "{format:?}");
            assert!(shared.is_empty());
        }
    }
}

#[test]
fn large_content_is_not_copied_for_any_of_many_connections() {
    let command = dispatch(LARGE, 10);
    for format in formats() {
        for _ in 0..3 {
            let mut frames = Frames::new();
            Encoder::new(&format)
                .encode_shared(&command, &mut frames)
                .unwrap();
            let chunks = frames.take();
            let place = content(&command).as_ptr();
            let shared = |chunk: &&Bytes| chunk.as_ptr() == place && chunk.len() == LARGE;
            assert_eq!(chunks.as_slice().iter().filter(shared).count(), 1);
            assert_eq!(chunks.as_slice().len(), 3, "before, content, behind");
        }
    }
}

#[test]
fn small_frames_are_gathered_in_buffers_that_no_longer_grow() {
    const FRAMES: usize = 100;
    let mut encoder = Encoder::new(&WireFormat::default());
    let mut frames = Frames::new();
    for _ in 0..FRAMES {
        encoder
            .encode_shared(&dispatch(LARGE - 1, 0), &mut frames)
            .unwrap();
    }
    let chunks = frames.take();
    let lengths: Vec<_> = chunks.as_slice().iter().map(Bytes::len).collect();
    let full = 32 * 1024..32 * 1024 + 2 * LARGE;
    let (last, others) = lengths.split_last().unwrap();
    assert!(others.iter().all(|length| full.contains(length)));
    assert!(*last < full.end && !others.is_empty(), "{lengths:?}");
    assert!(lengths.iter().sum::<usize>() > FRAMES * (LARGE - 1));
}

#[test]
fn a_command_that_is_too_large_for_the_peer_leaves_no_trace() {
    let format = WireFormat {
        max_frame_size: 10_000,
        ..WireFormat::default()
    };
    let (mut tried, mut never) = (Encoder::new(&format), Encoder::new(&format));
    let mut frames = Frames::new();
    let error = tried
        .encode_shared(&dispatch(10_000, 0), &mut frames)
        .unwrap_err();
    assert!(matches!(error.misfit(), Misfit::LocalFrame { size, .. } if *size > 10_000));
    assert!(frames.is_empty());

    let mut expected = BytesMut::new();
    tried.encode_shared(&dispatch(5, 0), &mut frames).unwrap();
    never.encode(&dispatch(5, 0), &mut expected).unwrap();
    assert_eq!(frames.take().to_vec(), expected, "the cache is as before");
}
