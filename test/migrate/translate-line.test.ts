// What becomes of a whole line: which ones cannot be used, with every problem at once, and that whatever stands in a line stays
// a value or a comment of the file that is made of it. What is carried over is in the vectors.
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';

import { formatFinding, formatMigration } from '../../src/migrate/format-migration.ts';
import { parseGoDuration } from '../../src/migrate/parse-go-duration.ts';
import { translateLine } from '../../src/migrate/translate-line.ts';

const OPTIONS =
  'issuer, aud, user_template, groups_claim_key, authorized_groups, require_acr, require_acrs, http_proxy, cache_dir, cache_ttl';
const MISSING = [
  'issuer is missing; expected issuer=…, without which pam_oidc lets nobody in',
  'aud is missing; expected aud=…, without which pam_oidc lets nobody in',
];

describe('a line that cannot be used', () => {
  it.each<[line: string, ...problems: string[]]>([
    ['auth required pam_unix.so nullok', 'the module is "pam_unix.so"; expected pam_oidc.so'],
    ['auth required my_pam_oidc.so', 'the module is "my_pam_oidc.so"; expected pam_oidc.so'],
    [
      'account required pam_oidc.so issuer=https://a.example.com aud=b',
      'the line is for "account"; expected auth, as pam_oidc answers nothing else. Give the auth line; the account line of pam_pgtoken.so comes with it.',
    ],
    ['auth required pam_oidc.so', ...MISSING],
    ['auth required pam_oidc.so issuer= aud=', ...MISSING],
    [
      'auth required pam_oidc.so issur=https://a.example.com aud=b debug cache_ttl=soon',
      `pam_oidc knows no option "issur"; its options are ${OPTIONS}`,
      'argument "debug" has no "="; expected name=value. An argument with blanks stands in brackets as a whole, as in [user_template={{.Subject | trimPrefix "x"}}].',
      MISSING[0]!,
      'cache_ttl is "soon"; expected a duration of Go over 0, such as 30m or 12h',
    ],
    [
      'auth required pam_oidc.so issuer=https://a.example.com aud=b user_template={{.Subject|trimPrefix "x"}}',
      String.raw`argument "\"x\"}}" has no "="; expected name=value. An argument with blanks stands in brackets as a whole, as in [user_template={{.Subject | trimPrefix "x"}}].`,
    ],
    [
      'auth required pam_oidc.so issuer=https://a.example.com aud=b cache_ttl=0s',
      'cache_ttl is "0s"; expected a duration of Go over 0, such as 30m or 12h',
    ],
  ])('%s', (line, ...problems) => {
    const migration = translateLine(line);
    expect(migration.usable ? 'usable' : migration.problems.map(formatFinding)).toEqual(problems);
  });
});

describe('an entry', () => {
  it.each([
    ['https://K8s-OIDC.example.com:8443/a', 'k8s-oidc-example-com'],
    ['https://10.0.0.1', '10-0-0-1'],
    ['https://[::1]', '1'],
    [`https://${'a'.repeat(60)}.${'b'.repeat(60)}.example.com`, `${'a'.repeat(60)}-bb`],
    [`https://${'a'.repeat(62)}.example.com`, 'a'.repeat(62)],
    ['nonsense', 'migrated'],
  ])('of %s is called %s', (issuer, name) => {
    const migration = translateLine(`auth required pam_oidc.so issuer=${issuer} aud=b`);
    expect(migration.usable && migration.entry.name).toBe(name);
  });
});

describe('the file', () => {
  it('holds the values of the line as they are, and nothing else of it but comments', () => {
    const text = fc.string({
      unit: fc.constantFrom(...Array.from('ab:,{}[]#&*!|>\'"%@`-? \\1é~=')),
      maxLength: 12,
    });
    const quoted = text.map((value) =>
      value
        .replaceAll(']', String.raw`\]`)
        .replaceAll('#', '')
        .replace(/\\+$/, ''),
    );
    let usable = 0;
    fc.assert(
      fc.property(quoted, quoted, quoted, quoted, quoted, (path, aud, prefix, group, acr) => {
        const migration = translateLine(
          `auth required pam_oidc.so [issuer=https://a.example.com/${path}] [aud=${aud}] [user_template=x{{.Subject | trimPrefix \`${prefix}\`}}] [groups_claim_key=${group}] [authorized_groups=${group}] [require_acr=${acr}]`,
        );
        if (!migration.usable) return;
        usable += 1;
        const { entry } = migration;
        const { roles, ...rest } = entry;
        const file = formatMigration(migration);
        expect(parse(file)).toEqual({
          apiVersion: 'pgtoken/v1',
          issuers: [roles.length === 0 ? rest : entry],
        });
        expect(entry.issuer.audiences).toEqual([aud.replaceAll(String.raw`\]`, ']')]);
        const [comments = ''] = file.split('\napiVersion: ');
        expect(comments.split('\n').filter((line) => !line.startsWith('#'))).toEqual([]);
      }),
      { numRuns: 1000, seed: 4 },
    );
    expect(usable).toBeGreaterThan(500);
  });

  it('has comments of at most 100 columns, where words let it', () => {
    const migration = translateLine(
      'auth sufficient pam_oidc.so issuer=http://a.example.com/ aud=b user_template={{.Extra.a}} authorized_groups=, cache_dir=/x http_proxy=y',
    );
    if (!migration.usable) throw new Error('it can be used');
    const lines = formatMigration(migration).split('\n');
    expect(lines.filter((line) => line.length > 100)).toEqual([]);
    expect(lines.filter((line) => line.startsWith('#')).length).toBeGreaterThan(15);
  });

  it('never holds the password of a proxy, nor does what is said of it', () => {
    const start = 'auth required pam_oidc.so issuer=https://a.example.com aud=b';
    for (const proxy of [
      'user:secret@p',
      'http://user:secret@p:1',
      'socks5://user:secret@p',
      'http://user:secret@',
    ]) {
      const migration = translateLine(`${start} http_proxy=${proxy}`);
      if (!migration.usable) throw new Error('it can be used');
      expect(migration.losses).toHaveLength(1);
      expect(`${formatMigration(migration)}${JSON.stringify(migration)}`).not.toContain('secret');
    }
  });

  it('is made of anything, or there is a reason, and never an exception', () => {
    const start = fc.constantFrom(
      '',
      'auth required pam_oidc.so ',
      'auth required pam_oidc.so issuer=https://a aud=b ',
    );
    fc.assert(
      fc.property(start, fc.string({ unit: 'binary', maxLength: 60 }), (head, rest) => {
        const migration = translateLine(head + rest);
        const told = migration.usable
          ? formatMigration(migration)
          : migration.problems.map(formatFinding).join();
        expect(told).not.toBe('');
      }),
      { numRuns: 2000, seed: 4 },
    );
  });
});

it.each<[text: string, seconds: number | undefined]>([
  ['12h', 43_200],
  ['1h30m', 5400],
  ['1.5h', 5400],
  ['.5s', 0.5],
  ['1.s', 1],
  ['300ms', 0.3],
  ['+1m', 60],
  ['-1m', -60],
  ['0', 0],
  ['', undefined],
  ['5', undefined],
  ['1d', undefined],
  ['1 h', undefined],
  ['h', undefined],
  ['.s', undefined],
  ['1h2', undefined],
])('the duration %j is %s', (text, seconds) => {
  expect(parseGoDuration(text)).toBe(seconds);
});
