// A key that is denied (`deny.keyIDs`) is denied under whatever name it is used.
import type { JWK } from 'jose';
import { describe, expect, it } from 'vitest';

import { authorize } from '../../src/decide/authorize.ts';
import { compileIssuer } from '../../src/policy/compile-issuer.ts';
import { parseConfig } from '../../src/config/parse-config.ts';
import { RULE_TOOLS } from '../support/rule-tools.ts';
import { writeIssuersYAML } from '../support/write-issuers-yaml.ts';
import { createMint, NOW } from '../vectors/tokens/mint.ts';

const mint = await createMint();
const KEY = mint.publicKey('cluster-es256');
const { kid: _kid, ...NAMELESS } = KEY;

async function decide(keys: readonly JWK[], kid: string | undefined) {
  const parsed = parseConfig(
    writeIssuersYAML([
      {
        name: 'a',
        issuer: { url: 'https://k8s.example.com', audiences: ['postgres'] },
        roles: [{ claim: 'sub', trimPrefix: 'system:serviceaccount:' }],
        deny: { keyIDs: ['cluster-es256'] },
      },
    ]),
  );
  if (!parsed.ok) throw new Error('not a configuration');
  const keySet = { keys };
  const issuers = parsed.config.issuers.map((entry) =>
    compileIssuer(entry, { kind: 'pinned', keySet }, [], RULE_TOOLS, () => undefined),
  );
  const { decision } = await authorize(
    {
      service: 'postgresql',
      source: undefined,
      role: 'foo:myservice',
      password: mint.token({ key: 'cluster-es256', header: { kid } }),
    },
    { issuers, servers: [], protectedRoles: [], maxTokenBytes: 16_384 },
    { clock: () => NOW, keysOf: async () => keySet },
  );
  return decision;
}

describe('a token of a denied key is refused', () => {
  it.each<[what: string, keys: readonly JWK[], kid: string | undefined]>([
    ['under the name that is denied', [KEY], 'cluster-es256'],
    ['without a name', [KEY], undefined],
    ['under another name by which it is published', [KEY, { ...KEY, kid: 'again' }], 'again'],
    ['under any name, where it is published without one too', [KEY, NAMELESS], 'anything'],
    [
      'under another name by which it is published in another way to write it',
      [KEY, { ...KEY, kid: 'again', x: `${KEY.x}=` }],
      'again',
    ],
  ])('%s', async (_what, keys, kid) => {
    expect(await decide(keys, kid)).toMatchObject({
      code: 'ERR_DENY_LISTED',
      message: 'kid "cluster-es256" is denied (deny.keyIDs)',
      hint: 'Somebody has withdrawn it here; ask whoever administers this server.',
    });
  });
});

it('a token of another key is granted', async () => {
  expect(await decide([{ ...KEY, kid: 'other' }], 'other')).toMatchObject({ granted: true });
});
