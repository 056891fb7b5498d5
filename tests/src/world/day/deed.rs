//! What can be done on a day, and how four bytes say it.

use std::time::Duration;

/// Bytes of a [`Step`].
pub const DEED: usize = 4;

/// How many agents take part.
pub(super) const AGENTS: u32 = 5;

/// A deed with who does it, to what, and what time passes then.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Step {
    /// What.
    pub deed: Deed,
    /// Who: an agent from 1, or whatever the deed counts.
    pub who: u8,
    /// To what: a call, a number, a road.
    pub what: u8,
    /// How long nothing else happens.
    pub gap: Gap,
}

impl Step {
    /// Every four bytes are some step.
    pub fn from_bytes([deed, who, what, gap]: [u8; DEED]) -> Self {
        Self {
            deed: Deed::ALL[usize::from(deed) % Deed::ALL.len()],
            who,
            what,
            gap: Gap::from_byte(gap),
        }
    }

    /// The agent it is about.
    pub(super) fn agent(&self) -> u32 {
        1 + u32::from(self.who) % AGENTS
    }

    /// The driver that does it: the agent's own one, but now and then another.
    pub(super) fn driver(&self, drivers: usize) -> usize {
        let own = usize::try_from(self.agent()).unwrap_or(0);
        let stray = usize::from(self.who >= 240);
        (own + stray) % drivers
    }
}

/// What time passes after a deed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Gap {
    /// A span.
    Time(Duration),
    /// So many steps of the network, so that something can fall between any two of them.
    Steps(u32),
}

impl Gap {
    const TIMES: [u64; 10] = [0, 1, 5, 20, 100, 300, 800, 2000, 7000, 40_000];

    /// Below 128 a span of at most 40 s, then steps.
    pub fn from_byte(byte: u8) -> Self {
        match byte {
            0..128 => {
                let millis = Self::TIMES[usize::from(byte) % Self::TIMES.len()];
                Self::Time(Duration::from_millis(millis))
            }
            _ => Self::Steps(u32::from(byte) - 128),
        }
    }
}

macro_rules! deeds {
    ($($(#[$meta:meta])* $name:ident,)*) => {
        /// What can be done or happen.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
        pub enum Deed {
            $($(#[$meta])* $name,)*
        }

        impl Deed {
            /// Every deed; a byte stands for the one at its place.
            pub const ALL: &'static [Self] = &[$(Self::$name),*];
        }
    };
}

impl Deed {
    /// The byte that stands for it.
    pub fn byte(self) -> u8 {
        let place = Self::ALL.iter().position(|known| *known == self);
        u8::try_from(place.unwrap_or(0)).unwrap_or(0)
    }
}

// New ones go to the end: bytes that were kept mean what they meant.
deeds! {
    /// Nothing.
    Wait,
    /// The driver binds the agent.
    Connect,
    /// The driver binds the agent without a password.
    ConnectLater,
    /// The driver tries a wrong password.
    ConnectWrong,
    /// The agent signs in.
    Login,
    /// The agent signs in with a wrong password.
    LoginWrong,
    /// The agent signs in on a line that does not exist.
    LoginNowhere,
    /// The agent signs in from outside.
    MobileLogin,
    /// The driver forgets the agent.
    Forget,
    /// `MakeReady`.
    Ready,
    /// `MakeNotReady`.
    NotReady,
    /// `MakeNotReadyWithReason`.
    NotReadyWithReason,
    /// `MakeWorkReady`.
    WorkReady,
    /// `MakeWorkNotReady`.
    WorkNotReady,
    /// `Logout`.
    Logout,
    /// `LogoutWithReason`.
    LogoutWithReason,
    /// `ForceLogout`.
    ForceLogout,
    /// `AgentAbruptDisconnect`.
    AbruptDisconnect,
    /// `GetState`.
    GetState,
    /// `MakeCall`.
    MakeCall,
    /// `AnswerCall`.
    Answer,
    /// `HoldCall`.
    Hold,
    /// `RetrieveCall`.
    Retrieve,
    /// `ReleaseCall`.
    Release,
    /// `TransferSst`.
    TransferSst,
    /// `ConsultCall`.
    Consult,
    /// `TransferCall`.
    Transfer,
    /// `ConferenceCall`.
    Conference,
    /// `SendDtmf`.
    Dtmf,
    /// `UpdateCallData`.
    CallData,
    /// `UpdateWrapup`.
    WrapUp,
    /// `GetDialogState`.
    DialogState,
    /// `GetDialogControls`.
    DialogControls,
    /// `AcceptCall`.
    Accept,
    /// `RejectCall`.
    Reject,
    /// `CloseCall`.
    CloseCall,
    /// `StartRecording`.
    Record,
    /// One of the lists.
    List,
    /// The supervisor asks for the team, and follows it.
    FollowTeam,
    /// The supervisor makes a member ready or not, or signs it out.
    ChangeMember,
    /// `SilentMonitor`.
    Monitor,
    /// `EndSilentMonitor`.
    EndMonitor,
    /// `BargeIn`.
    BargeIn,
    /// `DropParticipant`.
    DropParty,
    /// A customer calls an agent, a line or a queue.
    CustomerCalls,
    /// A customer hangs up.
    CustomerLeaves,
    /// A campaign offers a customer.
    OfferPreview,
    /// A link is cut.
    Cut,
    /// A link is cut, and only its opener learns it.
    HalfOpen,
    /// A link is cut, and nobody learns it.
    Lose,
    /// A link stands still, until noon or for a while.
    Stall,
    /// Whatever stands still flows again.
    Flow,
    /// A port refuses, or answers nothing.
    Shut,
    /// All ports are open again.
    Admit,
    /// A node dies.
    NodeDies,
    /// Both nodes are there.
    NodesReturn,
    /// A node, or the whole of Finesse, serves nobody.
    OutOfService,
    /// Everything serves.
    InService,
    /// Finesse cuts the agent's notifications.
    DropXmpp,
    /// The broker dies; it or the spare one comes up.
    BrokerDies,
    /// A connector dies and is started again.
    ConnectorDies,
    /// A driver dies and is started again.
    DriverDies,
    /// Wall clocks jump.
    ClockJumps,
    /// Finesse begins to misbehave in another way.
    TurnKnobs,
    /// The network changes: calm, stormy, or byte by byte.
    WeatherChanges,
    /// Everything is mended, time passes, and all must agree.
    Noon,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_deed_has_its_byte() {
        for deed in Deed::ALL {
            assert_eq!(Step::from_bytes([deed.byte(), 0, 0, 0]).deed, *deed);
        }
    }
}
