import { KEYUTIL, KJUR } from 'jsrsasign';

import { CURVES, run } from './maker.js';

/** It takes twenty seconds for an RSA key, so that each algorithm gets one of these two, in turns. */
const rsa = [];
const timesAsked = new Map();

function rsaKeyFor(alg) {
  const turn = timesAsked.get(alg) ?? 0;
  timesAsked.set(alg, turn + 1);
  return (rsa[turn] ??= KEYUTIL.generateKeypair('RSA', 2048));
}

/** One of four signatures of ES512 lacks two bytes: the first of r and of s, where both are zero. */
const ES512_BYTES = { ES512: 132, 'ES512-short': 130 };

await run((word, claims) => {
  const alg = word.replace('-short', '');
  const { prvKeyObj, pubKeyObj } = Object.hasOwn(CURVES, alg)
    ? KEYUTIL.generateKeypair('EC', `secp${CURVES[alg].slice(2)}r1`)
    : rsaKeyFor(alg);
  const keys = JSON.stringify({ keys: [KEYUTIL.getJWK(pubKeyObj)] });
  const header = { alg, typ: 'JWT' };
  for (;;) {
    const token = KJUR.jws.JWS.sign(alg, header, claims, prvKeyObj);
    const bytes = Buffer.from(token.split('.')[2], 'base64url').length;
    if (bytes === (ES512_BYTES[word] ?? bytes)) return { keys, token };
  }
});
