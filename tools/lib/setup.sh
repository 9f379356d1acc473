# shellcheck shell=bash disable=SC2034  # the lists of packages are for who sources this
# Set-up shared by tools/demo and tools/test; to be sourced. Every step looks first whether it is
# done, so that a second call goes straight to work.

repository=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)

# What the build looks for, by Debian 12's names; "a|b": either will do (they conflict).
build_packages=(
  cmake ninja-build g++
  "libboost-dev|libboost1.81-dev"
  "libboost-iostreams-dev|libboost-iostreams1.81-dev"
  libeigen3-dev nlohmann-json3-dev libcli11-dev libfmt-dev librandom123-dev zlib1g-dev
)
# Makes the charts of report.html live; without it the page is static.
build_packages+=(libjs-dygraphs)
# What the tests need beside these: a test framework, a JSON Schema validator that is not ours, and
# the shells whose completion is tested (bash is there).
test_packages=(catch2 python3-jsonschema zsh fish)
# What makes packages of a build: the man page, and what a .deb depends on.
packing_packages=(help2man dpkg-dev file gzip)

say() { printf '== %s\n' "$*"; }

die() {
  printf '%s: %s\n' "${0##*/}" "$*" >&2
  exit 1
}

is_installed() {
  [ "$(dpkg-query -W -f '${db:Status-Status}' "$1" 2>/dev/null)" = installed ]
}

# Prints those of the packages named that are not installed, one a line.
missing_packages() {
  local alternatives name
  for alternatives in "$@"; do
    for name in ${alternatives//|/ }; do
      is_installed "$name" && continue 2
    done
    echo "${alternatives%%|*}"
  done
}

# Runs a command as root; asks for a password only where somebody can answer.
as_root() {
  if [ "$(id -u)" -eq 0 ]; then
    "$@"
  elif ! command -v sudo >/dev/null; then
    die "not root and no sudo here; as root, run: $*"
  elif [ -t 0 ] && [ -z "${CI:-}" ]; then
    sudo "$@"
  else
    sudo -n "$@" || die "sudo needs a password or failed; as root, run: $*"
  fi
}

# install_packages PACKAGE...
install_packages() {
  if ! command -v dpkg-query >/dev/null || ! command -v apt-get >/dev/null; then
    say "not a Debian-like system: packages are left to you (needed: $*)"
    return
  fi
  local missing
  missing=$(missing_packages "$@" | xargs)
  if [ -z "$missing" ]; then
    say "packages: all installed"
    return
  fi
  say "packages: installing $missing"
  as_root apt-get update -q </dev/null
  # shellcheck disable=SC2086  # one word a package
  as_root env DEBIAN_FRONTEND=noninteractive \
    apt-get install -y -q --no-install-recommends $missing </dev/null
}

# Chromium and Node for the browser tests. A Node that did not come from Debian brings its own npm.
install_browser() {
  install_packages chromium
  command -v node >/dev/null || install_packages nodejs
  command -v npm >/dev/null || install_packages npm
}

# configure PRESET [-DNAME=VALUE...]
configure() {
  local preset=$1
  shift
  say "configuring build/$preset"
  mkdir -p "$repository/build"
  (cd "$repository" && cmake --preset "$preset" "$@") >"$repository/build/$preset.configure.log" 2>&1 ||
    { cat "$repository/build/$preset.configure.log" >&2; die "CMake did not configure"; }
}

# build PRESET [TARGET...]
build() {
  local preset=$1
  shift
  say "building build/$preset${*:+ ($*)}"
  (cd "$repository" && cmake --build --preset "$preset" ${1:+--target "$@"})
}
