//! What anybody holds, whatever is under way.

use super::Day;

/// Bytes of any machine's debug text when nothing is under way.
const MOST_TEXT: usize = 400_000;

impl Day {
    /// What anybody holds stays within its bounds, whatever is under way.
    pub(super) fn check_bounds(&self) {
        let net = &self.site.net;
        for seat in self.site.connectors() {
            let machine = net.node(seat).machine();
            for size in machine.sizes() {
                assert!(size.is_bounded(), "the connector holds {size:?}");
            }
            for node in machine.links().1 {
                assert!(node.connections <= 8, "connections of the pool");
                assert!(node.requests <= 400, "{} requests", node.requests);
            }
            // One to the broker, and beside the pools and streams those that are being closed.
            let sockets = net.sockets(seat.number());
            assert!(sockets <= 60, "a connector holds {sockets} sockets");
        }
        for seat in &self.site.drivers {
            for size in net.node(*seat).machine().sizes() {
                assert!(size.is_bounded(), "a driver holds {size:?}");
            }
        }
        for seat in [Some(self.site.broker), self.site.second_broker] {
            let Some(seat) = seat else { continue };
            let snapshot = net.node(seat).machine().snapshot();
            assert!(
                snapshot.connections.len() <= 40,
                "connections of the broker"
            );
            assert!(snapshot.held_bytes <= 1 << 20, "bytes in queues");
            for connection in &snapshot.connections {
                assert!(
                    connection.backlog <= 1 << 20,
                    "bytes that wait for a reader"
                );
            }
        }
        if net.is_quiet() {
            for (name, size) in net.sizes_of_debug_texts() {
                assert!(size <= MOST_TEXT, "{name} holds {size} bytes of text");
            }
        }
    }
}
