//! The vocabulary that every machine, transport and runtime of finewire shares.
//!
//! A [`Machine`] talks many byte streams and does no IO: it is told what happened
//! ([`Input`]) and says what to do next ([`Output`]). A [`Protocol`] has the same verbs on one
//! byte stream. A [`Link`] makes a protocol survive its sockets: it opens, fails over, backs off
//! and refuses commands while it is down. A [`Peer`] is a protocol on a stream that was accepted.
//!
//! ```text
//!              Input                            ProtocolInput
//!   runtime ----------> Machine --- Link<P> ------------------> Protocol
//!           <----------         <--          <------------------
//!              Output                           ProtocolOutput
//! ```
//!
//! # Rules
//!
//! The simulation tests check each of them:
//!
//! 1. Equal inputs give equal outputs: time is an argument, randomness a seed.
//! 2. `now` never decreases.
//! 3. Inputs may follow one another without draining the outputs in between.
//! 4. [`Output::Wait`] comes only when nothing is left to do.
//! 5. Its deadline lies after the `now` of the last input.
//! 6. A [`LinkId`] is never reused; late reports about an old one are ignored.
//! 7. Every opened or accepted link ends in one [`Input::Closed`], also after our own close.
//! 8. A `Send` carries everything pending for its link; the next waits for [`Input::Sent`].
//! 9. Every command ends in exactly one [`Output::Ended`]: done, refused or failed.
//! 10. No bytes from outside can make a machine panic, loop or grow without bound.
//!
//! Not here: any wire format, and what the connector or the driver decide.

mod backoff;
mod chunks;
mod ids;
mod link;
mod outbox;
mod outcome;
mod outputs;
mod peer;
mod protocol;
mod random;
mod size;
mod time;
mod timers;
mod trace;
mod transitions;
mod verbs;

pub use backoff::Backoff;
pub use chunks::Chunks;
pub use ids::{CommandId, LinkId, LinkSlot, ListenerId, TlsId};
pub use link::{Link, LinkConfig, LinkEvent, LinkState, Reopen};
pub use outbox::Outbox;
pub use outcome::{Outcome, Reason, Why};
pub use outputs::{Outputs, Sorted};
pub use peer::Peer;
pub use protocol::{Protocol, ProtocolInput, ProtocolOutput};
pub use random::Random;
pub use size::Size;
pub use time::{Instant, UnixMillis};
pub use timers::Timers;
pub use trace::{Party, TraceEvent};
pub use transitions::{Transition, TransitionTable};
pub use verbs::{
    Address, CloseReason, Closing, Endpoint, Fingerprint, Input, Machine, Output, PeerIdentity,
    TlsFault,
};
