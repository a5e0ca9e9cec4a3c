#!/bin/sh
# Installs what development, the tests and the demo need and this machine does not have yet: Debian packages (as root or
# through sudo) and the locked npm packages, with the Node runtime among them. Says what it does; silent and fast when
# nothing is missing. Without root it prints the command to run and stops. Nothing outside apt and node_modules changes.
#
#   --with-tests      also what npm test needs beyond the demo
#   --with-bench      also what npm run bench needs
#   --with-clang      also what npm run fuzz and npm run check:pam need
#   --with-packaging  also what npm run package and npm run test:package need
#   --with-containers also what npm run test:containers needs: podman, unless there is Docker
set -eu

root=$(CDPATH='' cd -- "$(dirname -- "$0")/.." && pwd)
cd "$root"

say() { printf 'bootstrap: %s\n' "$*"; }
# Each step says what it does, and that it still goes on.
# shellcheck disable=SC2034 # for the script that comes in here
PROGRESS_TIMES=$root/build/times
. packaging/progress.sh
fail() {
  printf 'bootstrap: %s\n' "$1" >&2
  shift
  for hint; do printf 'HINT: %s\n' "$hint" >&2; done
  exit 1
}

# Whether there should be a Docker-compatible engine already.
has_container_engine() {
  [ -n "${DOCKER_HOST-}" ] || [ -S /var/run/docker.sock ]
}

tests='libfaketime pgbouncer valgrind'
bench='libpq-dev'
clang='clang clang-tools libclang-rt-dev'
# Debian's own build tools are not among them: they are installed in a root folder that debootstrap makes.
packaging='debootstrap debian-archive-keyring zstd'
containers='podman crun iproute2'
also=
for option; do
  case $option in
    --with-tests) also="$also $tests" ;;
    --with-bench) also="$also $bench" ;;
    --with-clang) also="$also $clang" ;;
    --with-packaging) also="$also $packaging" ;;
    --with-containers) has_container_engine || also="$also $containers" ;;
    *)
      fail "unknown option $option; expected --with-tests, --with-bench, --with-clang, --with-packaging, --with-containers or nothing" 'See the top of packaging/bootstrap.sh.'
      ;;
  esac
done

# Prints the Debian packages that are missing, each after a space.
missing_packages() {
  wanted='gcc make libc6-dev libpam0g-dev libpam-modules libatomic1 openssl systemd util-linux'
  wanted="$wanted$also"
  # dpkg-query fails when it does not know one of the names; what it prints about the others counts.
  # shellcheck disable=SC2016,SC2086
  installed=$(dpkg-query -W -f '${Package}=${db:Status-Status}\n' $wanted 2>/dev/null) || :
  for package in $wanted; do
    case "
$installed
" in
      *"
$package=installed
"*) ;;
      *) printf ' %s' "$package" ;;
    esac
  done
  has_postgresql || printf ' postgresql'
}

# Any server from 14 on will do, whoever packaged it.
has_postgresql() {
  for server in /usr/lib/postgresql/*/bin/postgres; do
    version=${server#/usr/lib/postgresql/}
    version=${version%%/*}
    case $version in '' | *[!0-9]*) continue ;; esac
    if [ "$version" -ge 14 ] && [ -x "$server" ] && [ -x "${server%/*}/psql" ]; then return 0; fi
  done
  return 1
}

has_package_lists() {
  for list in /var/lib/apt/lists/*_Packages*; do
    [ ! -e "$list" ] || return 0
  done
  return 1
}

install_packages() {
  if [ "$(id -u)" -eq 0 ]; then
    as_root='env'
  elif command -v sudo >/dev/null && sudo -n true 2>/dev/null; then
    as_root='sudo -n env'
  else
    fail "these Debian packages are missing:$1" \
      "Run this as root, then try again: apt-get update && apt-get install --no-install-recommends -y$1"
  fi

  # shellcheck disable=SC2086
  apt_get() { $as_root DEBIAN_FRONTEND=noninteractive apt-get -qq -o Dpkg::Use-Pty=0 "$@" </dev/null; }
  # shellcheck disable=SC2086
  apt_install() { apt_get install --no-install-recommends -y $1 >/dev/null; }

  if has_package_lists && step "installing Debian packages:$1" apt_install "$1"; then return 0; fi
  step 'updating the package lists first' apt_get update
  step "installing Debian packages:$1" apt_install "$1"
}

if command -v dpkg-query >/dev/null; then
  packages=$(missing_packages)
  [ -z "$packages" ] || install_packages "$packages"
else
  has_postgresql || say 'this is no Debian: install PostgreSQL 14 or newer, gcc, make, the headers of libpam, libatomic,' \
    'openssl, PgBouncer and setpriv yourself' >&2
fi

# npm writes node_modules/.package-lock.json last, so that an interrupted installation counts as missing.
has_npm_packages() {
  # shellcheck disable=SC3013  # -nt: POSIX has it since 2024, dash since always
  [ -e node_modules/.package-lock.json ] && [ -x node_modules/.bin/node ] &&
    ! [ package-lock.json -nt node_modules/.package-lock.json ]
}

# Prints the locked Node runtime where npm has unpacked it.
find_runtime() {
  for runtime in node_modules/node-linux-*/bin/node; do
    [ ! -x "$runtime" ] || printf '%s\n' "$runtime"
  done
}

# No package of ours needs an install script, so none is run.
npm_ci() { NODE_NO_WARNINGS=1 npm ci --ignore-scripts --include=optional --loglevel=error --no-audit --no-fund "$@"; }

npm_runtime() { npm_ci --omit=dev >/dev/null; }

# npm leaves out optional packages, native parts of the tools among them, that do not support the node it runs on. So it runs
# on the locked runtime itself, which is fetched first where there is none yet.
install_npm_packages() {
  command -v npm >/dev/null || fail 'npm is missing' 'Install Node and npm, in whatever version your system carries.'
  if [ -z "$(find_runtime)" ]; then
    step 'installing the locked Node runtime' npm_runtime
    rm -f node_modules/.package-lock.json
  fi
  [ -n "$(find_runtime)" ] || fail "npm has no Node runtime for this machine ($(uname -sm))" \
    'Development needs Linux on x86_64 or aarch64 with glibc.'

  # Beside node_modules, which npm empties, and not in /tmp, which may forbid to run programs.
  aside=$(mktemp -d "$root/.bootstrap.XXXXXX")
  trap 'rm -rf "$aside"' EXIT
  trap 'exit 1' HUP INT TERM
  ln "$(find_runtime)" "$aside/node" 2>/dev/null || cp "$(find_runtime)" "$aside/node"
  PATH=$aside:$PATH
  step 'installing the locked npm packages' npm_ci --include=dev

  # Debian's npm 9 unpacks the runtime and leaves out its link.
  [ -x node_modules/.bin/node ] || ln -sf "../$(find_runtime | cut -d/ -f2-)" node_modules/.bin/node
}

if ! has_npm_packages; then
  # npm begins by emptying node_modules: of two at once neither would leave anything that works. The second waits, and has nothing
  # to do then. Locked is this file itself, so that none is left behind.
  exec 9<packaging/bootstrap.sh
  flock --nonblock 9 || step 'waiting for another one that installs npm packages' flock 9
  has_npm_packages || install_npm_packages
fi
