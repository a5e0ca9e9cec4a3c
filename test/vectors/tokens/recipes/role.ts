// Which roles a token may be: byte for byte, 63 bytes, protected roles, and every kind of rule.
import type { Mint, TokenOptions } from '../mint.ts';
import { granted, type Recipe } from './recipe.ts';

const CONNECT_OTHERWISE = 'Connect as a role that the token may be, or add a role rule.';
const PERMITS_NONE = 'Compare the claims of the token with the roles of this issuer.';
const NO_CLAIMS =
  'The token has no "groups", "email", "path" and 8 more, which its roles would come from.';
const CASE =
  'Role names are compared byte for byte, and these differ in case; an unquoted name in SQL is folded to lower case.';

const isProtected = (asked: string): Recipe['expected'] => ({
  code: 'ERR_ROLE_PROTECTED',
  message: `role "${asked}" is protected, no token may log in as it (protectedRoles: "postgres", "root", "pg_*")`,
  hint: 'Log in as another role, or write this one into allowProtectedRoles of the entry.',
});

const tooLong = (shown: string, bytes: number): Recipe['expected'] => ({
  code: 'ERR_ROLE_TOO_LONG',
  message: `the token maps to role "${shown}" of ${bytes} bytes; PostgreSQL's role names have at most 63`,
  hint: 'Write a role rule that yields a shorter name, or shorten: true.',
});

const listed = (groups: unknown): TokenOptions['claims'] => ({ groups });

const proto = (member: string): string =>
  `{${member},"iss":"https://sso.example.com/realms/people","aud":"postgres","sub":"alice","iat":1767225540,"exp":1767226140}`;

export function role({ token }: Mint): Recipe[] {
  const notPermitted = (name: string, asked: string, shown = asked, hint = CONNECT_OTHERWISE) =>
    ({
      name,
      role: asked,
      password: token(),
      expected: {
        code: 'ERR_ROLE_NOT_PERMITTED',
        message: `role "${shown}" asked for, and the token may only be "foo:myservice"`,
        hint,
      },
    }) as const;
  const subject = (name: string, sub: string, asked: string, expected: Recipe['expected']) => ({
    name,
    policy: 'subject',
    role: asked,
    password: token({ claims: { sub } }),
    expected,
  });
  const person = (claims: TokenOptions['claims'], claimsText?: string): string =>
    token({
      key: 'people-es256',
      ...(claimsText === undefined
        ? { claims: { iss: 'https://sso.example.com/realms/people', sub: 'alice', ...claims } }
        : { claimsText }),
    });
  const mayBe = (name: string, claims: TokenOptions['claims'], asked: string): Recipe => ({
    name,
    policy: 'people',
    role: asked,
    password: person(claims),
    expected: granted('people'),
  });
  const mayOnlyBe = (
    name: string,
    claims: TokenOptions['claims'],
    asked: string,
    roles: readonly string[],
    hint = roles.length === 0 ? PERMITS_NONE : CONNECT_OTHERWISE,
  ): Recipe => ({
    name,
    policy: 'people',
    role: asked,
    password: person(claims),
    expected: {
      code: 'ERR_ROLE_NOT_PERMITTED',
      message: `role "${asked}" asked for, and ${
        roles.length === 0
          ? 'the role rules permit none for this token'
          : `the token may only be ${roles.map((one) => `"${one}"`).join(', ')}`
      }`,
      hint,
    },
  });
  const mayNotBeProtected = (
    name: string,
    claims: TokenOptions['claims'],
    asked: string,
  ): Recipe => ({
    name,
    policy: 'people',
    role: asked,
    password: person(claims),
    expected: {
      code: 'ERR_ROLE_PROTECTED',
      message: `role "${asked}" is protected, no token may log in as it (protectedRoles: "postgres", "pg_*", "*_owner", "a*b*c")`,
    },
  });
  const name63 = `r${'x'.repeat(62)}`;
  const name64 = `r${'x'.repeat(63)}`;
  // 62 bytes and one letter of two: PostgreSQL's cut goes through the letter.
  const umlaut64 = `${'x'.repeat(62)}\u00fc`;

  return [
    notPermitted('refuses the role of another subject', 'foo:admin'),
    notPermitted('refuses the role of another namespace', 'bar:myservice'),
    notPermitted('refuses the start of the role', 'foo:myservic'),
    notPermitted('refuses a longer role', 'foo:myservice2'),
    notPermitted('refuses the untrimmed subject', 'system:serviceaccount:foo:myservice'),
    notPermitted('refuses a role with a space behind', 'foo:myservice '),
    notPermitted(
      'refuses a role with a line break behind',
      'foo:myservice\n',
      String.raw`foo:myservice\n`,
    ),
    notPermitted(
      'refuses a role that differs in case only',
      'Foo:myservice',
      'Foo:myservice',
      CASE,
    ),
    notPermitted('refuses a role in capitals', 'FOO:MYSERVICE', 'FOO:MYSERVICE', CASE),
    notPermitted(
      'refuses a look-alike role',
      'f\u{43e}o:myservice',
      String.raw`f\u043eo:myservice`,
    ),
    notPermitted(
      'refuses a role with a full-width colon',
      'foo\u{ff1a}myservice',
      String.raw`foo\uff1amyservice`,
    ),
    notPermitted(
      'refuses a role with an invisible letter',
      'foo:my\u{200b}service',
      String.raw`foo:my\u200bservice`,
    ),
    notPermitted('refuses a quoted role', '"foo:myservice"', String.raw`\"foo:myservice\"`),
    notPermitted('refuses a pattern as role', '*'),
    notPermitted('refuses an empty role', ''),
    {
      name: 'refuses a role that was no UTF-8',
      role: 'foo:\u{fffd}',
      password: token({ claims: { sub: 'system:serviceaccount:foo:\u{fffd}' } }),
      expected: {
        code: 'ERR_ROLE_NOT_PERMITTED',
        message: String.raw`role "foo:\ufffd" is not valid UTF-8; expected a role name in UTF-8`,
      },
    },
    {
      name: 'does not take composed and decomposed letters for the same role',
      role: 'foo:caf\u00e9',
      password: token({ claims: { sub: 'system:serviceaccount:foo:cafe\u0301' } }),
      expected: {
        code: 'ERR_ROLE_NOT_PERMITTED',
        message: String.raw`role "foo:caf\u00e9" asked for, and the token may only be "foo:cafe\u0301"`,
      },
    },
    {
      name: 'grants a role beyond ASCII byte for byte',
      role: 'foo:caf\u00e9\u{1f600}',
      password: token({ claims: { sub: 'system:serviceaccount:foo:caf\u00e9\u{1f600}' } }),
      expected: granted(),
    },
    {
      name: 'refuses everybody where no rule matches',
      password: token({ claims: { sub: 'system:node:foo' } }),
      expected: {
        code: 'ERR_ROLE_NOT_PERMITTED',
        message: 'role "foo:myservice" asked for, and the role rules permit none for this token',
        hint: PERMITS_NONE,
      },
    },
    {
      name: 'refuses a subject that is nothing but the prefix',
      role: '',
      password: token({ claims: { sub: 'system:serviceaccount:' } }),
      expected: {
        code: 'ERR_ROLE_NOT_PERMITTED',
        message: 'role "" asked for, and the role rules permit none for this token',
      },
    },
    {
      name: 'refuses a prefix in another case',
      password: token({ claims: { sub: 'System:ServiceAccount:foo:myservice' } }),
      expected: {
        code: 'ERR_ROLE_NOT_PERMITTED',
        message: 'role "foo:myservice" asked for, and the role rules permit none for this token',
      },
    },
    {
      name: 'takes the prefix off once only',
      password: token({
        claims: { sub: 'system:serviceaccount:system:serviceaccount:foo:myservice' },
      }),
      expected: {
        code: 'ERR_ROLE_NOT_PERMITTED',
        message:
          'role "foo:myservice" asked for, and the token may only be "system:serviceaccount:foo:myservice"',
      },
    },

    subject(
      'refuses postgres, though a rule yields it',
      'postgres',
      'postgres',
      isProtected('postgres'),
    ),
    ...['root', 'pg_monitor', 'pg_', 'pg_read_server_files'].map((asked) =>
      subject(`refuses ${asked}, though a rule yields it`, asked, asked, isProtected(asked)),
    ),
    subject(
      'refuses postgres to a token that may be another role',
      'alice',
      'postgres',
      isProtected('postgres'),
    ),
    subject('does not name a protected role among those a token may be', 'pg_monitor', 'alice', {
      code: 'ERR_ROLE_NOT_PERMITTED',
      message: 'role "alice" asked for, and the role rules permit none for this token',
    }),
    subject(
      'grants a role that only starts with a protected name',
      'postgres2',
      'postgres2',
      granted('subject'),
    ),
    ...['Root', 'root2', 'toor'].map((asked) =>
      subject(`grants ${asked}, which is not root`, asked, asked, granted('subject')),
    ),
    subject(
      'grants a role that only contains a protected pattern',
      'my_pg_role',
      'my_pg_role',
      granted('subject'),
    ),
    mayNotBeProtected(
      'refuses a role that a configured pattern protects',
      { 'https://example.com/role': 'app_owner' },
      'app_owner',
    ),
    mayNotBeProtected(
      'refuses a role that a pattern of several parts protects',
      { 'https://example.com/role': 'a1b2c' },
      'a1b2c',
    ),
    mayNotBeProtected(
      'refuses a role that a pattern protects with nothing between its parts',
      { 'https://example.com/role': 'abc' },
      'abc',
    ),
    mayBe(
      'grants a role that lacks a part of a protected pattern',
      { 'https://example.com/role': 'acb' },
      'acb',
    ),

    subject('grants a role of exactly 63 bytes', name63, name63, granted('subject')),
    subject(
      'refuses a role of 64 bytes to who asks for its first 63',
      name64,
      name64.slice(0, 63),
      tooLong(name64, 64),
    ),
    subject('refuses a role of 64 bytes in full', name64, name64, tooLong(name64, 64)),
    subject(
      'counts the bytes of a role, not its letters',
      umlaut64,
      umlaut64,
      tooLong(String.raw`${'x'.repeat(62)}\u00fc`, 64),
    ),
    subject('refuses a role that was cut through a letter', umlaut64, `${'x'.repeat(62)}\u{fffd}`, {
      code: 'ERR_ROLE_NOT_PERMITTED',
      message: String.raw`role "${'x'.repeat(62)}\ufffd" is not valid UTF-8; expected a role name in UTF-8`,
    }),
    subject('shows only the start of a very long role', 'y'.repeat(500), 'alice', {
      code: 'ERR_ROLE_TOO_LONG',
      message: `the token maps to role "${'y'.repeat(80)}"... (500 characters) of 500 bytes; PostgreSQL's role names have at most 63`,
    }),
    {
      name: 'grants 63 bytes that one rule yields, though another yields a role that is cut to them',
      policy: 'people',
      role: name63,
      password: person({ 'https://example.com/role': [name64, name63] }),
      expected: granted('people'),
    },

    mayBe('equals permits the first of its roles', listed(['staff', 'dba']), 'dba_ro'),
    mayBe('equals permits the second of its roles', listed(['staff', 'dba']), 'dba_rw'),
    mayBe('takes a claim that is text for a list of one', listed('dba'), 'dba_rw'),
    mayOnlyBe(
      'equals takes neither a longer nor a shorter value',
      listed(['dba2', 'db', 'DBA', 'dba ']),
      'dba_rw',
      [],
      'Values are compared byte for byte: "DBA" and "dba" differ in case.',
    ),
    mayOnlyBe('looks for no values inside of a text', listed('staff,dba'), 'dba_rw', []),
    mayOnlyBe(
      'looks at no value that is no text',
      listed([1, null, true, ['dba'], { dba: true }]),
      'dba_rw',
      [],
    ),
    mayOnlyBe(
      'takes no object for a list',
      listed({ 0: 'dba', length: 1 }),
      'dba_rw',
      [],
      'Claim "groups" is an object: write the path of a member, such as "/groups/0".',
    ),
    mayOnlyBe('names all roles that a token may be', listed(['dba', 'pg-a']), 'root', [
      'dba_ro',
      'dba_rw',
      'a',
    ]),
    mayBe('trims each element of a list', listed(['x', 'pg-one', 'pg-two']), 'two'),
    mayBe('replaces in one pass, the longest text first', listed(['pg-a-b_c--d']), 'a_b-c.d'),
    mayOnlyBe('does not replace what was put in', listed(['pg-a-b']), 'a-b', ['a_b']),
    mayBe('takes a suffix off', { email: 'alice@example.com' }, 'alice'),
    mayOnlyBe(
      'takes no suffix off that stands elsewhere',
      { email: 'alice@example.com.attacker.example' },
      'alice',
      [],
    ),
    mayOnlyBe(
      'takes no suffix off in another case',
      { email: 'alice@Example.com' },
      'alice',
      [],
      'Values are compared byte for byte: "@Example.com" and trimSuffix "@example.com" differ in case.',
    ),
    mayOnlyBe('matches nothing that is only the suffix', { email: '@example.com' }, 'alice', []),
    mayBe('takes prefix and suffix off', { path: '/team/blue/db' }, 'blue'),
    mayOnlyBe('does not count one text for prefix and suffix', { path: '/team/db' }, 'db', []),
    mayBe(
      'builds a role of the groups of a pattern',
      { upn: 'ada.byron@corp.example' },
      'byron_4d4',
    ),
    mayBe(
      'takes a group that did not take part for empty, and one that did for its text',
      { upn: 'ada.byron-x@corp.example' },
      'byron_4d4x',
    ),
    mayBe(
      'permits every role of a pattern, without replacing in what the rule says',
      { upn: 'ada.byron@corp.example' },
      'staff',
    ),
    ...[
      'ada.byron@corp.example.org',
      'x ada.byron@corp.example',
      'ada.byron@corpXexample',
      'ada.byron@corp.example\n',
    ].map((upn) =>
      mayOnlyBe(`matches a pattern as a whole: not ${JSON.stringify(upn)}`, { upn }, 'staff', []),
    ),
    mayBe('anchors every branch of a pattern', { tier: 'golden' }, 'vip'),
    mayOnlyBe(
      'anchors every branch of a pattern at both ends',
      { tier: ['goldfish', 'old golden', 'gold\nx'] },
      'vip',
      [],
    ),
    mayBe(
      'finds a claim by JSON Pointer',
      { realm_access: { roles: ['x', 'db:writer'] } },
      'writer',
    ),
    mayOnlyBe(
      'takes a JSON Pointer for no name',
      { '/realm_access/roles': ['db:writer'] },
      'writer',
      [],
      NO_CLAIMS,
    ),
    mayBe(
      'finds a claim by JSON Pointer with escapes and an index',
      { 'a/b': { '~c': ['no', 'yes'] } },
      'pointed',
    ),
    mayBe('finds a claim whose name is a URL', { 'https://example.com/role': 'named' }, 'named'),
    ...[
      ['proto', '"__proto__":"yes"'],
      ['constructed', '"constructor":"yes"'],
      ['deep_proto', '"__proto__":{"name":"yes"}'],
    ].map(([asked = '', member = '']) => ({
      name: `finds a claim named like a part of every object: ${member}`,
      policy: 'people',
      role: asked,
      password: person({}, proto(member)),
      expected: granted('people'),
    })),
    mayOnlyBe('does not find what only every object has', { x: 1 }, 'constructed', [], NO_CLAIMS),
    mayOnlyBe(
      'permits no empty role and none with half a surrogate pair',
      { 'https://example.com/role': ['', '\u{d800}', 'ok'] },
      'root',
      ['ok'],
    ),
    mayOnlyBe(
      'does not take a role with a NUL for what stands before it',
      { 'https://example.com/role': 'ok\0x' },
      'ok',
      [String.raw`ok\u0000x`],
    ),
  ];
}
