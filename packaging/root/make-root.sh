#!/bin/sh
# Unpacks a clean Debian into a folder, as user root: make-root.sh SUITE FOLDER [PACKAGE...]
#
# A package may be written NAME:ARCHITECTURE; the architecture is then known in that root folder, and nowhere else. What
# was made once is kept for a week in ~/.cache/pgtoken-packaging, by its suite and packages, as making it takes a minute; of
# all that was made, those that were used last.
# The host gets no package, no foreign architecture and no mount from this.
#
# The mirror of Debian's archive is that of this machine's apt, unless DEBIAN_MIRROR names another one.
set -eu

here=$(CDPATH='' cd -- "$(dirname -- "$0")" && pwd)
suite=$1
folder=$2
shift 2
mirror=${DEBIAN_MIRROR:-$("$here/find-mirror.sh")}
cache=${XDG_CACHE_HOME:-$HOME/.cache}/pgtoken-packaging

say() { printf 'make-root: %s\n' "$*" >&2; }
# shellcheck disable=SC2034 # for the script that comes in here
PROGRESS_TIMES=$cache/times
# shellcheck source=packaging/progress.sh
. "$here/../progress.sh"

umask 022
mkdir -p "$cache"
# Whoever may write here decides what is built and tested.
if [ "$(stat -c %u "$cache")" != "$(id -u)" ] || [ -n "$(find "$cache" -maxdepth 0 -perm /022)" ]; then
  echo "make-root: $cache may be written by others" >&2
  exit 1
fi

# name_of PACKAGE...: the file in the cache for a root with these packages
name_of() {
  printf '%s/%s-%s.tar.zst' "$cache" "$suite" \
    "$(printf '%s\n' "$mirror" "$@" | cat - "$0" "$here/in-root.sh" | sha256sum | cut -c 1-16)"
}

# has FILE: whether it is there, and young enough for the archive to still have what its lists name
has() { [ -n "$(find "$1" -mmin -10080 2>/dev/null)" ]; }

# make_base ROOT
make_base() {
  # A release that is newer than the host's debootstrap is made as the newest one that it knows.
  script=/usr/share/debootstrap/scripts/$suite
  [ -e "$script" ] || script=/usr/share/debootstrap/scripts/sid
  # In namespaces of its own, so that its mounts end with it whatever happens.
  unshare --mount --pid --fork --kill-child -- debootstrap --variant=minbase "$suite" "$1" "$mirror" "$script" &&
    rm -rf "$1"/var/cache/apt/archives/*.deb "$1"/var/log/bootstrap.log &&
    # It is thrown away after use, and need not survive a loss of power.
    echo force-unsafe-io >"$1/etc/dpkg/dpkg.cfg.d/force-unsafe-io" &&
    # The lists of a release to come expire within a week, and a mirror may be behind. Their signature counts all the same.
    echo 'Acquire::Check-Valid-Until "false";' >"$1/etc/apt/apt.conf.d/90stale-mirror"
}

# install ROOT PACKAGE...
install() {
  root=$1
  shift
  for package; do
    case $package in
      *:*) "$here/in-root.sh" "$root" dpkg --add-architecture "${package##*:}" || return ;;
    esac
  done
  "$here/in-root.sh" "$root" apt-get -q update &&
    "$here/in-root.sh" "$root" apt-get -q install -y --no-install-recommends "$@" &&
    "$here/in-root.sh" "$root" apt-get clean
}

# pack ROOT FILE
pack() {
  tar --create --numeric-owner --xattrs --one-file-system --directory "$1" . >"$2.tar" && zstd -q -1 -T0 -f "$2.tar" -o "$2"
}

# logged COMMAND...: keeps what it says for when it fails
logged() { "$@" >>"$scratch/log" 2>&1; }

# make FILE FOLDER PACKAGE...: makes a root and puts it into the cache, as a whole or not at all; then it is also that folder
make() {
  file=$1
  made=$2
  shift 2
  scratch=$(mktemp -d "$cache/.making.XXXXXX")
  trap 'rm -rf "$scratch"' EXIT
  trap 'exit 1' HUP INT TERM
  : >"$scratch/log"
  if [ $# -eq 0 ]; then
    step "making a root folder of $suite" logged make_base "$scratch/root"
  else
    "$0" "$suite" "$scratch/root" &&
      step "installing into it: $*" logged install "$scratch/root" "$@"
  fi || {
    tail -n 30 "$scratch/log" >&2
    exit 1
  }
  step 'keeping it for the next time' pack "$scratch/root" "$scratch/packed"
  mv "$scratch/packed" "$file"
  # What was just packed need not be unpacked.
  [ -e "$made" ] || mv "$scratch/root" "$made"
}

file=$(name_of "$@")
# One at a time for each root; whoever waited finds it made. Nobody drops what is being unpacked.
exec 9>"$file.lock"
flock --shared 9
if ! has "$file"; then
  flock 9
  if ! has "$file"; then
    is_new=$([ -e "$folder" ] || echo yes)
    mkdir -p "$(dirname -- "$folder")"
    (make "$file" "$folder" "$@")
    "$here/drop-old-roots.sh" "$cache"
    [ -z "$is_new" ] || exit 0
  fi
  flock --shared 9
fi
touch -a "$file"
mkdir -p "$folder"
unpack() { zstd -q -d -c "$file" | tar --extract --numeric-owner --xattrs --same-permissions --directory "$folder"; }
step "unpacking a root folder of $suite" unpack
