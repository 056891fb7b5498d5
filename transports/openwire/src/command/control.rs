//! Control, response and error commands.

use bytes::Bytes;

use super::{
    Command, ConnectionId, Elements, ProducerId, Text, Throwable,
    declare::{command, data},
};

command! {
    /// A sign of life.
    KeepAliveInfo = 10 {}
}

command! {
    /// The sender is about to close.
    ShutdownInfo = 11 {}
}

command! {
    /// A text command. To be ignored: obeying it was CVE-2014-3576 and CVE-2015-7559.
    ControlCommand = 14 {
        /// The text.
        command: Option<Text> = text "command",
    }
}

command! {
    /// Answered when everything before it has been handled.
    FlushCommand = 15 {}
}

command! {
    /// Trouble that answers no command.
    ConnectionError = 16 {
        /// What happened.
        exception: Option<Box<Throwable>> = throwable "exception",
        /// Whose connection.
        connection_id: Option<ConnectionId> = object "connectionId",
    }
}

command! {
    /// Steers a connection: where else to go, whether to leave.
    ConnectionControl = 18 {
        /// Close the connection.
        close: bool = boolean "close",
        /// End the process; never obeyed.
        exit: bool = boolean "exit",
        /// Whether the sender fails over by itself.
        fault_tolerant: bool = boolean "faultTolerant",
        /// Go on sending.
        resume: bool = boolean "resume",
        /// Stop sending.
        suspend: bool = boolean "suspend",
        /// URIs of the cluster's brokers, separated by commas.
        connected_brokers: Option<Text> = text "connectedBrokers" since 6,
        /// A URI to go to.
        reconnect_to: Option<Text> = text "reconnectTo" since 6,
        /// Whether to choose anew among the connected brokers.
        rebalance_connection: bool = boolean "rebalanceConnection" since 6,
        /// Opaque.
        token: Option<Bytes> = sequence "token" since 8,
    }
}

command! {
    /// Gives a producer back some of its window.
    ProducerAck = 19 since 3 {
        /// The producer.
        producer_id: Option<ProducerId> = object "producerId",
        /// Bytes, by the broker's estimate.
        size: i32 = int "size",
    }
}

command! {
    /// A command took effect.
    Response = 30 {
        /// The command's id.
        correlation_id: i32 = int "correlationId",
    }
}

command! {
    /// A command failed.
    ExceptionResponse = 31 {
        /// The command's id.
        correlation_id: i32 = int "correlationId",
        /// What happened.
        exception: Option<Box<Throwable>> = throwable "exception",
    }
}

command! {
    /// An answer that is a structure.
    DataResponse = 32 {
        /// The command's id.
        correlation_id: i32 = int "correlationId",
        /// The structure.
        data: Option<Box<Command>> = object "data",
    }
}

command! {
    /// An answer that is a list of structures.
    DataArrayResponse = 33 {
        /// The command's id.
        correlation_id: i32 = int "correlationId",
        /// The structures.
        data: Elements<Command> = array "data",
    }
}

command! {
    /// An answer that is a number.
    IntegerResponse = 34 {
        /// The command's id.
        correlation_id: i32 = int "correlationId",
        /// The number; to a prepare 0 is ready and 3 read-only.
        result: i32 = int "result",
    }
}

impl Response {
    /// The command `correlation_id` took effect.
    #[must_use]
    pub const fn to(correlation_id: i32) -> Self {
        Self {
            command_id: 0,
            response_required: false,
            correlation_id,
        }
    }
}

impl ExceptionResponse {
    /// The command `correlation_id` failed.
    #[must_use]
    pub fn to(correlation_id: i32, exception: Throwable) -> Self {
        Self {
            correlation_id,
            exception: Some(Box::new(exception)),
            ..Self::default()
        }
    }
}

data! {
    /// A part of a larger command, for datagrams; not used on TCP.
    PartialCommand = 60 {
        /// The id of the whole command.
        command_id: i32 = int "commandId",
        /// The part.
        data: Option<Bytes> = sequence "data",
    }
}

data! {
    /// The last part of a larger command.
    LastPartialCommand = 61 {
        /// The id of the whole command.
        command_id: i32 = int "commandId",
        /// The part.
        data: Option<Bytes> = sequence "data",
    }
}

command! {
    /// Asks a datagram peer to send again.
    ReplayCommand = 65 {
        /// The first command that is missing.
        first_nak_number: i32 = int "firstNakNumber",
        /// The last one.
        last_nak_number: i32 = int "lastNakNumber",
    }
}
