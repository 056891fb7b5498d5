#!/usr/bin/env bash
# Times the codec beside ActiveMQ's own OpenWireFormat, in one run on the same frames, and prints the
# ratios: a dispatch of a 200-byte text message in version 12, tight and loose, with and without the
# cache. Takes about a minute once built.
#
# Needs cargo, a JDK from 17 on and Debian's libactivemq-java; where it runs as root on Debian it
# installs what is missing. ACTIVEMQ_LIB names another folder of ActiveMQ's jars.
set -euo pipefail
cd "$(dirname "$0")"
lib=${ACTIVEMQ_LIB:-/usr/share/activemq/lib}

missing=()
command -v javac >/dev/null || missing+=(default-jdk-headless)
[ -e "$lib/activemq-client.jar" ] || missing+=(activemq)
if [ ${#missing[@]} -gt 0 ]; then
    if [ "$(id -u)" != 0 ] || ! command -v apt-get >/dev/null; then
        echo "missing: ${missing[*]}" >&2
        exit 1
    fi
    DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "${missing[@]}" >/dev/null
fi

classes=$(mktemp -d)
trap 'rm -rf "$classes"' EXIT
javac -d "$classes" -cp "$lib/*" BesideActiveMq.java
ACTIVEMQ_CLASS_PATH="$classes:$lib/*" cargo bench -q -p finewire-openwire --bench beside_activemq "$@"
