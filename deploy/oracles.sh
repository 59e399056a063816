#!/bin/sh
# Fetches Prometheus' promtool and Alertmanager, which tests ask what they would have done, from Debian's archive into
# .runtime/oracles. Nothing is installed on the machine and nothing is started. Where they can't be had, tests say what
# they skip and check the recorded answers alone.
set -eu

folder=.runtime/oracles
say() { echo "$(date +%H:%M:%S)  $*"; }
has() { command -v "$1" >/dev/null || [ -x "$folder/usr/bin/$1" ]; }

if has promtool && has prometheus-alertmanager; then exit 0; fi
if ! command -v apt-get >/dev/null || ! command -v dpkg-deb >/dev/null; then
    say "WARNING: no apt-get: tests that ask promtool and Alertmanager are skipped"
    exit 0
fi
say "fetching promtool and Alertmanager for tests"
archives=$(mktemp -d)
trap 'rm -rf "$archives"' EXIT
if ! (cd "$archives" && apt-get download -q prometheus prometheus-alertmanager >log 2>&1); then
    if [ "$(id -u)" = 0 ]; then apt-get update -q >"$archives/log" 2>&1 || true; fi
    (cd "$archives" && apt-get download -q prometheus prometheus-alertmanager >log 2>&1) || {
        tail -n 2 "$archives/log"
        say "WARNING: they can't be had: tests that ask promtool and Alertmanager are skipped"
        exit 0
    }
fi
mkdir -p "$folder"
for archive in "$archives"/*.deb; do dpkg-deb -x "$archive" "$folder"; done
# Alertmanager looks for its templates in a folder that is compiled in: let that be the folder that it is started in.
LC_ALL=C sed -i "s#/usr/share/prometheus/alertmanager#/proc/self/cwd/./././././././././.#g" \
    "$folder/usr/bin/prometheus-alertmanager"
