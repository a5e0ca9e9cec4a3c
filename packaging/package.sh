#!/bin/sh
# Makes build/pgtoken_<version>_<architecture>.deb: npm run package [-- OPTION...]
#
#   --postgresql 18      instead of it, the OAuth validator for that PostgreSQL: postgresql-18-pgtoken, for this architecture
#   --arch amd64|arm64   for which architecture; default: that of this machine
#   --output FOLDER      where to, default build/
#   --version VERSION    another version than that of debian/changelog, for tests of upgrades
#   --fast               compress less, for tests
#   --no-lintian         leave out lintian, for tests
#   --buildinfo          also the .buildinfo, which names what Debian's tools it was built with
#
# With Debian's own tools, in a clean Debian 12 that exists for this alone, so that the module asks for no newer libc than
# that of Debian 12, and so that neither this host nor its configuration shows in the package; the validator in the Debian that
# carries its PostgreSQL. The checkout is copied first and stays as it is. Two runs give the same bytes. docs/develop/packaging.md
# says more.
set -eu

root=$(CDPATH='' cd -- "$(dirname -- "$0")/.." && pwd)
suite=bookworm

fail() {
  printf 'package: %s\n' "$1" >&2
  [ -z "${2-}" ] || printf 'HINT: %s\n' "$2" >&2
  exit "${3-1}"
}

say() { printf 'package: %s\n' "$*" >&2; }
# shellcheck disable=SC2034 # for the script that comes in here
PROGRESS_TIMES=$root/build/times
. "$root/packaging/progress.sh"

case $(uname -m) in
  x86_64) host=amd64 ;;
  aarch64) host=arm64 ;;
  *) fail "this machine is $(uname -m); expected x86_64 or aarch64" ;;
esac
arch=$host output=$root/build version='' postgresql='' compression=xz lintian=yes buildinfo=
while [ $# -gt 0 ]; do
  case $1 in
    --arch | --output | --postgresql | --version)
      [ $# -ge 2 ] || fail "$1 needs a value" 'See the head of packaging/package.sh.' 2
      case $1 in --arch) arch=$2 ;; --output) output=$2 ;; --postgresql) postgresql=$2 ;; --version) version=$2 ;; esac
      shift 2
      ;;
    --fast)
      compression=gzip
      shift
      ;;
    --no-lintian)
      lintian=
      shift
      ;;
    --buildinfo)
      buildinfo=yes
      shift
      ;;
    *) fail "unknown option $1" 'See the head of packaging/package.sh.' 2 ;;
  esac
done
case $version in
  [!0-9]* | *[!A-Za-z0-9.+~]*) fail "--version $version; expected one of Debian's, such as 1.2.3~rc1" '' 2 ;;
esac
case $arch in amd64 | arm64) ;; *) fail "there is no package for $arch; expected amd64 or arm64" '' 2 ;; esac
case $postgresql in
  '') ;;
  18) suite=forky ;;
  *) fail "there is no validator for PostgreSQL $postgresql; expected 18" 'Build it with make -C oauth PG_CONFIG=….' 2 ;;
esac
[ -z "$postgresql" ] || [ "$arch" = "$host" ] ||
  fail "the validator is not built for another architecture; expected $host" 'Run this on a machine of that architecture.' 2

case $output in /*) ;; *) output=$PWD/$output ;; esac

cd "$root"
packaging/bootstrap.sh --with-packaging

# A root folder, with devices in it, is made and entered by user root alone.
if [ "$(id -u)" -ne 0 ]; then
  if command -v sudo >/dev/null && sudo -n true 2>/dev/null; then
    # shellcheck disable=SC2046,SC2086 # each option is a word
    exec sudo -n ${DEBIAN_MIRROR:+DEBIAN_MIRROR="$DEBIAN_MIRROR"} "$root/packaging/package.sh" --output "$output" \
      --arch "$arch" ${version:+--version "$version"} ${postgresql:+--postgresql "$postgresql"} $([ "$compression" = xz ] || echo --fast) \
      $([ -n "$lintian" ] || echo --no-lintian) ${buildinfo:+--buildinfo}
  fi
  fail 'a package is built in a root folder of its own, which needs user root' \
    'Run npm run package as root, or let sudo run it without a password.'
fi

umask 022
scratch=$(mktemp -d "${TMPDIR:-/tmp}/pgtoken-package.XXXXXX")
trap 'rm -rf "$scratch"' EXIT
trap 'exit 1' HUP INT TERM

# The compilers for another architecture come with its libraries, in that root folder alone.
if [ "$arch" = "$host" ]; then
  foreign=
  set -- build-essential
else
  foreign=:$arch
  set -- build-essential "crossbuild-essential-$arch"
fi
if [ -n "$postgresql" ]; then
  set -- "$@" debhelper lintian libkrb5-dev "postgresql-server-dev-$postgresql"
else
  set -- "$@" debhelper lintian "libpam0g-dev$foreign" "libatomic1$foreign" "libstdc++6$foreign"
fi
packaging/root/make-root.sh "$suite" "$scratch/root" "$@"

tree=$scratch/root/build/pgtoken
mkdir -p "$tree"
if [ -n "$postgresql" ]; then
  cp -R oauth pam "$tree"
  rm -f "$tree"/oauth/*.o "$tree"/oauth/*.so
  cp -R packaging/debian-validator "$tree/debian"
  sed -i "s/@POSTGRESQL@/$postgresql/g" "$tree/debian/control"
  sed 's/^pgtoken (/pgtoken-validator (/' packaging/debian/changelog >"$tree/debian/changelog"
else
  cp -R bin docs packaging pam ./*.md LICENSE "$tree"
  mv "$tree/packaging/debian" "$tree/debian"
fi
rm -rf "$tree/pam/build"

if [ -n "$version" ]; then
  changelog=$(cat "$tree/debian/changelog")
  {
    printf '%s (%s) unstable; urgency=medium\n\n  * A build for tests.\n\n' "${changelog%% *}" "$version"
    printf '%s\n' "$changelog" | sed -n '/^ -- /{p;q;}'
    printf '\n%s\n' "$changelog"
  } >"$tree/debian/changelog"
fi
if [ -z "$postgresql" ]; then
  mkdir "$tree/prepared"
  step 'bundling the program and writing its pages' \
    node_modules/.bin/node packaging/prepare/prepare.ts "$tree/prepared" "$arch" "$tree/debian/changelog"
  mv "$tree/prepared/copyright" "$tree/debian/copyright"
fi

# Times and modes of the checkout are nothing that the package should show.
in_root() { packaging/root/in-root.sh "$scratch/root" "$@"; }
SOURCE_DATE_EPOCH=$(in_root dpkg-parsechangelog -l /build/pgtoken/debian/changelog -S Timestamp)
export SOURCE_DATE_EPOCH
find "$tree" -exec touch --no-dereference --date="@$SOURCE_DATE_EPOCH" {} +
chmod -R u=rwX,go=rX "$tree"

# shellcheck disable=SC2016 # for the shell in the root folder
step "compiling and packing, for $arch" in_root sh -euc '
cd /build/pgtoken
PGTOKEN_COMPRESSION=$2 dpkg-buildpackage --build=binary --no-sign --host-arch "$1" >../log 2>&1 || {
  tail -n 50 ../log >&2
  exit 1
}
' package "$arch" "$compression"
[ -z "$lintian" ] || step 'examining the package with lintian' \
  in_root sh -euc 'runuser -u nobody -- lintian --fail-on error,warning --tag-display-limit 0 /build/*.deb'

set -- "$scratch"/root/build/*.deb
file=$output/${1##*/}
mkdir -p "$output"
cp "$1" "$file.new"
mv "$file.new" "$file"
if [ -n "$buildinfo" ]; then
  # The date, and how many processors there were, are all that two builds do not have in common.
  sed -e '/^Build-Date:/d' -e '/^ DEB_BUILD_OPTIONS="parallel=[0-9]*"$/d' "$scratch"/root/build/*.buildinfo >"${file%.deb}.buildinfo"
  chown "$(stat -c %u:%g "$root")" "${file%.deb}.buildinfo"
fi
# Through sudo, the files are still for whom the checkout belongs to.
chown "$(stat -c %u:%g "$root")" "$output" "$file"
printf '%s: %d KiB, %d KiB installed\n' "$file" \
  "$(($(stat -c %s "$file") / 1024))" "$(dpkg-deb --field "$file" Installed-Size)"
