//! What stands for a TLS session where TLS is not built in: nothing can make one.

use finewire_core::machine::{Chunks, PeerIdentity, TlsFault};

#[derive(Debug)]
pub(crate) enum Session {}

impl Session {
    pub(crate) fn take_in(&mut self, _bytes: &mut &[u8]) -> Result<(), TlsFault> {
        match *self {}
    }

    pub(crate) fn read(&mut self, _plain: &mut [u8]) -> usize {
        match *self {}
    }

    pub(crate) fn encrypt(&mut self, _plain: &[u8]) {
        match *self {}
    }

    pub(crate) fn take_out(&mut self, _raw: &mut Chunks) {
        match *self {}
    }

    pub(crate) fn end(&mut self) {
        match *self {}
    }

    pub(crate) fn is_secured(&self) -> bool {
        match *self {}
    }

    pub(crate) fn newly_secured(&mut self) -> Option<PeerIdentity> {
        match *self {}
    }

    pub(crate) fn has_peer_ended(&self) -> bool {
        match *self {}
    }
}
