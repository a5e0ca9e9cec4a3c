#!/bin/sh
# Prints the folder of Prometheus and promtool as this release of Debian has them: get-prometheus.sh
#
# Nothing is installed: its package would start a server. It is kept in build/, as getting it takes half a minute.
set -eu

root=$(CDPATH='' cd -- "$(dirname -- "$0")/../.." && pwd)
kept=$root/build/prometheus
mkdir -p "$root/build"
exec 9>"$kept.lock"
flock 9

if [ ! -x "$kept/promtool" ]; then
  scratch=$(mktemp -d "$root/build/.prometheus.XXXXXX")
  trap 'rm -rf "$scratch"' EXIT
  trap 'exit 1' HUP INT TERM
  rm -rf "$kept"
  suite=$(. /etc/os-release && printf '%s' "$VERSION_CODENAME")
  "$root/packaging/root/unpack-packages.sh" "$suite" "$scratch/root" prometheus >&2
  mkdir "$scratch/made"
  cp "$scratch/root/usr/bin/prometheus" "$scratch/root/usr/bin/promtool" "$scratch/made"
  "$scratch/made/promtool" --version >/dev/null 2>&1
  mv -T "$scratch/made" "$kept"
fi
printf '%s\n' "$kept"
