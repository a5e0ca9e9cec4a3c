// JSON that two parsers read in two ways: members twice, text that is no UTF-8, look-alikes, numbers and depth.
import type { Mint } from '../../tokens/mint.ts';
import type { Recipe } from '../../tokens/recipes/recipe.ts';
import {
  algorithmNotAllowed,
  type AttackRecipe,
  attacks,
  claimsUnreadable,
  headerUnreadable,
  noRole,
  roleNotPermitted,
} from './attack-recipe.ts';

const TWICE = 'a member stands twice in the same object';
const ADMIN = '"system:serviceaccount:foo:admin"';

const behind = (text: string, member: string): string => `${text.slice(0, -1)},${member}}`;
const inFront = (text: string, member: string): string => `{${member},${text.slice(1)}`;
const latin1 = (text: string): Buffer => Buffer.from(text, 'latin1');
const nested = (levels: number): string => '['.repeat(levels) + ']'.repeat(levels);

export function json({ token, defaultHeader, defaultClaims }: Mint): AttackRecipe[] {
  const headerText = JSON.stringify(defaultHeader());
  const claimsText = JSON.stringify(defaultClaims());
  const inHeader = (name: string, text: string | Uint8Array, problem: string): Recipe => ({
    name: `${name} in the header`,
    password: token({ headerText: text }),
    expected: headerUnreadable(problem),
  });
  const inClaims = (name: string, text: string | Uint8Array, problem: string): Recipe => ({
    name: `${name} in the claims`,
    password: token({ claimsText: text }),
    expected: claimsUnreadable(problem),
  });
  const bytes = (name: string, sequence: string): Recipe =>
    inClaims(name, latin1(behind(claimsText, `"x":"${sequence}"`)), 'not UTF-8');
  const subject = (name: string, sub: string, shown: string): Recipe => ({
    name,
    password: token({ claims: { sub: `system:serviceaccount:${sub}` } }),
    expected: roleNotPermitted('foo:myservice', `"${shown}"`),
  });
  const invalid = (name: string, value: string): Recipe =>
    inClaims(name, behind(claimsText, `"x":${value}`), 'not valid JSON');

  return [
    ...attacks(
      'to show one value to who checks and another to who uses it',
      'RFC 8725 section 2.6, RFC 7519 section 4, RFC 8259 section 4',
      [
        ...Object.entries<string>({
          iss: '"https://attacker.example.com"',
          aud: '"vault"',
          sub: ADMIN,
          exp: '4102444800',
          nbf: '0',
          iat: '0',
          jti: '"x"',
        }).flatMap(([name, value]) => [
          inClaims(
            `${name} twice, the other one last,`,
            behind(claimsText, `"${name}":${value}`),
            TWICE,
          ),
          inClaims(
            `${name} twice, the other one first,`,
            inFront(claimsText, `"${name}":${value}`),
            TWICE,
          ),
        ]),
        ...Object.entries<string>({
          alg: '"none"',
          kid: '"attacker-rs256"',
          typ: '"at+jwt"',
        }).flatMap(([name, value]) => [
          inHeader(
            `${name} twice, the other one last,`,
            behind(headerText, `"${name}":${value}`),
            TWICE,
          ),
          inHeader(
            `${name} twice, the other one first,`,
            inFront(headerText, `"${name}":${value}`),
            TWICE,
          ),
        ]),
        inClaims(
          'sub twice with the same value',
          behind(claimsText, '"sub":"system:serviceaccount:foo:myservice"'),
          TWICE,
        ),
        inClaims(
          'sub twice, once with an escape,',
          behind(claimsText, String.raw`"\u0073ub":${ADMIN}`),
          TWICE,
        ),
        inClaims(
          'sub twice, once all in escapes,',
          behind(claimsText, String.raw`"\u0073\u0075\u0062":${ADMIN}`),
          TWICE,
        ),
        inClaims(
          'a name twice that is half a surrogate pair',
          behind(claimsText, String.raw`"\ud800":1,"\ud800":2`),
          TWICE,
        ),
        inClaims(
          '__proto__ twice',
          behind(claimsText, '"__proto__":{"sub":1},"__proto__":{}'),
          TWICE,
        ),
        inClaims('an empty name twice', behind(claimsText, '"":1,"":2'), TWICE),
        inClaims(
          'a member of an inner object twice',
          behind(claimsText, '"a":{"b":1,"b":2}'),
          TWICE,
        ),
        {
          name: 'SUB, Sub and sub with a long s',
          role: 'foo:admin',
          password: token({
            claims: {
              SUB: 'system:serviceaccount:foo:admin',
              Sub: 'system:serviceaccount:foo:admin',
              '\u{17F}ub': 'system:serviceaccount:foo:admin',
            },
          }),
          expected: roleNotPermitted('foo:admin', '"foo:myservice"'),
        },
        {
          name: 'sub with a space and with a NUL in its name',
          role: 'foo:admin',
          password: token({
            claims: {
              'sub ': 'system:serviceaccount:foo:admin',
              'sub\0': 'system:serviceaccount:foo:admin',
            },
          }),
          expected: roleNotPermitted('foo:admin', '"foo:myservice"'),
        },
        {
          name: 'Alg beside alg none',
          password: token({ header: { alg: 'none', Alg: 'RS256', ALG: 'RS256' } }),
          expected: algorithmNotAllowed('"none"'),
        },
      ],
    ),
    ...attacks(
      'to have bytes read as letters that they are not',
      'RFC 8725 section 3.7, RFC 3629',
      [
        bytes('a slash in two bytes', '\u{C0}\u{AF}'),
        bytes('a slash in three bytes', '\u{E0}\u{80}\u{AF}'),
        bytes('a slash in four bytes', '\u{F0}\u{80}\u{80}\u{AF}'),
        bytes('a NUL in two bytes', '\u{C0}\u{80}'),
        bytes('a quotation mark in two bytes', '\u{C0}\u{A2}'),
        bytes('the letter a in two bytes', '\u{C1}\u{A1}'),
        bytes('half a surrogate pair', '\u{ED}\u{A0}\u{80}'),
        bytes('a surrogate pair in six bytes', '\u{ED}\u{A0}\u{BD}\u{ED}\u{B8}\u{80}'),
        bytes('a letter beyond U+10FFFF', '\u{F4}\u{90}\u{80}\u{80}'),
        bytes('a letter of five bytes', '\u{F8}\u{88}\u{80}\u{80}\u{80}'),
        bytes('a continuation without a start', '\u{80}'),
        bytes('a start without a continuation', '\u{C3}'),
        bytes('the byte FE', '\u{FE}'),
        bytes('the byte FF', '\u{FF}'),
        bytes('a letter of Latin-1', '\u{E4}'),
        inClaims('a byte order mark', `\u{FEFF}${claimsText}`, 'not valid JSON'),
        inHeader('a byte order mark behind', `${headerText}\u{FEFF}`, 'not valid JSON'),
        inClaims(
          'a byte order mark in front of a name',
          behind(claimsText, `\u{FEFF}"x":1`),
          'not valid JSON',
        ),
        inClaims('UTF-16', Buffer.from(claimsText, 'utf16le'), 'not valid JSON'),
        inClaims(
          'UTF-16 with a byte order mark',
          Buffer.from(`\u{FEFF}${claimsText}`, 'utf16le'),
          'not UTF-8',
        ),
        inClaims('UTF-7', claimsText.replace('"sub"', '+ACI-sub+ACI-'), 'not valid JSON'),
      ],
    ),
    ...attacks(
      'to be taken for a subject by a name that looks like its',
      'RFC 8725 section 3.8, RFC 8265',
      [
        subject('a Cyrillic letter', 'foo:m\u{443}service', String.raw`foo:m\u0443service`),
        subject('a full-width letter', '\u{FF46}oo:myservice', String.raw`\uff46oo:myservice`),
        subject('a full-width colon', 'foo\u{FF1A}myservice', String.raw`foo\uff1amyservice`),
        subject('a ligature', 'foo:myser\u{FB01}ce', String.raw`foo:myser\ufb01ce`),
        subject('a zero-width space', 'foo:my\u{200B}service', String.raw`foo:my\u200bservice`),
        subject('a soft hyphen', 'foo:my\u{AD}service', String.raw`foo:my\u00adservice`),
        subject('a combining mark', 'foo:myservice\u{301}', String.raw`foo:myservice\u0301`),
        subject(
          'letters from right to left',
          'foo:\u{202E}ecivresym',
          String.raw`foo:\u202eecivresym`,
        ),
        subject('a letter in capital', 'foo:Myservice', 'foo:Myservice'),
        subject('a space behind', 'foo:myservice ', 'foo:myservice '),
        subject('a NUL behind', 'foo:myservice\0', String.raw`foo:myservice\u0000`),
        subject(
          'a NUL and more behind',
          'foo:myservice\0:other',
          String.raw`foo:myservice\u0000:other`,
        ),
        subject('a NUL in front', '\0foo:myservice', String.raw`\u0000foo:myservice`),
        subject('a line break behind', 'foo:myservice\n', String.raw`foo:myservice\n`),
        subject(
          'a line break and another subject',
          'foo:x\nfoo:myservice',
          String.raw`foo:x\nfoo:myservice`,
        ),
        subject(
          'a byte order mark in front',
          '\u{FEFF}foo:myservice',
          String.raw`\ufefffoo:myservice`,
        ),
        subject(
          'a replacement character',
          'foo:myservice\u{FFFD}',
          String.raw`foo:myservice\ufffd`,
        ),
        subject('a path', 'foo:../foo:myservice', 'foo:../foo:myservice'),
        subject('a comma and another subject', 'foo:x,foo:myservice', 'foo:x,foo:myservice'),
        subject(
          'the prefix twice',
          'system:serviceaccount:foo:myservice',
          'system:serviceaccount:foo:myservice',
        ),
        {
          name: 'half a surrogate pair',
          password: token({ claims: { sub: 'system:serviceaccount:foo:myservice\u{D800}' } }),
          expected: noRole('foo:myservice'),
        },
        {
          name: 'the prefix in capitals',
          password: token({ claims: { sub: 'SYSTEM:serviceaccount:foo:myservice' } }),
          expected: noRole('foo:myservice'),
        },
        {
          name: 'a space in front of the prefix',
          password: token({ claims: { sub: ' system:serviceaccount:foo:myservice' } }),
          expected: noRole('foo:myservice'),
        },
        {
          name: 'the prefix and nothing behind it',
          password: token({ claims: { sub: 'system:serviceaccount:' } }),
          expected: noRole('foo:myservice'),
        },
      ],
    ),
    ...attacks('to have something read as JSON that is none', 'RFC 8259', [
      invalid('NaN', 'NaN'),
      invalid('Infinity', 'Infinity'),
      invalid('a number with a plus', '+1'),
      invalid('a number with a zero in front', '01'),
      invalid('a hexadecimal number', '0x1'),
      invalid('a number that begins with a point', '.5'),
      invalid('a number that ends with a point', '1.'),
      invalid('undefined', 'undefined'),
      invalid('text in single quotes', "'x'"),
      invalid('text without quotes', 'x'),
      invalid('text with a line break', '"\n"'),
      invalid('text with a NUL', '"\0"'),
      invalid('text with an escape that is none', String.raw`"\x41"`),
      invalid('text with half an escape', String.raw`"\u00"`),
      invalid('text that does not end', '"x'),
      invalid('a comment', '/**/1'),
      invalid('a comma too many', '[1,]'),
      invalid('a member without a value', '{"a"}'),
      invalid('brackets that do not match', '[}'),
      inClaims('something behind', `${claimsText}{}`, 'not valid JSON'),
      inClaims('a NUL behind', `${claimsText}\0`, 'not valid JSON'),
      inClaims('a no-break space in front', `\u{A0}${claimsText}`, 'not valid JSON'),
      inClaims('the separator of RFC 7464 in front', `\u{1E}${claimsText}`, 'not valid JSON'),
      inClaims('nothing at all', ' ', 'not valid JSON'),
      ...['[]', 'null', 'true', '0', '"x"', `[${claimsText}]`].map((text) =>
        inClaims(`${text.slice(0, 4)} instead of an object`, text, 'not a JSON object'),
      ),
    ]),
    ...attacks(
      'to exhaust stack, memory or time before anything is verified',
      'RFC 8259 section 9',
      [
        inClaims(
          '33 levels',
          behind(claimsText, `"x":${nested(32)}`),
          'nested deeper than 32 levels',
        ),
        inClaims(
          '1,500 levels of lists',
          behind(claimsText, `"x":${nested(1500)}`),
          'nested deeper than 32 levels',
        ),
        inClaims(
          '1,000 levels of objects',
          behind(claimsText, `"x":${'{"a":'.repeat(1000)}1${'}'.repeat(1000)}`),
          'nested deeper than 32 levels',
        ),
        inHeader(
          '1,500 levels',
          behind(headerText, `"x":${nested(1500)}`),
          'nested deeper than 32 levels',
        ),
        {
          ...inClaims(
            '10,000 levels',
            behind(claimsText, `"x":${nested(10_000)}`),
            'over 2000 values',
          ),
          policy: 'roomy',
        },
        {
          ...inClaims('20,000 brackets that open', '['.repeat(20_000), 'over 2000 values'),
          policy: 'roomy',
        },
        inClaims(
          '5,000 values',
          behind(claimsText, `"x":[${'0,'.repeat(5000)}0]`),
          'over 2000 values',
        ),
        {
          ...inClaims(
            '5,000 members',
            behind(claimsText, Array.from({ length: 5000 }, (_, n) => `"${n}":0`).join(',')),
            'over 2000 values',
          ),
          policy: 'roomy',
        },
        inClaims(
          'a text with 10,000 escapes that breaks off',
          `{"x":"${String.raw`\\`.repeat(5000)}`,
          'not valid JSON',
        ),
      ],
    ),
  ];
}
