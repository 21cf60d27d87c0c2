# What the make targets share; read with `source` by bash. Everything is said on stderr.
# shellcheck shell=bash

say() { echo "echoctl setup: $*" >&2; }
fail() { say "$*"; exit 1; }
is_debian() { command -v apt-get dpkg-query >/dev/null; }
is_root() { [ "$(id -u)" = 0 ]; }

apt_missing() {  # those of the packages that are not installed, one a line
    local package
    for package in "$@"; do
        dpkg-query -W -f '${Status}' "$package" 2>/dev/null | grep -q 'ok installed' || echo "$package"
    done
}

apt_install() {  # apt_install PACKAGE…: fails where that is not ours to do
    local missing
    is_debian || return 1
    missing=$(apt_missing "$@")
    [ -n "$missing" ] || return 0
    is_root || return 1
    say "installing with apt:" $missing
    # shellcheck disable=SC2086 - one word each
    _apt_get install $missing 2>/dev/null || { _apt_get update && _apt_get install $missing; }
}

_apt_get() {
    DEBIAN_FRONTEND=noninteractive apt-get -qq -o DPkg::Lock::Timeout=300 -o Dpkg::Use-Pty=0 \
        "$1" -y --no-install-recommends "${@:2}" </dev/null >&2
}

find_python() {  # a Python that echoctl can use, else nothing
    local name
    for name in "${PYTHON:-}" python3 python3.13 python3.12 python3.11; do
        [ -n "$name" ] || continue
        "$name" -c 'import sys, venv, ensurepip; sys.exit(sys.version_info < (3, 11))' 2>/dev/null || continue
        echo "$name"
        return
    done
}
