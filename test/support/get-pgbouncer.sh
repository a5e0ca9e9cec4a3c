#!/bin/sh
# Prints the folder of a PgBouncer that is new enough for pgtoken pooler: get-pgbouncer.sh [SUITE]
#
# FOLDER/pgbouncer runs that of this machine, where it is new enough; else that of forky, with the libraries that it needs beside it, from
# wherever the folder is copied to. With SUITE it is the one of that release, whatever this machine has, and FOLDER/version has its
# version as dpkg knows it. It is kept in build/ for a week, as getting it takes half a minute.
set -eu

root=$(CDPATH='' cd -- "$(dirname -- "$0")/../.." && pwd)
least=1.25.2
suite=${1-}
kept=$root/build/pgbouncer${suite:+-$suite}
mkdir -p "$root/build"
exec 9>"$kept.lock"
flock 9

if [ -z "$(find "$kept/pgbouncer" -mmin -10080 2>/dev/null)" ]; then
  scratch=$(mktemp -d "$root/build/.pgbouncer.XXXXXX")
  trap 'rm -rf "$scratch"' EXIT
  trap 'exit 1' HUP INT TERM
  rm -rf "$kept"
  mkdir "$scratch/made"
  version=$(pgbouncer --version 2>/dev/null | sed -n '1s/^PgBouncer //p')
  if [ -z "$suite" ] && [ -n "$version" ] && [ "$(printf '%s\n' "$least" "$version" | sort -V | sed q)" = "$least" ]; then
    printf '#!/bin/sh\nexec %s "$@"\n' "$(command -v pgbouncer)" >"$scratch/made/pgbouncer"
    chmod 755 "$scratch/made" "$scratch/made/pgbouncer"
    mv -T "$scratch/made" "$kept"
    printf '%s\n' "$kept"
    exit
  fi
  "$root/packaging/root/unpack-packages.sh" "${suite:-forky}" "$scratch/root" pgbouncer >&2
  mkdir "$scratch/made/lib"
  for loader in "$scratch"/root/usr/lib*/ld-linux-*.so.* "$scratch"/root/usr/lib/*-linux-gnu/ld-linux-*.so.*; do
    [ ! -e "$loader" ] || break
  done
  libraries=$(find "$scratch/root/usr/lib" -maxdepth 1 -type d -name '*-linux-gnu')
  cp -L "$loader" "$scratch/made/lib/ld.so"
  cp "$scratch/root/usr/sbin/pgbouncer" "$scratch/made/lib/pgbouncer"
  "$scratch/made/lib/ld.so" --library-path "$libraries" --list "$scratch/made/lib/pgbouncer" |
    sed -n 's/^.* => \(\/[^ ]*\) .*$/\1/p' | grep -v '/ld\.so$' |
    while read -r library; do cp -L "$library" "$scratch/made/lib"; done
  cat >"$scratch/made/pgbouncer" <<'SCRIPT'
#!/bin/sh
here=${0%/*}/lib
exec "$here/ld.so" --library-path "$here" "$here/pgbouncer" "$@"
SCRIPT
  zcat "$scratch/root/usr/share/doc/pgbouncer/changelog.Debian.gz" | sed -n '1s/^pgbouncer (\([^)]*\)).*/\1/p' >"$scratch/made/version"
  chmod -R u=rwX,go=rX "$scratch/made"
  chmod 755 "$scratch/made/pgbouncer" "$scratch/made/lib/ld.so"
  "$scratch/made/pgbouncer" --version >/dev/null
  mv -T "$scratch/made" "$kept"
fi
printf '%s\n' "$kept"
