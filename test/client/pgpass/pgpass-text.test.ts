// The text of a .pgpass: what libpq reads out of it, and what of others stays in it.
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { findPassword, updatePgpass } from '../../../src/client/pgpass/pgpass-text.ts';

const KEY = { host: 'db', port: '5432', database: '*', user: 'foo:my' };
const entry = (password: string, more = {}) => ({ ...KEY, password, ...more });
const LINE = String.raw`db:5432:*:foo\:my:`;

describe('a line', () => {
  it.each([
    ['a colon and a backslash', { user: String.raw`a:b\c` }, String.raw`db:5432:*:a\:b\\c:t`],
    ['an address of IPv6', { host: '::1' }, String.raw`\:\:1:5432:*:foo\:my:t`],
    [
      'a role that is not ASCII',
      { user: 'jürgen' },
      `db:5432:*:${Buffer.from('jürgen').toString('latin1')}:t`,
    ],
  ])('escapes %s', (_what, more, line) => {
    expect(updatePgpass('', [entry('t', more)])).toBe(`${line}\n`);
  });
});

describe('an update', () => {
  it.each<readonly [what: string, before: string, after: string]>([
    ['makes a line where there is none', '', `${LINE}t\n`],
    ['puts it last', 'a:1:b:c:d\n# mine\n', `a:1:b:c:d\n# mine\n${LINE}t\n`],
    ['ends the line before', 'a:1:b:c:d', `a:1:b:c:d\n${LINE}t\n`],
    [
      'replaces its own line in its place',
      `x:1:b:c:d\n${LINE}old\ny:1:b:c:d\n`,
      `x:1:b:c:d\n${LINE}t\ny:1:b:c:d\n`,
    ],
    ['keeps one of several', `${LINE}old\nx:1:b:c:d\n${LINE}older\n`, `${LINE}t\nx:1:b:c:d\n`],
    [
      'goes in front of a line that would be found before it',
      `*:*:*:*:any\n`,
      `${LINE}t\n*:*:*:*:any\n`,
    ],
    ['moves in front of such a line', `*:*:*:*:any\n${LINE}old\n`, `${LINE}t\n*:*:*:*:any\n`],
    [
      'leaves comments, empty lines and rubbish alone',
      `#${LINE}old\n\nrubbish\r\n${LINE}old\r\n`,
      `#${LINE}old\n\nrubbish\r\n${LINE}t\n`,
    ],
    [
      'leaves bytes that are not UTF-8 alone',
      `\u00ff\u0080:1:b:c:d\n`,
      `\u00ff\u0080:1:b:c:d\n${LINE}t\n`,
    ],
    [
      'leaves the line of another database alone',
      `db:5432:other:foo\\:my:x\n`,
      `db:5432:other:foo\\:my:x\n${LINE}t\n`,
    ],
  ])('%s', (_what, before, after) => {
    expect(updatePgpass(before, [entry('t')])).toBe(after);
  });

  it('takes a line away that is no longer wanted', () => {
    expect(updatePgpass(`${LINE}old\n`, [entry('t', { user: 'other' })], [KEY])).toBe(
      'db:5432:*:other:t\n',
    );
  });

  it('changes nothing the second time, and loses no line of others, whatever there is', () => {
    const text = fc.string({
      unit: fc.constantFrom(...Array.from('ab:\\*#\n\r5 \u00ff')),
      maxLength: 60,
    });
    const field = fc.string({
      unit: fc.constantFrom(...Array.from('ab:\\*')),
      minLength: 1,
      maxLength: 4,
    });
    const any = fc.record({
      host: field,
      port: field,
      database: field,
      user: field,
      password: field,
    });
    fc.assert(
      fc.property(text, fc.array(any, { minLength: 1, maxLength: 1 }), (before, entries) => {
        const once = updatePgpass(before, entries);
        expect(updatePgpass(once, entries)).toBe(once);
        expect(findPassword(once, entries[0]!)).toBe(entries[0]!.password);
        const kept = before
          .split('\n')
          .filter((line) => findPassword(line, entries[0]!) === undefined);
        const left = once
          .split('\n')
          .filter((line) => findPassword(line, entries[0]!) === undefined);
        expect(left.filter((line) => line !== '')).toEqual(kept.filter((line) => line !== ''));
      }),
    );
  });
});
