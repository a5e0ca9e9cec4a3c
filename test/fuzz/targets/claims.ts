// Claims of every kind in tokens that are truly signed: nothing throws, and what is granted is granted for a reason that can
// be read off the claims.
import { authorize } from '../../../src/decide/authorize.ts';
import type { AuthorizeOptions } from '../../../src/decide/authorize-options.ts';
import { refuse } from '../../../src/errors.ts';
import { type JSONObject, parseJSONObject } from '../../../src/parse-json-object.ts';
import { formatReply } from '../../../src/protocol/format-reply.ts';
import { loadPolicies } from '../../policy/load-policies.ts';
import { createMint, NOW } from '../../vectors/tokens/mint.ts';
import { demand, type FuzzTarget } from '../fuzz-target.ts';

const ROLES = ['dba_ro', 'staff', 'pointed', 'deep_proto', 'proto', 'postgres', 'alice', 'a.b'];
const ISSUER = 'https://sso.example.com/realms/people';

export const claims: FuzzTarget = {
  name: 'claims',
  seeds: async () =>
    [
      { iss: ISSUER, aud: 'postgres', sub: 'alice', exp: NOW + 600, iat: NOW },
      {
        iss: ISSUER,
        aud: ['postgres', 'x'],
        sub: 'bob',
        exp: NOW + 600,
        groups: ['dba', 'pg-a-b'],
        email: 'alice@example.com',
        path: '/team/a/db',
        upn: 'ann.bee-x@corp.example',
        'a/b': { '~c': ['no', 'yes'] },
        realm_access: { roles: ['db:alice', 'db:postgres', 'db:'] },
        'https://example.com/role': 'alice',
        nbf: NOW - 1.5,
      },
      { iss: ISSUER, aud: 'postgres', sub: 'x', exp: NOW - 100, cnf: { jkt: 'x' }, jti: '1' },
    ].map((value) => Buffer.from(JSON.stringify(value))),
  maxBytes: 4000,
  async open() {
    const policy = (await loadPolicies(['people'])).get('people')!;
    const mint = await createMint();
    const options: AuthorizeOptions = {
      clock: () => NOW,
      keysOf: async ({ keySource }) =>
        keySource.kind === 'pinned' ? keySource.keySet : refuse('ERR_INTERNAL', 'not pinned'),
    };
    return {
      async run(input, random) {
        const password = mint.token({ key: 'people-es256', claimsText: input });
        const role = random.pick(ROLES);
        const request = { role, service: 'postgresql', source: '10.0.0.7', password };
        const { decision } = await authorize(request, policy, options);
        demand(
          /^[\x20-\x7e]{7,500}$/.test(formatReply(decision)),
          'a reply is printable and short',
        );
        if (!decision.granted) {
          demand(decision.code !== 'ERR_INTERNAL', 'nothing fails inside');
          demand(decision.code !== 'ERR_SIGNATURE_INVALID', 'the signature is true');
          return;
        }
        const granted = parseJSONObject(input);
        demand(typeof granted === 'object', 'what is granted can be read');
        checkGrant(granted, role);
      },
      [Symbol.asyncDispose]: async () => undefined,
    };
  },
};

/** What must be so of every grant, by another reading of the claims than that of the decision. */
function checkGrant(granted: JSONObject, role: string): void {
  const { iss, aud, sub, exp, cnf } = granted;
  demand(iss === ISSUER, 'iss is that of the entry');
  demand([aud].flat().includes('postgres'), 'aud holds the audience');
  demand(typeof sub === 'string' && sub !== '', 'sub is text');
  demand(typeof exp === 'number' && exp + 30 > NOW, 'exp is to come');
  demand(cnf === undefined, 'it is a bearer token');
  demand(role !== 'postgres', 'no token is a protected role');
  demand(JSON.stringify(granted).includes(SOURCES[role] ?? role), 'the role comes of a claim');
}

/** What must stand in the claims for a role that is not the claim itself. */
const SOURCES: Readonly<Record<string, string>> = {
  dba_ro: '"dba"',
  staff: '@corp.example',
  pointed: '"yes"',
  proto: '"yes"',
  deep_proto: '"yes"',
  'a.b': 'pg-a',
};
