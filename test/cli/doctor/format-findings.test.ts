// How findings are shown to a person.
import { describe, expect, it } from 'vitest';

import { colourful, formatFindings, plain } from '../../../src/cli/doctor/format-findings.ts';
import { fault, ok } from '../../../src/doctor/finding.ts';

describe('findings', () => {
  it('stand below their topic, failures last, in lines of at most 80 columns, with what is to be copied as it is', () => {
    const text = formatFindings(
      [
        ok('config', '/etc/pgtoken/issuers.yaml', 'issuers: homelab'),
        fault(
          'hba-unused',
          '/hba',
          `no ${'word '.repeat(20)}`.trim(),
          'Do this:\n  host  all   all',
        ),
        fault('hba-hostname', '/hba:2', 'y', 'Z.'),
        ok('socket', '/s', 'first'),
        ok('hba', '/hba:1', 'x'),
        fault('config-empty', '/c', 'no issuer', 'Write one.'),
      ],
      plain,
    );
    expect(text).toBe(`configuration
  ok       /etc/pgtoken/issuers.yaml: issuers: homelab
socket
  ok       /s: first
pg_hba.conf
  ok       /hba:1: x

pg_hba.conf
  warning  /hba:2: y
           HINT: Z.

configuration
  failure  /c: no issuer
           HINT: Write one.
pg_hba.conf
  failure  /hba: no word word word word word word word word word word word word
           word word word word word word word word
           HINT: Do this:
             host  all   all
`);
  });

  it('keep a word that is longer than a line whole', () => {
    const path = `/${'x'.repeat(90)}`;
    expect(formatFindings([ok('socket', path, 'a b')], plain)).toBe(
      `socket\n  ok       ${path}:\n           a b\n`,
    );
  });

  it('hold nothing that a terminal would obey', () => {
    const evil = 'a\u{1b}[2J\nb';
    const text = formatFindings([fault('daemon-down', evil, evil, 'Do.\n  \u{1b}[1m')], plain);
    expect(text).toBe(
      'daemon\n  failure  a?[2J?b: a?[2J?b\n           HINT: Do.\n             ?[1m\n',
    );
  });

  it('have levels in colour, which takes no room', () => {
    const found = [ok('clock', 'a', 'b'), fault('clock-skewed', 'a', 'b', 'C.')];
    expect(formatFindings([...found, fault('clock-wrong', 'a', 'b', 'C.')], colourful)).toBe(
      'clock\n' +
        '  \u{1b}[32mok\u{1b}[0m       a: b\n\nclock\n' +
        '  \u{1b}[33mwarning\u{1b}[0m  a: b\n           HINT: C.\n\nclock\n' +
        '  \u{1b}[31mfailure\u{1b}[0m  a: b\n           HINT: C.\n',
    );
  });
});
