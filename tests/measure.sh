#!/usr/bin/env bash
# Measures finewire on this machine and prints one table; takes less than five minutes once built.
#
#   codec, ways    time by criterion (median) and instructions by callgrind, per operation:
#                  encode and decode of a dispatch of a 200-byte text message (OpenWire 12), a
#                  driver's command on its way to Finesse, a notification on its way to a driver.
#                  A way is bytes in to bytes out of the connector machine, TLS and sockets apart.
#   start          from the start of `finewire demo` to the first agent's AgentInfo, median of
#                  $RUNS runs (default 7): broker, Finesse, connector, driver in one process
#   memory, size   peak resident memory of that process, bytes of the program
#
# Needs cargo and jq; valgrind is installed where this runs as root on Debian, without it the
# instructions are left out. `measure.sh quick` leaves the times by criterion out.
set -euo pipefail
export LC_ALL=C
cd "$(dirname "$0")/.."
target=${CARGO_TARGET_DIR:-target}
runs=${RUNS:-7}

need() { # COMMAND PACKAGE
    command -v "$1" >/dev/null && return
    if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
        DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "$2" >/dev/null
    fi
    command -v "$1" >/dev/null
}
need jq jq || { echo "jq is needed" >&2; exit 1; }

cargo build -q --release -p finewire
program=$target/release/finewire
counter=$(cargo bench -q -p finewire-tests --bench instructions --no-run --message-format json |
    jq -r 'select(.target.name == "instructions" and .executable != null).executable')

times() { # PACKAGE BENCH
    timeout 120 cargo bench -q -p "$1" --bench "$2" -- --noplot --quiet \
        --warm-up-time 0.5 --measurement-time 2 --sample-size 30 >/dev/null
}

# What criterion found, in nanoseconds.
median() { # GROUP OPERATION
    local file="$target/criterion/$1/$2/new/estimates.json"
    [ -e "$file" ] || { echo -; return; }
    jq '.median.point_estimate | round' "$file"
}

# What callgrind counted while the operation was under way, per operation.
instructions() { # OPERATION TIMES
    command -v valgrind >/dev/null || { echo -; return; }
    local log done
    log=$(mktemp)
    done=$(timeout 120 valgrind --tool=callgrind --callgrind-out-file=/dev/null \
        --collect-atstart=no --toggle-collect='*instructions*counted*' \
        "$counter" "$1" "$2" 2>"$log")
    awk -v times="$done" '/Collected/ { printf "%.0f\n", $NF / times }' "$log"
    rm -f "$log"
}

# From the start of the program to the line of the first AgentInfo, in tenths of a millisecond;
# the most memory it had until then and after, in kB.
start() {
    local begin=${EPOCHREALTIME/./} line at='' peak=0 now out pid
    exec {out}< <(exec "$program" demo 2>/dev/null)
    pid=$!
    while IFS= read -r line <&"$out"; do
        if [ -z "$at" ] && [[ $line == *"AgentInfo#"* ]]; then
            now=${EPOCHREALTIME/./}
            at=$(((now - begin) / 100))
        fi
        now=$(awk '/VmHWM/ { print $2 }' "/proc/$pid/status" 2>/dev/null) || true
        peak=${now:-$peak}
    done
    exec {out}<&-
    wait "$pid"
    [ -n "$at" ] && echo "$at $peak"
}

if [ "${1:-}" != quick ]; then
    times finewire-openwire codec
    times finewire-tests ways
fi
need valgrind valgrind || echo "no valgrind: instructions are left out" >&2

printf '%-36s %10s %14s\n' operation ns instructions
for format in "tight, cache" "tight" "loose, cache" "loose"; do
    for what in encode decode "decode and read"; do
        name="$what, $format"
        printf '%-36s %10s %14s\n' "$name" "$(median dispatch "$name")" "$(instructions "$name" 1000)"
    done
done
for name in "command to REST" "notification to event"; do
    printf '%-36s %10s %14s\n' "$name" "$(median way "$name")" "$(instructions "$name" 200)"
done

starts=()
for _ in $(seq "$runs"); do
    starts+=("$(start)")
done
middle() { printf '%s\n' "${starts[@]}" | cut -d' ' -f"$1" | sort -n | sed -n "$(((runs + 1) / 2))p"; }
printf '\n%-36s %10s ms\n' "start to first login (median of $runs)" "$(middle 1 | sed 's/.$/.&/')"
printf '%-36s %10s kB\n' "peak memory of the demo" "$(middle 2)"
printf '%-36s %10s kB\n' "size of the program" "$(($(stat -c %s "$program") / 1024))"
