#!/usr/bin/env bash
# Starts ActiveMQ and finewire's broker one after the other, puts the same load on both with
# `finewire bench openwire`, and prints rates and ratios; takes about two minutes once built.
#
#   pub-sub        one producer, one consumer, non-persistent topic, 200-byte bodies: messages/s received
#   request-reply  one asker, one answerer over a temporary queue: median, beside a raw TCP ping-pong
#                  through a relay process (as many hops, nothing done to the bytes)
#                  and the broker's processor time a message, which other work on the machine spares
#   memory         resident memory of the broker after both
#   client         processor time a message of producer and consumer together, and messages/s: finewire's
#                  client and the Java client against the same ActiveMQ
#
# Needs cargo, jq, Java and ActiveMQ's jars (Debian: activemq, default-jdk-headless). SECONDS_EACH sets how
# long each load lasts (default 8), FINEWIRE the program, which is built where it is not given.
set -euo pipefail
export LC_ALL=C
cd "$(dirname "$0")/.."
target=${CARGO_TARGET_DIR:-target}
each=${SECONDS_EACH:-8}
class_path='/usr/share/activemq/lib/*:/usr/share/java/slf4j-nop.jar'

for needed in jq java; do
    command -v "$needed" >/dev/null || { echo "$needed is needed" >&2; exit 1; }
done
[ -e /usr/share/activemq/lib/activemq-broker.jar ] || { echo "ActiveMQ's jars are needed" >&2; exit 1; }

if [ -z "${FINEWIRE:-}" ]; then
    cargo build -q --release -p finewire
    FINEWIRE=$target/release/finewire
fi

work=$(mktemp -d)
broker=
stop() {
    [ -z "$broker" ] || { kill "$broker" 2>/dev/null || true; wait "$broker" 2>/dev/null || true; }
    broker=
}
trap 'stop; exec 3>&- 2>/dev/null; rm -rf "$work"' EXIT

# Waits for a line in a file and prints it.
line() { # FILE PATTERN
    for _ in $(seq 600); do
        grep -m1 "$2" "$1" 2>/dev/null && return
        sleep 0.1
    done
    echo "no '$2' in $1" >&2
    return 1
}

start_activemq() {
    rm -f "$work/in"
    mkfifo "$work/in"
    java -Xmx512m -cp "$class_path" tests/interop/Broker.java 0 <"$work/in" >"$work/activemq" 2>/dev/null &
    broker=$!
    exec 3>"$work/in"
    url=tcp://127.0.0.1:$(line "$work/activemq" '^listening ' | cut -d' ' -f2)
}

start_finewire() {
    "$FINEWIRE" broker --port 0 >"$work/finewire" 2>/dev/null &
    broker=$!
    url=$(line "$work/finewire" '^broker ' | awk '{ print $2 }')
}

load() { # WORK
    "$FINEWIRE" bench openwire --url "$url" --work "$1" --seconds "$each" --warm-up 3 --json
}

memory() { # in MB
    awk '/^VmRSS/ { printf "%.1f", $2 / 1024 }' "/proc/$broker/status"
}

# Processor time of the broker so far, in hundredths of a second.
ticks() {
    sed 's/.*) //' "/proc/$broker/stat" | awk '{ print $12 + $13 }'
}

trouble() { # NAME JSON
    jq -r --arg name "$1" '.trouble[] | "\($name): \(.)"' <<<"$2" >&2
}

start_activemq
before=$(ticks)
theirs=$(load pub-sub)
theirs_ticks=$(($(ticks) - before))
trouble ActiveMQ "$theirs"
java=$(java -cp "$class_path" tests/interop/Load.java "$url" 200 "$each" 3 2>/dev/null)
theirs_reply=$(load request-reply)
theirs_memory=$(memory)
exec 3>&-
stop

start_finewire
before=$(ticks)
ours=$(load pub-sub)
ours_ticks=$(($(ticks) - before))
trouble finewire "$ours"
ours_reply=$(load request-reply)
ours_memory=$(memory)
stop

raw=$("$FINEWIRE" bench tcp --seconds "$each" --json)

show() { # NAME OURS THEIRS UNIT RATIO GOAL
    printf '%-34s %12s %12s %-6s %8s   %s\n' "$@"
}
ratio() { # A B
    awk -v a="$1" -v b="$2" 'BEGIN { printf "%.2f", a / b }'
}
rate=$(jq '.receivedPerSecond | round' <<<"$ours")
their_rate=$(jq '.receivedPerSecond | round' <<<"$theirs")
reply=$(jq '.micros.p50' <<<"$ours_reply")
their_reply=$(jq '.micros.p50' <<<"$theirs_reply")
tcp=$(jq '.micros.p50' <<<"$raw")
cpu=$(jq '.cpuMicrosPerMessage * 100 | round / 100' <<<"$theirs")
java_cpu=$(jq '.cpuMicrosPerMessage' <<<"$java")
java_rate=$(jq '.receivedPerSecond' <<<"$java")

show '' finewire peer '' ratio goal
show 'pub-sub, brokers' "$rate" "$their_rate" 'msg/s' "$(ratio "$rate" "$their_rate")" '>= 8'
# The warm-up is in the ticks and not in the count: both are scaled to the whole run.
each_message() { # TICKS JSON
    awk -v ticks="$1" -v rate="$(jq '.receivedPerSecond' <<<"$2")" -v seconds="$((each + 3))" \
        'BEGIN { printf "%.2f", ticks * 1e4 / (rate * seconds) }'
}
our_cost=$(each_message "$ours_ticks" "$ours")
their_cost=$(each_message "$theirs_ticks" "$theirs")
show 'pub-sub, broker processor time' "$our_cost" "$their_cost" µs/msg "$(ratio "$our_cost" "$their_cost")" ''
show 'request-reply p50, brokers' "$reply" "$their_reply" µs "$(ratio "$reply" "$their_reply")" ''
show 'request-reply p50, raw TCP' "$reply" "$tcp" µs "$(ratio "$reply" "$tcp")" '<= 1.3'
show 'broker memory after the run' "$ours_memory" "$theirs_memory" MB "$(ratio "$ours_memory" "$theirs_memory")" '< 16 MB'
show 'client processor time, ActiveMQ' "$cpu" "$java_cpu" µs/msg "$(ratio "$cpu" "$java_cpu")" '<= 0.25'
show 'client pub-sub, ActiveMQ' "$their_rate" "$java_rate" 'msg/s' "$(ratio "$their_rate" "$java_rate")" '>= 1'
