#!/usr/bin/env bash
# Runs every test of finewire: what CI runs, on a fresh machine with Rust.
#
# Real peers (ActiveMQ, Prosody, ejabberd, Python's websockets) come from Debian and are installed
# here when this runs as root on Debian; elsewhere the tests that need them print that they were
# skipped (with CI=true: fail).
set -euo pipefail
cd "$(dirname "$0")/.."

# Property tests draw from this seed: the same commit has the same result. Another one explores.
export PROPTEST_RNG_SEED=${PROPTEST_RNG_SEED:-4711}

timings=()
stage() {
    local name=$1 begin=$SECONDS
    shift
    printf '\n== %s\n' "$name"
    "$@"
    timings+=("$(printf '%5d s  %s' $((SECONDS - begin)) "$name")")
}

peers() {
    local missing=()
    [ -e /usr/share/activemq/lib/activemq-broker.jar ] || missing+=(activemq)
    [ -e /usr/share/java/slf4j-nop.jar ] || missing+=(libslf4j-java)
    [ -e /usr/bin/prosody ] || missing+=(prosody)
    [ -e /usr/sbin/ejabberdctl ] || missing+=(ejabberd)
    python3 -c 'import websockets' 2>/dev/null || /usr/bin/python3 -c 'import websockets' 2>/dev/null ||
        missing+=(python3-websockets)
    command -v openssl >/dev/null || missing+=(openssl)
    command -v chromium >/dev/null || missing+=(chromium)
    command -v node >/dev/null || missing+=(nodejs)
    command -v npm >/dev/null || missing+=(npm)
    command -v java >/dev/null && command -v javac >/dev/null || missing+=(default-jdk-headless)
    if [ ${#missing[@]} -eq 0 ]; then
        echo "all peers are here"
        return
    fi
    if [ "$(id -u)" != 0 ] || ! command -v apt-get >/dev/null; then
        echo "skipped: cannot install ${missing[*]} (not root, or not Debian)"
        [ "${CI:-}" != true ]
        return
    fi
    # Services that the packages would start are not wanted: the tests start their own.
    local policy=/usr/sbin/policy-rc.d made=
    if [ ! -e $policy ]; then
        printf '#!/bin/sh\nexit 101\n' >$policy && chmod +x $policy && made=1
    fi
    apt-get update -qq
    DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends \
        "${missing[@]}" >/dev/null
    [ -z "$made" ] || rm -f $policy
}

doc() { RUSTDOCFLAGS="-D warnings" cargo doc --workspace --no-deps --document-private-items -q; }
fuzz_builds() { cargo check -q --manifest-path fuzz/Cargo.toml; }
fuzz_lint() { cargo fmt --manifest-path fuzz/Cargo.toml --check; }

# Licences, sources, banned crates and copies, by the tool that deny.toml is written for. A test reads the same rules
# where it is not here and cannot be had.
dependencies() {
    if ! command -v cargo-deny >/dev/null && [ "${CI:-}" = true ]; then
        # It runs for a second: what it takes to build it fast matters more than how fast it is.
        CARGO_PROFILE_RELEASE_OPT_LEVEL=1 CARGO_PROFILE_RELEASE_LTO=off cargo install -q --locked cargo-deny@0.20.2
    fi
    if ! command -v cargo-deny >/dev/null; then
        echo "skipped: no cargo-deny here (the tests keep its rules)"
        return
    fi
    cargo deny --log-level error check bans licenses sources
}

# The monitor's page in a real Chromium, against a fake server and against the program.
browser() {
    if ! command -v chromium >/dev/null || ! command -v npm >/dev/null; then
        echo "skipped: no Chromium or no npm here"
        [ "${CI:-}" != true ]
        return
    fi
    cargo build -q -p finewire
    local target=${CARGO_TARGET_DIR:-$PWD/target}
    (cd tests/browser && npm ci --silent && FINEWIRE=$target/debug/finewire node --test --test-concurrency=1)
}

stage "peers" peers
stage "format" cargo fmt --all --check
stage "fuzz format" fuzz_lint
stage "clippy" cargo clippy --workspace --all-targets -q -- -D warnings
stage "dependencies" dependencies
stage "documentation" doc
stage "build of the tests" cargo test --workspace --all-targets --no-run -q
stage "tests" cargo test --workspace --lib --bins --tests -q
stage "browser" browser
stage "benches run" cargo test --workspace --benches -q
stage "examples in the documentation" cargo test --workspace --doc -q
stage "fuzz targets build" fuzz_builds

printf '\n== time of each stage\n'
printf '%s\n' "${timings[@]}"
