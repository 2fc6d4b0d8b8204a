#!/bin/sh
# Makes .venv hold exactly what a lock file names, and Engage itself, on a machine with nothing but Python 3.11+.
#
#   tools/bootstrap.sh [LOCK]        LOCK: requirements.lock (default), requirements-test.lock, requirements-dev.lock
#
# The environment is made by the first that works of: uv, Python's own ensurepip, the system's pip, and (as root on
# Debian or Ubuntu) ensurepip after installing python3-venv. Packages come by uv, which is several times faster, and by
# pip where uv is missing or cannot reach the registry. Safe to repeat: it does nothing while lock and Python are the same.
set -eu
cd "$(dirname "$0")/.."

lock=${1:-requirements.lock}
python=${PYTHON:-python3}
venv=.venv
stamp=$venv/.installed

say() { printf '%s\n' "bootstrap: $*" >&2; }
die() { say "$@"; exit 3; }

[ -f "$lock" ] || die "there is no lock file $lock"
command -v "$python" >/dev/null 2>&1 || die "there is no $python; install Python 3.11 or newer (Debian, Ubuntu: apt install python3)"
"$python" -c 'import sys; sys.exit(sys.version_info < (3, 11))' || die "$("$python" -V) is too old; Engage needs Python 3.11 or newer: make PYTHON=python3.12"

home="home $("$python" -c 'import sys; print(sys.version.split()[0])') $PWD"
mark="$lock $("$python" -c 'import hashlib, sys
print(hashlib.sha256(b"".join(open(name, "rb").read() for name in sys.argv[1:])).hexdigest())' "$lock" pyproject.toml)"

if [ -f "$stamp" ] && ! grep -qxF "$home" "$stamp"; then
    rm -rf "$venv"  # made by another Python, or moved here from elsewhere: its scripts would start the wrong one
fi
if grep -qxF "$mark" "$stamp" 2>/dev/null && "$venv/bin/python" -c '' 2>/dev/null; then
    exit 0
fi

# A mirror that pip knows by its environment is good enough for uv, which does not read pip's.
if [ -n "${PIP_INDEX_URL:-}" ] && [ -z "${UV_DEFAULT_INDEX:-}${UV_INDEX_URL:-}" ]; then
    export UV_DEFAULT_INDEX="$PIP_INDEX_URL"
fi
export PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_ROOT_USER_ACTION=ignore PIP_NO_INPUT=1 UV_NO_PROGRESS=1

has_pip() { "$venv/bin/python" -m pip --version >/dev/null 2>&1; }
has_ensurepip() { "$python" -c 'import ensurepip' 2>/dev/null; }
has_system_pip() { "$python" -m pip --python "$python" --version >/dev/null 2>&1; }

make_with_uv() {
    command -v uv >/dev/null 2>&1 && uv venv --quiet --python "$(command -v "$python")" --no-python-downloads "$venv"
}

make_with_ensurepip() {
    has_ensurepip && "$python" -m venv "$venv"
}

make_with_system_pip() {
    has_system_pip && "$python" -m venv --without-pip "$venv"
}

make_with_apt() {
    [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null 2>&1 || return 1
    package=$("$python" -c 'import sys; print("python%d.%d-venv" % sys.version_info[:2])')
    say "installing $package, which Debian keeps apart from Python"
    DEBIAN_FRONTEND=noninteractive
    export DEBIAN_FRONTEND
    apt-get update -qq >&2 && apt-get install -y -qq --no-install-recommends "$package" >&2 && make_with_ensurepip
}

make_environment() {
    say "making $venv with $("$python" -V)"
    for way in make_with_uv make_with_ensurepip make_with_system_pip make_with_apt; do
        if $way; then return 0; fi
        rm -rf "$venv"
    done
    die "Python's ensurepip is not there, and neither is uv. Install one of them and run this again:
           Debian, Ubuntu:  sudo apt install python3-venv
           anywhere:        uv (https://docs.astral.sh/uv/)"
}

find_uv() {
    if command -v uv >/dev/null 2>&1; then uv=uv; return 0; fi
    if [ -x "$venv/bin/uv" ]; then uv=$venv/bin/uv; return 0; fi
    run_pip install --quiet --require-hashes -r requirements-uv.lock 2>/dev/null && uv=$venv/bin/uv
}

run_pip() {
    if has_pip; then "$venv/bin/python" -m pip "$@"; else "$python" -m pip --python "$venv/bin/python" "$@"; fi
}

install_with_uv() {
    find_uv || return 1
    # Compiled now, as pip does: else each of the processes that are started next would compile everything for itself.
    "$uv" pip install --quiet --compile-bytecode --python "$venv/bin/python" --require-hashes -r "$lock" &&
        "$uv" pip install --quiet --python "$venv/bin/python" --no-deps --no-build-isolation -e .
}

install_with_pip() {
    has_pip || ! has_ensurepip || "$venv/bin/python" -m ensurepip >/dev/null || return 1
    run_pip install --quiet --require-hashes -r "$lock" && run_pip install --quiet --no-deps --no-build-isolation -e .
}

if ! "$venv/bin/python" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then
    rm -rf "$venv"
    make_environment
fi
say "installing what $lock names"
if ! install_with_uv; then
    say "uv did not do it, trying pip"
    install_with_pip || die "the packages could not be installed: is the package registry reachable? (a mirror: PIP_INDEX_URL=…)"
fi
# Engage's own modules too: where PYTHONDONTWRITEBYTECODE is set, as in many images, they would be compiled anew by every command.
"$venv/bin/python" -m compileall -q engage workers || say "Engage could not be compiled ahead: its commands start slower"
printf '%s\n' "$home" "$mark" >>"$stamp"
