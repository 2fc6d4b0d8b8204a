#!/bin/sh
# Writes the lock files: one resolution for every Python from 3.11 and every platform, hashes and no address of any registry.
set -eu
cd "$(dirname "$0")/.."
uv=$(command -v uv || echo .venv/bin/uv)
[ -x "$uv" ] || command -v "$uv" >/dev/null 2>&1 || { echo "lock: uv is not there; install it (https://docs.astral.sh/uv/)" >&2; exit 3; }

compile() {  # compile OUTPUT SOURCE [OPTION...]
    output=$1 source=$2
    shift 2
    "$uv" pip compile "$source" --quiet --universal --python-version 3.11 --generate-hashes --no-header --no-annotate --output-file "$output" "$@"
}

compile requirements-dev.lock pyproject.toml --extra build --extra test --extra lint "$@"
# The smaller ones are parts of the largest, so that a package has one version in all of them.
compile requirements-test.lock pyproject.toml --extra build --extra test --constraint requirements-dev.lock
compile requirements.lock pyproject.toml --extra build --constraint requirements-dev.lock
echo uv | compile requirements-uv.lock - "$@"

if grep -lE '://' requirements*.lock; then
    echo "lock: the files above name an address; a lock holds names, versions and hashes only" >&2
    exit 1
fi
