// Files of public keys in PEM: of any text only sound public keys are used, and private ones never.
import { parsePublicKeys } from '../../../src/keys/formats/parse-public-keys.ts';
import { algorithmsOf } from '../../../src/keys/formats/algorithms-of.ts';
import { ATTACK_FOLDER } from '../../vectors/attacks/attack.ts';
import { createMint } from '../../vectors/tokens/mint.ts';
import { createPublicKey } from 'node:crypto';
import { demand, type FuzzTarget, openNothing } from '../fuzz-target.ts';
import { readSeeds } from '../read-seeds.ts';

const KEYS = ['cluster-rs256', 'cluster-es256', 'cluster-es384', 'cluster-eddsa'];

export const publicKeys: FuzzTarget = {
  name: 'public-keys',
  seeds: async () => {
    const mint = await createMint();
    const spki = KEYS.map((name) =>
      createPublicKey({ key: mint.publicKey(name), format: 'jwk' }).export({
        type: 'spki',
        format: 'pem',
      }),
    );
    const secret = mint.privateKey('cluster-es256').export({ type: 'pkcs8', format: 'pem' });
    return [
      ...spki.map((pem) => Buffer.from(pem)),
      Buffer.from(spki.join('')),
      Buffer.from(`${secret}${spki[0] ?? ''}`),
      ...(await readSeeds(ATTACK_FOLDER, 'keys/*.pem')),
    ];
  },
  maxBytes: 20_000,
  open: openNothing((input) => {
    const parsed = parsePublicKeys(input.toString());
    if (typeof parsed === 'string') {
      demand(/^[\x20-\x7e]{1,200}$/.test(parsed), 'what is wrong is told in printable ASCII');
      return;
    }
    for (const { reason } of parsed.rejected) {
      demand(/^[\x20-\x7e]{1,300}$/.test(reason), 'why a key is left out is told in ASCII');
    }
    for (const jwk of parsed.keySet.keys) {
      demand(algorithmsOf(jwk).length > 0, 'each key is for an algorithm');
      demand(!('d' in jwk) && !('k' in jwk) && !('p' in jwk), 'no key is a private one');
    }
  }),
};
