#!/bin/sh
# Browser tests drive Debian's Chromium, most of them its shell without windows: installs both when we may, says what to do
# when not. Without the shell they take all of Chromium, and longer.
set -eu
command -v chromium >/dev/null && command -v chromium-headless-shell >/dev/null && exit 0
if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
    echo "$(date +%H:%M:%S)  installing Chromium for the browser tests"
    log=$(mktemp)
    trap 'rm -f "$log"' EXIT
    export DEBIAN_FRONTEND=noninteractive
    apt-get update -q >"$log" 2>&1 &&
        apt-get install -y -q --no-install-recommends chromium chromium-headless-shell fonts-dejavu-core >"$log" 2>&1 &&
        exit 0
    cat "$log" >&2
fi
command -v chromium >/dev/null && exit 0
echo "ERROR: the browser tests need Chromium: sudo apt-get install chromium chromium-headless-shell" >&2
exit 1
