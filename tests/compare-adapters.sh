#!/usr/bin/env bash
# Compares the four adapters in one run and prints one table; takes about three minutes once built.
#
# Each serves the same echo of OpenWire frames of 400 bytes, and beside it a bare loop over the sockets of the same
# runtime does, with one task (or thread) for each connection and no machine. Each server is a process of its own.
#
#   streamed     four links with 16 frames under way on each: messages/s; processor time (user and system) and context
#                switches of the server for each message
#   one by one   one link, one frame under way: median of the round trips, and the same
#   ratio        processor time, adapter to bare loop: the median over all rounds of two turns next to each other, and
#                between which values half of the rounds lie; the goal is at most 1.10
#   many links   resident bytes of a link that nobody uses, and the time for one frame on each of them at once: 5,000
#                links, 64 for blocking, which is meant for tens
#   instructions in user space for each message, one by one, counted by callgrind (where valgrind is here)
#
# Server and load share one core: on several, what a message costs hangs on where the system puts whom (waking a core
# that sleeps costs more than the message), which differs from turn to turn threefold. SPREAD=1 leaves them all cores.
# Servers take turns, bare loop and adapter next to each other and each first in half of the rounds. ROUNDS (default
# 15), MESSAGES in each turn (default 20000) and MANY (default 5000) change how much is done.
set -euo pipefail
export LC_ALL=C
cd "$(dirname "$0")/.."

counting=()
if command -v valgrind >/dev/null; then
    counting=(--instructions)
else
    echo "no valgrind: instructions are left out" >&2
fi
spread=()
if [ "${SPREAD:-}" = 1 ]; then
    spread=(--spread)
fi
cargo run -q --release -p finewire-compare -- \
    --rounds "${ROUNDS:-15}" --messages "${MESSAGES:-20000}" --many "${MANY:-5000}" "${counting[@]}" "${spread[@]}"
