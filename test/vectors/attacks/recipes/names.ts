// Names that mean something to JavaScript, and claims that pretend to be a decision.
import { type Mint, NOW } from '../../tokens/mint.ts';
import type { Recipe } from '../../tokens/recipes/recipe.ts';
import {
  algorithmNotAllowed,
  type AttackRecipe,
  attacks,
  claimMissing,
  noRole,
  roleNotPermitted,
} from './attack-recipe.ts';

const ADMIN = 'system:serviceaccount:foo:admin';

export function names({ token, defaultClaims, defaultHeader }: Mint): AttackRecipe[] {
  // Written by hand, as objects have some of these members already.
  const claimsWith = (member: string, without: readonly string[] = []): string => {
    const rest = Object.entries(defaultClaims()).filter(([name]) => !without.includes(name));
    return `{${member},${JSON.stringify(Object.fromEntries(rest)).slice(1)}`;
  };
  const admin = (name: string, claimsText: string): Recipe => ({
    name,
    role: 'foo:admin',
    password: token({ claimsText }),
    expected: roleNotPermitted('foo:admin', '"foo:myservice"'),
  });
  const person = (name: string, member: string): Recipe => ({
    name,
    policy: 'people',
    role: 'deep_proto',
    password: token({
      key: 'people-es256',
      claimsText: `{${member},"iss":"https://sso.example.com/realms/people","aud":"postgres","sub":"alice","exp":${NOW + 600}}`,
    }),
    expected: noRole('deep_proto'),
  });
  const members = ['constructor', 'toString', 'valueOf', 'toJSON', 'hasOwnProperty', 'then'];
  return [
    ...attacks(
      'to have claims found on the prototype of an object, or changed there for everybody',
      'CVE-2019-10744, RFC 8725 section 3.10',
      [
        admin('__proto__ with sub', claimsWith(`"__proto__":{"sub":"${ADMIN}"}`)),
        admin(
          'constructor with a prototype',
          claimsWith(`"constructor":{"prototype":{"sub":"${ADMIN}"}}`),
        ),
        admin('__proto__ in an inner object', claimsWith(`"a":{"__proto__":{"sub":"${ADMIN}"}}`)),
        admin(
          '__proto__ with an escape',
          claimsWith(String.raw`"\u005f_proto__":{"sub":"${ADMIN}"}`),
        ),
        admin('__proto__ that is a list', claimsWith(`"__proto__":["${ADMIN}"]`)),
        admin('__proto__ null', claimsWith('"__proto__":null')),
        ...members.map((name) => admin(`${name} that is text`, claimsWith(`"${name}":"${ADMIN}"`))),
        ...members.map((name) =>
          admin(`${name} that is an object`, claimsWith(`"${name}":{"sub":"${ADMIN}"}`)),
        ),
        ...['iss', 'aud', 'sub', 'exp'].map((claim): Recipe => ({
          name: `${claim} in __proto__ alone`,
          password: token({
            claimsText: claimsWith(
              `"__proto__":${JSON.stringify({ [claim]: defaultClaims()[claim] })}`,
              [claim],
            ),
          }),
          expected: claimMissing(claim),
        })),
        {
          name: 'alg in __proto__ of the header alone',
          password: token({
            headerText: `{"__proto__":{"alg":"RS256"},"kid":"cluster-rs256"}`,
          }),
          expected: algorithmNotAllowed('undefined'),
        },
        {
          name: 'alg none in __proto__ of a header without a signature',
          password: token({
            headerText: `{"__proto__":{"alg":"none"},"kid":"cluster-rs256"}`,
            signature: () => '',
          }),
          expected: algorithmNotAllowed('undefined'),
        },
        person('a claim that a rule looks for in __proto__', '"x":{"__proto__":{"name":"yes"}}'),
        person(
          'a claim that a rule looks for in a constructor',
          '"x":{"constructor":{"name":"yes"}}',
        ),
      ],
    ),
    ...attacks('to be granted by saying so', 'RFC 8725 section 3.10', [
      {
        name: 'claims that look like a decision',
        role: 'foo:admin',
        password: token({
          claims: {
            granted: true,
            code: 'OK',
            decision: 'granted',
            issuer: 'cluster',
            role: 'foo:admin',
          },
        }),
        expected: roleNotPermitted('foo:admin', '"foo:myservice"'),
      },
      {
        name: 'a header that looks like a verified one',
        role: 'foo:admin',
        password: token({
          headerText: JSON.stringify({
            ...defaultHeader(),
            verified: true,
            algorithm: 'RS256',
            text: 'x',
          }),
        }),
        expected: roleNotPermitted('foo:admin', '"foo:myservice"'),
      },
      {
        name: 'roles in every claim that is known for them',
        role: 'dba',
        password: token({
          claims: {
            groups: ['dba'],
            roles: ['dba'],
            scope: 'dba',
            realm_access: { roles: ['dba'] },
            email: 'dba@example.com',
          },
        }),
        expected: roleNotPermitted('dba', '"foo:myservice"'),
      },
    ]),
    ...attacks('to be a role that no token may be', 'RFC 8725 section 3.10', [
      ...['postgres', 'root', 'pg_read_all_data', 'pg_', 'pg_x\n'].map((role): Recipe => ({
        name: `a subject named ${JSON.stringify(role)}`,
        policy: 'subject',
        role,
        password: token({ claims: { sub: role } }),
        expected: {
          code: 'ERR_ROLE_PROTECTED',
          message: `role ${JSON.stringify(role)} is protected, no token may log in as it (protectedRoles: "postgres", "root", "pg_*")`,
        },
      })),
      {
        name: 'a role of 64 bytes, by its first 63',
        policy: 'subject',
        role: 'a'.repeat(63),
        password: token({ claims: { sub: 'a'.repeat(64) } }),
        expected: {
          code: 'ERR_ROLE_TOO_LONG',
          message: `the token maps to role "${'a'.repeat(64)}" of 64 bytes; PostgreSQL's role names have at most 63`,
        },
      },
      {
        name: 'a role with a replacement character, which broken bytes turn into',
        policy: 'subject',
        role: 'a\u{FFFD}',
        password: token({ claims: { sub: 'a\u{FFFD}' } }),
        expected: {
          code: 'ERR_ROLE_NOT_PERMITTED',
          message: String.raw`role "a\ufffd" is not valid UTF-8; expected a role name in UTF-8`,
        },
      },
    ]),
  ];
}
