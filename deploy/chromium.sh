#!/bin/sh
# Browser tests drive Debian's Chromium: installs it when we may, says what to do when not.
set -eu
command -v chromium >/dev/null && exit 0
if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
    echo "$(date +%H:%M:%S)  installing Chromium for the browser tests"
    log=$(mktemp)
    trap 'rm -f "$log"' EXIT
    export DEBIAN_FRONTEND=noninteractive
    apt-get update -q >"$log" 2>&1 &&
        apt-get install -y -q --no-install-recommends chromium fonts-dejavu-core >"$log" 2>&1 &&
        exit 0
    cat "$log" >&2
fi
echo "ERROR: the browser tests need Chromium: sudo apt-get install chromium" >&2
exit 1
