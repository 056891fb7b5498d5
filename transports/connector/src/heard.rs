//! Commands that come from the connector's owner instead of a broker.

use std::fmt;

use finewire_core::agent::Text;
use finewire_core::connector::{Delivery, DeliveryId, ReplyTo, Signal};
use finewire_core::contract::WireCommand;
use finewire_core::machine::{Outcome, Reason};

use crate::connector::Connector;

/// What a driver says, as the contract has it: `<verb>#<subject>` and the parameters as one text.
///
/// `Debug` leaves the body out: it may hold a password.
#[derive(Clone, PartialEq, Eq)]
pub struct Heard {
    /// `<verb>#<subject>`, such as `Login#1001001`.
    pub jms_type: Text,
    /// The parameters; `None` for a command without any.
    pub body: Option<Text>,
    /// Where the sender wants answers, besides the destination that its agents are bound to.
    pub reply_to: Option<ReplyTo>,
    /// Given back in [`Publish::correlation`](finewire_core::connector::Publish::correlation) of what answers it directly.
    pub correlation: Option<Text>,
}

impl From<&WireCommand> for Heard {
    fn from(command: &WireCommand) -> Self {
        Self {
            jms_type: command.jms_type.as_str().into(),
            body: command.body().map(Into::into),
            reply_to: None,
            correlation: None,
        }
    }
}

impl fmt::Debug for Heard {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Heard")
            .field("jms_type", &self.jms_type)
            .field("reply_to", &self.reply_to)
            .finish_non_exhaustive()
    }
}

impl Connector {
    /// Takes a command on, or says why not.
    pub(crate) fn hear(&mut self, heard: Heard) -> Outcome {
        if !self.is_owners {
            let why = "drivers are behind a broker here";
            return Outcome::refused(Reason::Local, why);
        }
        let id = DeliveryId(self.next_delivery);
        self.next_delivery += 1;
        self.signal(Signal::Received(Delivery {
            id,
            jms_type: Some(heard.jms_type),
            body: heard.body,
            reply_to: heard.reply_to,
            correlation: heard.correlation,
        }));
        if self.acknowledged == Some(id) {
            return Outcome::Done;
        }
        let why = "the connector takes on no commands until it is resumed";
        Outcome::refused(Reason::ShuttingDown, why)
    }
}
