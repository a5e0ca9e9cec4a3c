#!/bin/sh
# Unpacks packages of another release of Debian into a folder, with all that they depend on: unpack-packages.sh SUITE FOLDER PACKAGE...
#
# Nothing is installed, and no right of root is needed: apt resolves, fetches and verifies them with lists of its own, as for a
# system that has no package. Their programs run by their own dynamic linker. Fails when the folder is there already.
#
# The mirror of Debian's archive is that of this machine's apt, unless DEBIAN_MIRROR names another one.
set -eu

here=$(CDPATH='' cd -- "$(dirname -- "$0")" && pwd)
suite=$1
folder=$2
shift 2
mirror=${DEBIAN_MIRROR:-$("$here/find-mirror.sh")}

scratch=$(mktemp -d "$folder.XXXXXX")
trap 'rm -rf "$scratch"' EXIT
trap 'exit 1' HUP INT TERM

mkdir -p "$scratch/state/lists/partial" "$scratch/cache/archives/partial" "$scratch/root"
: >"$scratch/status"
printf 'deb %s %s main\n' "$mirror" "$suite" >"$scratch/sources.list"

# The lists of a release to come expire within a week, and a mirror may be behind. Their signature counts all the same.
apt() {
  apt-get -q -o Dir::Etc::SourceList="$scratch/sources.list" -o Dir::Etc::SourceParts=/dev/null \
    -o Dir::State="$scratch/state" -o Dir::State::status="$scratch/status" -o Dir::Cache="$scratch/cache" \
    -o Acquire::Languages=none -o Acquire::Check-Valid-Until=false -o APT::Sandbox::User= -o Debug::NoLocking=true \
    "$@" >>"$scratch/log" 2>&1 || {
    tail -n 20 "$scratch/log" >&2
    echo "unpack-packages: no $* of $suite" >&2
    exit 1
  }
}
apt update
apt install -y --download-only --no-install-recommends "$@"
for package in "$scratch"/cache/archives/*.deb; do dpkg-deb --extract "$package" "$scratch/root"; done
mv -T "$scratch/root" "$folder"
