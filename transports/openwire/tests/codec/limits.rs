use bytes::{BufMut, Bytes, BytesMut};
use finewire_openwire::codec::{DecodeError, Decoder, Encoder, Flaw, Limits, WireFormat};
use finewire_openwire::command::{
    Command, ConnectionId, DataArrayResponse, DataResponse, ExceptionResponse, RemoveInfo,
    Response, StackElement, Throwable,
};

pub(crate) fn formats() -> [WireFormat; 2] {
    [true, false].map(|tight| WireFormat {
        tight,
        ..WireFormat::default()
    })
}

/// What a decoder with these limits makes of a command.
fn round(
    command: impl Into<Command>,
    format: &WireFormat,
    limits: Limits,
) -> Result<Command, DecodeError> {
    let command = command.into();
    let mut out = BytesMut::new();
    Encoder::new(format).encode(&command, &mut out).unwrap();
    let decoded = Decoder::new(format, limits).decode(out.freeze().slice(4..))?;
    assert_eq!(decoded, command);
    Ok(decoded)
}

fn nested(depth: usize) -> DataResponse {
    let mut response = DataResponse::default();
    for _ in 0..depth {
        response = DataResponse {
            data: Some(Box::new(response.into())),
            ..DataResponse::default()
        };
    }
    response
}

fn causes(depth: usize) -> ExceptionResponse {
    let mut throwable = Throwable::new("E", "m");
    for _ in 0..depth {
        throwable = Throwable {
            cause: Some(Box::new(throwable)),
            ..Throwable::new("E", "m")
        };
    }
    ExceptionResponse::to(1, throwable)
}

#[test]
fn objects_may_be_nested_eight_deep() {
    for format in formats() {
        round(nested(8), &format, Limits::default()).unwrap();
        let error = round(nested(9), &format, Limits::default()).unwrap_err();
        assert_eq!(*error.flaw(), Flaw::LimitDepth { limit: 8 });
    }
}

#[test]
fn causes_may_be_nested_thirty_two_deep() {
    for format in formats() {
        round(causes(32), &format, Limits::default()).unwrap();
        let limits = Limits {
            causes: 31,
            ..Limits::default()
        };
        let error = round(causes(32), &format, limits).unwrap_err();
        assert_eq!(*error.flaw(), Flaw::LimitCauses { limit: 31 });
    }
}

#[test]
fn array_elements_and_stack_frames_are_counted_together() {
    let limits = Limits {
        elements: 10,
        ..Limits::default()
    };
    let mut response = causes(1);
    let exception = response.exception.as_mut().unwrap();
    exception.stack = vec![StackElement::default(); 5];
    exception.cause.as_mut().unwrap().stack = vec![StackElement::default(); 5];
    for format in formats() {
        let array = |count| DataArrayResponse {
            data: Some(vec![None; count]),
            ..DataArrayResponse::default()
        };
        round(array(10), &format, limits).unwrap();
        let error = round(array(11), &format, limits).unwrap_err();
        assert_eq!(*error.flaw(), Flaw::LimitElements { limit: 10 });
        round(response.clone(), &format, limits).unwrap();
        let mut more = response.clone();
        more.exception
            .as_mut()
            .unwrap()
            .stack
            .push(StackElement::default());
        let error = round(more, &format, limits).unwrap_err();
        assert_eq!(*error.flaw(), Flaw::LimitElements { limit: 10 });
    }
}

#[test]
fn a_string_above_the_limit_is_refused() {
    let limits = Limits {
        text: 20,
        ..Limits::default()
    };
    for format in formats() {
        round(ConnectionId::new("x".repeat(20)), &format, limits).unwrap();
        let error = round(ConnectionId::new("x".repeat(21)), &format, limits).unwrap_err();
        assert_eq!(*error.flaw(), Flaw::LimitText { limit: 20 });
        assert_eq!(error.field(), Some(("ConnectionId", "value")));
    }
}

#[test]
fn the_cache_cannot_be_made_to_keep_more_than_the_limit() {
    let limits = Limits {
        cache: 1000,
        ..Limits::default()
    };
    for format in formats() {
        let mut encoder = Encoder::new(&format);
        let mut decoder = Decoder::new(&format, limits);
        let mut send = |command: RemoveInfo| {
            let mut out = BytesMut::new();
            encoder.encode(&command.into(), &mut out).unwrap();
            decoder.decode(out.freeze().slice(4..))
        };
        for n in 0..9 {
            send(RemoveInfo::new(ConnectionId::new(format!("{n:0100}")))).unwrap();
        }
        // What is no id is not copied and keeps its frame alive, so all of that counts.
        let frame = RemoveInfo::new(finewire_openwire::command::Message::bytes(vec![0; 200]));
        let error = send(frame).unwrap_err();
        assert_eq!(*error.flaw(), Flaw::LimitCache { limit: 1000 });
    }
}

#[test]
fn an_index_that_is_overwritten_again_and_again_weighs_once() {
    let limits = Limits {
        cache: 1000,
        ..Limits::default()
    };
    let format = WireFormat {
        tight: false,
        ..WireFormat::default()
    };
    let mut decoder = Decoder::new(&format, limits);
    for n in 0..100 {
        let mut frame = BytesMut::new();
        frame.put_slice(&[12, 0, 0, 0, 1, 0]);
        // New, index 5, present, a connection id of 100 characters.
        frame.put_slice(&[1, 0, 5, 1, 120, 1, 0, 100]);
        frame.put_slice(format!("{n:0100}").as_bytes());
        frame.put_i64(0);
        decoder.decode(frame.freeze()).unwrap();
    }
}

#[test]
fn an_error_says_where_it_is() {
    let format = WireFormat {
        tight: false,
        cache: false,
        ..WireFormat::default()
    };
    // A dispatch without consumer and destination, whose message's destination is no queue.
    let frame = [21, 0, 0, 0, 1, 0, 0, 0, 1, 28, 0, 0, 0, 2, 0, 0, 1, 120];
    let error = Decoder::new(&format, Limits::default())
        .decode(Bytes::copy_from_slice(&frame))
        .unwrap_err();
    assert_eq!(
        error.to_string(),
        "data type 120 stands where ActiveMQDestination belongs at byte 18 in \
         MessageDispatch.message.destination"
    );
    assert_eq!(error.field(), Some(("ActiveMQTextMessage", "destination")));
}

#[test]
fn bytes_after_the_command_are_refused() {
    for format in formats() {
        let mut out = BytesMut::new();
        Encoder::new(&format)
            .encode(&Response::to(1).into(), &mut out)
            .unwrap();
        out.put_u8(0);
        let error = Decoder::new(&format, Limits::default())
            .decode(out.freeze().slice(4..))
            .unwrap_err();
        assert_eq!(*error.flaw(), Flaw::RemoteTrailing { left: 1 });
    }
}
