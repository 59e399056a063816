#!/bin/sh
# Reports as PDF need Debian's Pango and a font with Vietnamese letters: installs them when we may, says so when not.
# Without them everything else runs, and the page of a report says how to print it.
set -eu
if ldconfig -p 2>/dev/null | grep -q 'libpangoft2-1\.0\.so\.0'; then exit 0; fi
say() { echo "$(date +%H:%M:%S)  $*"; }
packages="libpango-1.0-0 libpangoft2-1.0-0 fonts-dejavu-core"
if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
    say "installing Pango for reports as PDF"
    export DEBIAN_FRONTEND=noninteractive
    # shellcheck disable=SC2086
    if apt-get update -q >/dev/null 2>&1 && apt-get install -y -q --no-install-recommends $packages >/dev/null 2>&1; then
        exit 0
    fi
fi
say "WARNING: no reports as PDF without Pango: sudo apt-get install $packages"
