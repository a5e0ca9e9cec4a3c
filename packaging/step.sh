#!/bin/sh
# Runs a command and says, on standard error, what it is, every ten seconds that it goes on, and how long it took the last time on this
# machine: step.sh [--own] WHAT COMMAND...
#
#   --own   the command shows on a terminal by itself that it goes on; then it is only said when it begins
set -eu

root=$(CDPATH='' cd -- "$(dirname -- "$0")/.." && pwd)
say() { printf '%s\n' "$*" >&2; }
# shellcheck disable=SC2034 # for the script that comes in here
PROGRESS_TIMES=${PROGRESS_TIMES-$root/build/times}
. "$root/packaging/progress.sh"

if [ "$1" = --own ]; then
  shift
  # Lines between those that a program moves the cursor over would be torn.
  [ ! -t 2 ] || PROGRESS_SECONDS=99999999
fi
step "$@"
