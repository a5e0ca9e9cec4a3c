#!/bin/sh
# Makes ROOT/compile-cache for an installation at ROOT: the code of `pgtoken pam`, `serve`, `pgpass` and `pooler` as V8
# compiles it, so that a login with mode=exec does not compile it again, nor does the first one after a start. It fits the runtime and
# the bundle it was made with and nothing else; Node passes over what does not fit. What is in it is run as code: it must be writable by nobody but root, as the bundle itself.
set -eu

[ $# -eq 1 ] && [ -d "$1" ] || {
  echo 'usage: make-compile-cache.sh ROOT' >&2
  exit 2
}
root=$(cd "$1" && pwd)
umask 022
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
trap 'exit 1' HUP INT TERM
rm -rf "$root/compile-cache"
mkdir "$root/compile-cache"

# A key of nobody's (the example of RFC 7517 appendix A.1), and a token that it does not verify: every step is taken but the
# last one.
cat >"$scratch/issuers.yaml" <<'YAML'
apiVersion: pgtoken/v1
issuers:
- name: warm-up
  issuer:
    url: https://issuer.example
    audiences: [postgres]
  keys:
    jwksFile: jwks.json
  roles:
  - claim: sub
    trimPrefix: "system:serviceaccount:"
YAML
cat >"$scratch/jwks.json" <<'JSON'
{"keys":[{"kty":"EC","crv":"P-256","alg":"ES256","use":"sig","kid":"1",
"x":"MKBCTNIcKUSDii11ySs3526iDZ8AiTo7Tu6KPAqv7D4","y":"4Etl6SRW2YiLUrN5vfvVHuhp7x8PxltmWWlbbM4IFyM"}]}
JSON
chmod 644 "$scratch/issuers.yaml" "$scratch/jwks.json"
encode() { printf %s "$1" | base64 -w0 | tr '+/' '-_' | tr -d '='; }
signature=$(head -c 64 /dev/zero | tr '\0' 'A' | base64 -w0 | tr '+/' '-_' | tr -d '=')
token=$(encode '{"alg":"ES256","kid":"1"}').$(encode '{"iss":"https://issuer.example"}').$signature

decide() {
  status=0
  said=$(printf %s "$token" | HOME=$scratch PAM_TYPE=auth PAM_SERVICE=x PAM_USER=x \
    NODE_COMPILE_CACHE="$root/compile-cache" NODE_COMPILE_CACHE_PORTABLE=1 \
    "$root/bin/pgtoken" pam --config "$scratch/issuers.yaml" 2>&1) || status=$?
  case $status-$said in
    1-*ERR_SIGNATURE_INVALID*) ;;
    *)
      echo "make-compile-cache.sh: expected ERR_SIGNATURE_INVALID of $root/bin/pgtoken pam, saw status $status: $said" >&2
      exit 1
      ;;
  esac
}
# Node keeps of a file what the first process that loads it has compiled. That is to be a login as most are, with
# issuers.yaml remembered (src/config/parse-cache.ts); then one that parses it adds the files which only that one loads.
decide
rm -rf "$root/compile-cache"
mkdir "$root/compile-cache"
decide
rm -r "$scratch/.cache"
decide

# serve: the same for the daemon, whose code Node keeps apart, as it runs with other flags.
serve() {
  NODE_COMPILE_CACHE="$root/compile-cache" NODE_COMPILE_CACHE_PORTABLE=1 "$root/bin/pgtoken" serve \
    --config "$scratch/issuers.yaml" --socket "$scratch/socket" --cache-dir "$scratch/cache" >"$scratch/log" 2>&1 &
  daemon=$!
  trap 'kill "$daemon" 2>/dev/null || :; rm -rf "$scratch"' EXIT
  tries=0
  until grep -q '"ready"' "$scratch/log"; do
    tries=$((tries + 1))
    if [ $tries -gt 300 ] || ! kill -0 "$daemon" 2>/dev/null; then
      echo "make-compile-cache.sh: $root/bin/pgtoken serve is not ready: $(cat "$scratch/log")" >&2
      exit 1
    fi
    sleep 0.1
  done
  said=$(SOCKET=$scratch/socket TOKEN=$token "$node" -e '
    const socket = require("node:net").connect(process.env.SOCKET);
    socket.setTimeout(10_000, () => socket.destroy());
    socket.pipe(process.stdout);
    socket.write(`pgtoken/1\0PAM_SERVICE=x\0PAM_USER=x\0\0${process.env.TOKEN}\0`);
  ' | tr -d '\0')
  case $said in
    *ERR_SIGNATURE_INVALID*) ;;
    *)
      echo "make-compile-cache.sh: expected ERR_SIGNATURE_INVALID of $root/bin/pgtoken serve, saw $said" >&2
      exit 1
      ;;
  esac
  # It keeps what it has compiled when it ends.
  kill "$daemon"
  wait "$daemon" || {
    echo "make-compile-cache.sh: expected $root/bin/pgtoken serve to end with status 0, saw $?: $(cat "$scratch/log")" >&2
    exit 1
  }
  trap 'rm -rf "$scratch"' EXIT
}
node=$root/runtime/node
[ -x "$node" ] || node=$root/node_modules/.bin/node
mkdir -m 755 "$scratch/cache"
serve

# pgpass: the same for what runs beside programs, until it has written its file once.
pgpass() {
  printf %s "$(encode '{"alg":"ES256"}').$(encode '{"exp":32503680000}').$signature" >"$scratch/token"
  NODE_COMPILE_CACHE="$root/compile-cache" NODE_COMPILE_CACHE_PORTABLE=1 "$root/bin/pgtoken" pgpass \
    --host x --user x --token-file "$scratch/token" --file "$scratch/pgpass" >"$scratch/log" 2>&1 &
  keeper=$!
  trap 'kill "$keeper" 2>/dev/null || :; rm -rf "$scratch"' EXIT
  tries=0
  until grep -q 'the .pgpass has a new token' "$scratch/log"; do
    tries=$((tries + 1))
    if [ $tries -gt 300 ] || ! kill -0 "$keeper" 2>/dev/null; then
      echo "make-compile-cache.sh: $root/bin/pgtoken pgpass has written nothing: $(cat "$scratch/log")" >&2
      exit 1
    fi
    sleep 0.1
  done
  kill "$keeper"
  wait "$keeper" || {
    echo "make-compile-cache.sh: expected $root/bin/pgtoken pgpass to end with status 0, saw $?: $(cat "$scratch/log")" >&2
    exit 1
  }
  trap 'rm -rf "$scratch"' EXIT
}
pgpass

# pooler: as far as it comes without PgBouncer, which may not be installed, and as root, as which it does not run.
pooler() {
  cat >"$scratch/pooler.yaml" <<YAML
apiVersion: pgtoken/v1
tenants: [{alias: x, host: 127.0.0.1, role: x, token: {file: "$scratch/token"}}]
tls: {mode: disable}
pgbouncer: {path: "$scratch/none"}
YAML
  status=0
  said=$(NODE_COMPILE_CACHE="$root/compile-cache" NODE_COMPILE_CACHE_PORTABLE=1 \
    "$root/bin/pgtoken" pooler --config "$scratch/pooler.yaml" --folder "$scratch/pooler" 2>&1) || status=$?
  case $status-$said in
    1-*'does not run as root'* | 1-*"$scratch/none: "*) ;;
    *)
      echo "make-compile-cache.sh: expected $root/bin/pgtoken pooler to refuse to start, saw status $status: $said" >&2
      exit 1
      ;;
  esac
}
pooler
# Node keeps them to its own user.
chmod -R u=rwX,go=rX "$root/compile-cache"
