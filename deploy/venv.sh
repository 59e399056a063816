#!/bin/sh
# Creates .venv and installs the locked packages into it: `sh deploy/venv.sh run` or `dev`.
# Does nothing, quickly, when all is in place; starts over when the folder was moved, since the
# programs in a virtual environment carry its absolute path.
set -eu

kind=$1
python=${PYTHON:-python3}
venv=.venv
if [ "$kind" = dev ]; then lock=requirements-dev.lock; else lock=requirements.lock; fi

say() { echo "$(date +%H:%M:%S)  $*"; }
fail() { say "ERROR: $*" >&2; exit 1; }
want() { { pwd -P; cat "$1" pyproject.toml; } | sha256sum; }
has() { [ -f "$venv/$1.installed" ] && [ "$(cat "$venv/$1.installed")" = "$(want "$2")" ]; }

# Everything to run the product is in the development lock too.
if has dev requirements-dev.lock; then exit 0; fi
if [ "$kind" = run ] && has run requirements.lock; then exit 0; fi

command -v "$python" >/dev/null || fail "there is no $python: apt-get install python3"
"$python" -c 'import sys; sys.exit(sys.version_info < (3, 11))' ||
    fail "$("$python" --version) is too old, 3.11 is needed; PYTHON=... names another one"

make_venv() { "$python" -m venv --clear "$venv" >"$log" 2>&1; }
log=$(mktemp)
trap 'rm -f "$log"' EXIT
if [ "$(cat "$venv/place" 2>/dev/null)" != "$(pwd -P)" ]; then
    say "creating $venv with $("$python" --version)"
    if ! make_venv; then
        if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
            say "installing python3-venv, which Debian ships apart"
            apt-get update -q >"$log" 2>&1 && apt-get install -y -q python3-venv >"$log" 2>&1 ||
                { cat "$log" >&2; fail "apt-get install python3-venv failed"; }
            make_venv || { cat "$log" >&2; fail "$python -m venv failed"; }
        else
            cat "$log" >&2
            fail "$python -m venv failed; on Debian: sudo apt-get install python3-venv"
        fi
    fi
    pwd -P >"$venv/place"
fi

say "installing $(grep -c '^[a-zA-Z0-9].*==' "$lock") Python packages of $lock"
"$venv/bin/python" -m pip install -q --disable-pip-version-check --require-hashes -r "$lock" ||
    fail "pip could not install $lock; trying again goes on from its cache"
"$venv/bin/python" -m pip install -q --disable-pip-version-check \
    --no-deps --no-build-isolation -e . || fail "pip could not install this project"
want "$lock" >"$venv/$kind.installed"
