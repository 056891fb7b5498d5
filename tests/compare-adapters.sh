#!/usr/bin/env bash
# Compares the four adapters in one run and prints one table; takes about two minutes once built.
#
# Each serves the same echo of OpenWire frames of 400 bytes, and beside it a bare loop over the sockets of the same
# runtime does, with one task (or thread) for each connection and no machine. Each server is a process of its own.
#
#   streamed     four links with 16 frames under way on each: messages/s; processor time and context switches of the
#                server for each message. Servers that are faster find fewer frames in each read: compare the time, too.
#   one by one   one link, one frame under way: median of the round trips, and the same
#   ratio        processor time, adapter to bare loop; the goal is at most 1.10
#                blocking misses it by design: a message passes two threads (reader, machine), for only the machine's may
#                decide, and none that decides may wait for a slow peer; the bare loop has one. What the system does
#                not take at once passes a third, the writer
#   many links   resident bytes of a link that nobody uses, and the time for one frame on each of them at once: 5,000
#                links, 64 for blocking, which is meant for tens
#   instructions in user space for each message, one by one, counted by callgrind (where valgrind is here)
#
# Servers take turns and the best turn counts, so that other work on the machine spoils little. ROUNDS (default 15),
# MESSAGES in each turn (default 20000) and MANY (default 5000) change how much is done.
set -euo pipefail
export LC_ALL=C
cd "$(dirname "$0")/.."

counting=()
if command -v valgrind >/dev/null; then
    counting=(--instructions)
else
    echo "no valgrind: instructions are left out" >&2
fi
cargo run -q --release -p finewire-compare -- \
    --rounds "${ROUNDS:-15}" --messages "${MESSAGES:-20000}" --many "${MANY:-5000}" "${counting[@]}"
