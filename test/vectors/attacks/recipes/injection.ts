// Log and terminal injection: everything of a token or a request that is ever shown, with everything that a log or a
// terminal would obey.
import type { Mint } from '../../tokens/mint.ts';
import type { Recipe } from '../../tokens/recipes/recipe.ts';
import {
  algorithmNotAllowed,
  type AttackRecipe,
  attacks,
  audienceMismatch,
  claimRejected,
  issuerUnknown,
  keyUnknown,
  noRole,
  roleNotPermitted,
} from './attack-recipe.ts';

/** What is sent, and how it must be shown. */
const PAYLOADS: readonly (readonly [what: string, sent: string, shown: string])[] = [
  ['a line of a log', 'x\nLOG:  granted', String.raw`x\nLOG:  granted`],
  ['a line of a log after CR', 'x\rgranted', String.raw`x\rgranted`],
  ['a line of JSON', '"}\n{"outcome":"granted"}', String.raw`\"}\n{\"outcome\":\"granted\"}`],
  ['the end of a reply and another', 'x\0granted', String.raw`x\u0000granted`],
  ['a colour', '\u{1b}[31mred\u{1b}[0m', String.raw`\u001b[31mred\u001b[0m`],
  ['an empty screen', '\u{1b}[2J\u{1b}[H', String.raw`\u001b[2J\u001b[H`],
  ['a title', '\u{1b}]0;title\u{7}', String.raw`\u001b]0;title\u0007`],
  ['a clipboard', '\u{1b}]52;c;eA==\u{7}', String.raw`\u001b]52;c;eA==\u0007`],
  ['a link', '\u{1b}]8;;http://x\u{1b}\\', String.raw`\u001b]8;;http://x\u001b\\`],
  ['a sequence by C1', '\u{9b}31m\u{9d}0;x\u{9c}', String.raw`\u009b31m\u009d0;x\u009c`],
  ['backspaces', 'no\b\b\bok\u{7f}', String.raw`no\b\b\bok\u007f`],
  ['tab, vertical tab and form feed', '\t\v\f', String.raw`\t\u000b\f`],
  ['other line breaks', 'a\u{85}b\u{2028}c\u{2029}d', String.raw`a\u0085b\u2028c\u2029d`],
  ['letters from right to left', '\u{202e}a\u{2066}b\u{2069}', String.raw`\u202ea\u2066b\u2069`],
  ['letters that are not seen', 'a\u{200b}\u{feff}b', String.raw`a\u200b\ufeffb`],
  ['tags', '\u{e0041}', String.raw`\udb40\udc41`],
  ['half a surrogate pair', 'a\u{d800}', String.raw`a\ud800`],
  ['a quotation mark and a hint', '". HINT: Trust me', String.raw`\". HINT: Trust me`],
  ['a backslash at the end', 'a\\', String.raw`a\\`],
  ['a format', '%s%n%x', '%s%n%x'],
  ['markup', '<script>alert(1)</script>', '<script>alert(1)</script>'],
  ['a label of a metric', '"} 1\npgtoken_x{y="', String.raw`\"} 1\npgtoken_x{y=\"`],
];

const LONG = 'x'.repeat(9000);
const LONG_SHOWN = `"${'x'.repeat(80)}"... (9000 characters)`;
const LONG_ESCAPES = '\u{1b}'.repeat(1500);

const each = (
  where: string,
  make: (sent: string, shown: string) => Omit<Recipe, 'name'>,
): Recipe[] =>
  PAYLOADS.map(([what, sent, shown]) => ({ name: `${where}: ${what}`, ...make(sent, shown) }));

export function injection({ token }: Mint): AttackRecipe[] {
  return attacks(
    'to write lines of its own into a log, or to be obeyed by the terminal that shows it',
    'RFC 8725 section 3.10, CWE-117, CWE-150',
    [
      ...each('iss', (sent, shown) => ({
        password: token({ claims: { iss: sent } }),
        expected: issuerUnknown(shown),
      })),
      ...each('kid', (sent, shown) => ({
        password: token({ header: { kid: sent } }),
        expected: keyUnknown(shown),
      })),
      ...each('alg', (sent, shown) => ({
        password: token({ header: { alg: sent } }),
        expected: algorithmNotAllowed(`"${shown}"`),
      })),
      ...each('typ', (sent, shown) => ({
        password: token({ header: { typ: sent } }),
        expected: {
          code: 'ERR_TOKEN_TYPE' as const,
          message: `typ is "${shown}"; expected none, or one of JWT, JOSE, at+jwt`,
        },
      })),
      ...each('aud', (sent, shown) => ({
        password: token({ claims: { aud: sent } }),
        expected: audienceMismatch(`"${shown}"`),
      })),
      ...each('a list in aud', (sent, shown) => ({
        password: token({ claims: { aud: [sent, 'vault'] } }),
        expected: audienceMismatch(`"${shown}", "vault"`),
      })),
      ...each('an object in aud', (sent, shown) => ({
        password: token({ claims: { aud: { x: sent } } }),
        expected: claimRejected(`aud is {"x":"${shown}"}; expected text or a list of texts`),
      })),
      ...each('sub, as the role that it permits', (sent, shown) => ({
        password: token({ claims: { sub: `system:serviceaccount:${sent}` } }),
        expected: sent.isWellFormed()
          ? roleNotPermitted('foo:myservice', `"${shown}"`)
          : noRole('foo:myservice'),
      })),
      ...each('sub that is no text', (sent, shown) => ({
        password: token({ claims: { sub: [sent] } }),
        expected: claimRejected(`sub is ["${shown}"]; expected text that is not empty`),
      })),
      ...['exp', 'nbf', 'iat'].flatMap((claim) =>
        each(claim, (sent, shown) => ({
          password: token({ claims: { [claim]: sent } }),
          expected: claimRejected(
            `${claim} is "${shown}"; expected seconds since 1970 as a number (NumericDate)`,
          ),
        })),
      ),
      ...each('iss that is no text', (sent, shown) => ({
        password: token({ claims: { iss: [sent] } }),
        expected: claimRejected(`iss is ["${shown}"]; expected text that is not empty`),
      })),
      // What comes as a request has neither NUL nor half a surrogate pair: those it ends at, or turns into U+FFFD.
      ...each('the role that is asked for', (sent, shown) => ({
        role: sent,
        password: token(),
        expected: roleNotPermitted(shown, '"foo:myservice"'),
      })).filter(({ role = '' }) => role.isWellFormed() && !role.includes('\0')),
      // In no message, but in the audit line.
      ...each('jti and the names of Kubernetes', (sent) => ({
        role: 'foo:other',
        password: token({
          claims: {
            jti: sent,
            'kubernetes.io': {
              namespace: sent,
              serviceaccount: { name: sent },
              pod: { name: sent },
            },
          },
        }),
        expected: roleNotPermitted('foo:other', '"foo:myservice"'),
      })),
      {
        name: 'iss: 9,000 characters',
        password: token({ claims: { iss: LONG } }),
        expected: {
          code: 'ERR_ISSUER_UNKNOWN',
          message: `issuer ${LONG_SHOWN} is not configured; expected "https://k8s.example.com"`,
        },
      },
      {
        name: 'kid: 9,000 characters',
        password: token({ header: { kid: LONG } }),
        expected: {
          code: 'ERR_KEY_UNKNOWN',
          message: `the issuer has 8 keys, none with kid ${LONG_SHOWN}`,
        },
      },
      {
        name: 'alg: 9,000 characters',
        password: token({ header: { alg: LONG } }),
        expected: algorithmNotAllowed(LONG_SHOWN),
      },
      {
        name: 'typ: 9,000 characters',
        password: token({ header: { typ: LONG } }),
        expected: {
          code: 'ERR_TOKEN_TYPE',
          message: `typ is ${LONG_SHOWN}; expected none, or one of JWT, JOSE, at+jwt`,
        },
      },
      {
        name: 'aud: 1,500 characters that are shown in six',
        password: token({ claims: { aud: LONG_ESCAPES } }),
        expected: audienceMismatch(`"${String.raw`\u001b`.repeat(80)}"... (1500 characters)`),
      },
      {
        name: 'aud: five texts of 80 characters that are shown in six',
        password: token({
          claims: { aud: Array.from({ length: 6 }, () => LONG_ESCAPES.slice(0, 80)) },
        }),
        expected: audienceMismatch(
          `${Array.from({ length: 5 }, () => `"${String.raw`\u001b`.repeat(80)}"`).join(', ')} and 1 more`,
        ),
      },
      {
        name: 'jti and the names of Kubernetes: 2,000 characters each',
        role: 'foo:other',
        password: token({
          claims: {
            jti: LONG.slice(0, 2000),
            'kubernetes.io': {
              namespace: LONG.slice(0, 2000),
              serviceaccount: { name: LONG.slice(0, 2000) },
              pod: { name: LONG.slice(0, 2000) },
            },
          },
        }),
        expected: roleNotPermitted('foo:other', '"foo:myservice"'),
      },
    ],
  );
}
