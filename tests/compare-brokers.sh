#!/usr/bin/env bash
# Starts ActiveMQ and finewire's broker one after the other, puts the same load on both with
# `finewire bench openwire`, and prints what was found with its goal and whether it was met. Takes about
# four minutes once built, a minute more with the codec.
#
#   codec          nanoseconds a frame beside ActiveMQ's own (transports/openwire/benches/beside-activemq.sh)
#   pub-sub        one producer, one consumer, non-persistent topic, 200-byte bodies: messages/s received,
#                  and the broker's processor time a message, which other work on the machine spares
#   in a crowd     the same beside 5,000 idle connections and 10,000 destinations
#   request-reply  one asker, one answerer over a temporary queue: median, beside a raw TCP ping-pong
#                  through a relay process (as many hops, nothing done to the bytes)
#   memory         resident memory of the broker after both, the crowd apart
#   client         processor time a message of producer and consumer together, and messages/s: finewire's
#                  client and the Java client against the same ActiveMQ
#
# What is compared by time is measured in turn, $ROUNDS times (default 3), and the best of each side counts:
# other work on the machine only ever makes it worse.
#
# Needs cargo, jq, Java and ActiveMQ's jars (Debian: activemq, default-jdk-headless). SECONDS_EACH sets how
# long each load lasts (default 4), FINEWIRE the program, which is built where it is not given; WITHOUT_CODEC=1
# leaves the codec out. Ends with 1 if a goal was missed.
set -euo pipefail
export LC_ALL=C
cd "$(dirname "$0")/.."
target=${CARGO_TARGET_DIR:-target}
each=${SECONDS_EACH:-4}
rounds=${ROUNDS:-3}
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

load() { # WORK [OPTION...]
    local work=$1
    shift
    "$FINEWIRE" bench openwire --url "$url" --work "$work" --seconds "$each" --warm-up 2 --json "$@"
}

memory() { # in kB
    awk '/^VmRSS/ { print $2 }' "/proc/$broker/status"
}

# Processor time of the broker so far, in hundredths of a second.
ticks() {
    sed 's/.*) //' "/proc/$broker/stat" | awk '{ print $12 + $13 }'
}

compute() { # EXPRESSION
    awk "BEGIN { printf(\"%.2f\", ($1)) }"
}

# The best of a side goes into a variable: of rates the most, of times the least.
most() { # NAME VALUE
    [ -n "${!1:-}" ] && [ "$(compute "($2) > (${!1})")" = 0.00 ] || printf -v "$1" %s "$2"
}
least() { # NAME VALUE
    [ -n "${!1:-}" ] && [ "$(compute "($2) < (${!1})")" = 0.00 ] || printf -v "$1" %s "$2"
}

trouble() { # NAME JSON
    jq -r --arg name "$1" '.trouble[] | "\($name): \(.)"' <<<"$2" >&2
}

# Pub-sub on the broker at hand: rate and processor time a message go into NAME_rate, NAME_cost and, of the
# clients, NAME_cpu. The warm-up is in the ticks and not in the count: both are scaled to the whole run.
measure() { # NAME [OPTION...]
    local name=$1 result used rate
    shift
    used=$(ticks)
    result=$(load pub-sub "$@")
    used=$(($(ticks) - used))
    trouble "$name" "$result"
    rate=$(jq '.receivedPerSecond' <<<"$result")
    most "${name}_rate" "$rate"
    least "${name}_cost" "$(compute "$used * 1e4 / ($rate * ($each + 2))")"
    least "${name}_cpu" "$(jq '.cpuMicrosPerMessage' <<<"$result")"
}

for _ in $(seq "$rounds"); do
    start_activemq
    measure theirs
    java=$(java -cp "$class_path" tests/interop/Load.java "$url" 200 "$each" 2 2>/dev/null)
    most java_rate "$(jq '.receivedPerSecond' <<<"$java")"
    least java_cpu "$(jq '.cpuMicrosPerMessage' <<<"$java")"
    least theirs_reply "$(load request-reply | jq '.micros.p50')"
    most theirs_memory "$(memory)"
    exec 3>&-
    stop

    start_finewire
    measure ours
    least ours_reply "$(load request-reply | jq '.micros.p50')"
    least tcp "$("$FINEWIRE" bench tcp --seconds "$each" --json | jq '.micros.p50')"
    most ours_memory "$(memory)"
    measure crowd --crowd 5000 --crowd-destinations 10000
    stop
done

missed=0
show() { # NAME OURS PEER UNIT FIGURE [GOAL]
    local verdict=
    if [ -n "${6:-}" ]; then
        verdict=met
        [ "$(compute "($5) $6")" = 1.00 ] || { verdict=missed; missed=1; }
    fi
    printf '%-36s %12.2f %12.2f %-7s %8.2f   %-8s %s\n' "$1" "$2" "$3" "$4" "$5" "${6:-}" "$verdict"
}

printf '%-36s %12s %12s %-7s %8s   %s\n' '' finewire peer '' ratio goal
if [ -z "${WITHOUT_CODEC:-}" ]; then
    codec=$(transports/openwire/benches/beside-activemq.sh)
    while read -r what form ours _ theirs _ _ _ goal; do
        show "codec, $what, $form" "$ours" "$theirs" ns "$(compute "$theirs / $ours")" ">= $goal"
    done < <(sed -n 's/^\(encode\|decode\), \(tight\|loose\)\(, cache\)\? */\1 \2\3 /p' <<<"$codec" | sed 's/, cache/+cache/')
fi
show 'pub-sub, brokers' "$ours_rate" "$theirs_rate" msg/s "$(compute "$ours_rate / $theirs_rate")" '>= 8'
show 'pub-sub, broker processor time' "$ours_cost" "$theirs_cost" µs/msg "$(compute "$ours_cost / $theirs_cost")"
show 'the same in a crowd of 5,000, 10,000' "$crowd_rate" "$ours_rate" msg/s "$(compute "$crowd_rate / $ours_rate")" '>= 0.9'
show 'in the crowd, broker processor time' "$crowd_cost" "$ours_cost" µs/msg "$(compute "$crowd_cost / $ours_cost")"
show 'request-reply p50, brokers' "$ours_reply" "$theirs_reply" µs "$(compute "$ours_reply / $theirs_reply")"
show 'request-reply p50, raw TCP' "$ours_reply" "$tcp" µs "$(compute "$ours_reply / $tcp")" '<= 1.3'
show 'broker memory after the run' "$(compute "$ours_memory / 1024")" "$(compute "$theirs_memory / 1024")" MB \
    "$(compute "$ours_memory / 1024")" '< 16'
show 'client processor time, ActiveMQ' "$theirs_cpu" "$java_cpu" µs/msg "$(compute "$theirs_cpu / $java_cpu")" '<= 0.25'
show 'client pub-sub, ActiveMQ' "$theirs_rate" "$java_rate" msg/s "$(compute "$theirs_rate / $java_rate")" '>= 1'
exit $missed
