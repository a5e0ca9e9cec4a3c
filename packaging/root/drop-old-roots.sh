#!/bin/sh
# Keeps the cache of make-root.sh small: drop-old-roots.sh CACHE
#
# What is older than a week is not used again, and of the others those that were used last are kept: as many as all tests need,
# twice over. Each has a lock beside it, which whoever makes or unpacks it holds: that one stays.
set -eu

cache=$1
kept=26

roots() { find "$cache" -maxdepth 1 -name '*.tar.zst' "$@"; }
{
  roots -mmin +10080 -print
  roots -printf '%A@ %p\n' | sort --reverse --numeric-sort | tail -n "+$((kept + 1))" | cut -d ' ' -f 2-
} | while read -r root; do
  flock --nonblock "$root.lock" rm -f "$root" "$root.lock" || :
done
# What was not finished, by one that was killed.
find "$cache" -maxdepth 1 -name '.making.*' -mmin +1440 -exec rm -rf --one-file-system {} +
