// Key sets, as issuers publish them, and SPIFFE bundles: of any document only sound public keys are used, and no token that
// none of them signed is verified by them.
import { findKeys } from '../../../src/keys/find-keys.ts';
import { algorithmsOf } from '../../../src/keys/formats/algorithms-of.ts';
import {
  MAX_DOCUMENT_VALUES,
  type ParsedKeySet,
  parseKeySet,
} from '../../../src/keys/formats/parse-key-set.ts';
import { parseSPIFFEBundle } from '../../../src/keys/formats/parse-spiffe-bundle.ts';
import { parseJSONObject } from '../../../src/parse-json-object.ts';
import { isRefusal } from '../../../src/errors.ts';
import { parseToken, type ParsedToken } from '../../../src/verify/parse-token.ts';
import { verifySignature } from '../../../src/verify/verify-signature.ts';
import { encodePart } from '../../support/sign-token.ts';
import { createSigningKey } from '../../support/signing-key.ts';
import { ATTACK_FOLDER } from '../../vectors/attacks/attack.ts';
import { POLICY_FOLDER } from '../../vectors/tokens/vector.ts';
import { demand, type FuzzTarget } from '../fuzz-target.ts';
import { readSeeds } from '../read-seeds.ts';

const MEMBERS: readonly string[] = ['kty', 'kid', 'alg', 'n', 'e', 'crv', 'x', 'y', 'pub'];

export const keySet: FuzzTarget = {
  name: 'key-set',
  seeds: async () => [
    ...(await readSeeds(POLICY_FOLDER, '*.jwks.json')),
    ...(await readSeeds(ATTACK_FOLDER, 'policies/*.jwks.json')),
  ],
  maxBytes: 60_000,
  async open() {
    const forgeries = await makeForgeries();
    return {
      async run(input) {
        const document = parseJSONObject(input, MAX_DOCUMENT_VALUES);
        if (typeof document === 'string') {
          demand(/^[\x20-\x7e]{1,80}$/.test(document), 'what is wrong is told in printable ASCII');
          return;
        }
        const parsed = parseKeySet(document);
        checkKeys(parsed);
        checkKeys(parseSPIFFEBundle(document));
        if (typeof parsed === 'string') return;
        for (const token of forgeries) {
          const keys = findKeys(parsed.keySet, token);
          const verified = isRefusal(keys) ? keys : await verifySignature(token, keys);
          demand(isRefusal(verified), 'no key of a set verifies what none of them signed');
          demand(verified.code !== 'ERR_INTERNAL', 'a key that is none is told as one');
        }
      },
      [Symbol.asyncDispose]: async () => undefined,
    };
  },
};

function checkKeys(parsed: ParsedKeySet | string): void {
  if (typeof parsed === 'string') {
    demand(/^[\x20-\x7e]{1,200}$/.test(parsed), 'what is wrong is told in printable ASCII');
    return;
  }
  for (const { reason } of parsed.rejected) {
    demand(
      /^[\x20-\x7e]{1,1500}$/.test(reason),
      'why a key is left out is told in printable ASCII',
    );
  }
  demand(parsed.keySet.keys.length <= 200, 'there are no more keys than are permitted');
  for (const jwk of parsed.keySet.keys) {
    demand(algorithmsOf(jwk).length > 0, 'each key is for an algorithm');
    demand(
      Object.keys(jwk).every((name) => MEMBERS.includes(name)),
      'a key has public members and no others',
    );
    demand(
      jwk.kty !== 'RSA' || Buffer.from(jwk.n ?? '', 'base64url').length >= 256,
      'an RSA key has 2048 bits',
    );
    const wanted = { keyID: jwk.kid, algorithm: algorithmsOf(jwk)[0] ?? 'RS256' };
    const found = findKeys(parsed.keySet, wanted);
    demand(isRefusal(found) || found.length <= 4, 'only a few keys are tried');
  }
}

/** Tokens by keys that are in no key set, as they were made just now; each with a kid that is in many of them, and without. */
async function makeForgeries(): Promise<readonly ParsedToken[]> {
  const keys = await Promise.all(
    (['RS256', 'PS256', 'ES256', 'ES384', 'EdDSA', 'Ed25519', 'ML-DSA-44'] as const).flatMap(
      (algorithm) =>
        [`cluster-${algorithm.toLowerCase()}`, ''].map(async (kid) =>
          createSigningKey(algorithm, kid),
        ),
    ),
  );
  return keys.map((key) => {
    const header = { alg: key.algorithm, ...(key.kid === '' ? {} : { kid: key.kid }) };
    const text = `${encodePart(header)}.${encodePart({ iss: 'x' })}`;
    const parsed = parseToken(`${text}.${key.sign(text).toString('base64url')}`, 10_000);
    if (isRefusal(parsed)) throw new Error(parsed.message);
    return parsed;
  });
}
