#!/bin/bash
# Surprise: one of four tokens that jsrsasign signs with ES512 has a signature of 130 bytes, which others refuse. One
#   would expect 132 bytes always, as RFC 7518 section 3.4 asks for, or an error.
# Version: jsrsasign 11.1.5, verified by the host's Node. Its signatures of ES256 and ES384 are whole.
# Behaviour: r and s have 521 bits in 66 bytes. Where the first byte of both is zero, it leaves both out. Tokens seem to be refused
#   at random, as cut on their way: sign with ES384, or sign once more until the signature has 132 bytes.
# Output, seen on 2026-11-28:
#   of 80 signatures, of 130 bytes: between 5 and 45
#   all others: of 132 bytes
#   refused by Node: the short ones
. "$(dirname "$0")/lib/bench.sh"

needs npm node
npm install --silent --no-audit --no-fund --ignore-scripts --prefix "$work" jsrsasign@11.1.5 || cannot 'no jsrsasign@11.1.5 from npm'

cd "$work"
cat >sign.mjs <<'JAVASCRIPT'
import { createPublicKey, verify } from 'node:crypto';
import jsrsasign from 'jsrsasign';

const { KEYUTIL, KJUR } = jsrsasign;
const { prvKeyObj, pubKeyObj } = KEYUTIL.generateKeypair('EC', 'secp521r1');
const key = createPublicKey({ key: KEYUTIL.getJWK(pubKeyObj), format: 'jwk' });
const short = [];
const lengths = new Set();
const refused = [];
for (let count = 0; count < 80; count += 1) {
  const token = KJUR.jws.JWS.sign('ES512', { alg: 'ES512' }, { count }, prvKeyObj);
  const [header, claims, text] = token.split('.');
  const signature = Buffer.from(text, 'base64url');
  if (signature.length === 130) short.push(token);
  else lengths.add(signature.length);
  const isValid = verify('sha512', Buffer.from(`${header}.${claims}`), { key, dsaEncoding: 'ieee-p1363' }, signature);
  if (!isValid) refused.push(token);
}
console.log(short.length > 5 && short.length < 45 ? 'between 5 and 45' : short.length);
console.log(`of ${[...lengths].join(', ')} bytes`);
console.log(refused.join() === short.join() ? 'the short ones' : 'others');
JAVASCRIPT
node sign.mjs >seen 2>node.log || cannot "$(tail -n 1 node.log)"

same 'of 80 signatures, of 130 bytes' 'between 5 and 45' "$(sed -n 1p seen)"
same 'all others' 'of 132 bytes' "$(sed -n 2p seen)"
same 'refused by Node' 'the short ones' "$(sed -n 3p seen)"
finish
