//! From a socket's bytes to the machine's, through TLS where there is TLS.

use super::Host;
use crate::link::Phase;
use finewire_core::machine::{CloseReason, Input, Instant, LinkId, Machine};

/// The size of a TLS record's content (RFC 8446 §5.1): what one read of rustls can give.
const PLAIN_AT_ONCE: usize = 16 * 1024;

impl<M: Machine> Host<M> {
    /// Hands bytes to the machine, through TLS where there is TLS.
    pub(super) fn take_in(&mut self, now: Instant, link: LinkId, mut bytes: &[u8]) {
        loop {
            let Some(socket) = self.links.get_mut(&link) else {
                return;
            };
            if socket.phase != Phase::Open {
                return;
            }
            if socket.is_paused {
                socket.held.extend_from_slice(bytes);
                return;
            }
            let Some(session) = socket.tls.as_mut() else {
                if !bytes.is_empty() {
                    self.machine.handle_input(now, Input::Received(link, bytes));
                }
                return;
            };
            if let Some(identity) = session.newly_secured() {
                self.timers.clear(&link);
                self.machine
                    .handle_input(now, Input::Secured(link, identity));
                self.perform(now);
                self.write_on(now, link);
                continue;
            }
            if self.plain.is_empty() {
                self.plain.resize(PLAIN_AT_ONCE, 0);
            }
            let count = session.read(&mut self.plain);
            if let Some(plain) = self.plain.get(..count).filter(|plain| !plain.is_empty()) {
                self.machine.handle_input(now, Input::Received(link, plain));
                self.perform(now);
                continue;
            }
            if session.has_peer_ended() {
                self.end(now, link, CloseReason::Eof);
                return;
            }
            if bytes.is_empty() {
                return;
            }
            match session.take_in(&mut bytes) {
                Ok(()) => self.write_on(now, link),
                Err(fault) => {
                    self.take_rest(now, link);
                    self.end(now, link, CloseReason::Tls(fault));
                    return;
                }
            }
        }
    }

    /// Hands over what TLS had decrypted before it met a fault in the same bytes.
    fn take_rest(&mut self, now: Instant, link: LinkId) {
        let mut plain = core::mem::take(&mut self.plain);
        while let Some(socket) = self.links.get_mut(&link)
            && socket.phase == Phase::Open
            && let Some(session) = socket.tls.as_mut()
            && session.is_secured()
            && let count @ 1.. = session.read(&mut plain)
        {
            let bytes = plain.get(..count).unwrap_or_default();
            self.machine.handle_input(now, Input::Received(link, bytes));
            self.perform(now);
        }
        self.plain = plain;
    }
}
