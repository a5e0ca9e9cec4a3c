// Merge keys of YAML 1.1: refused in one problem, whatever is missing for want of them.
import { describe, expect, it } from 'vitest';

import { parseConfig } from '../../../src/config/parse-config.ts';
import { problemsOf } from '../problems-of.ts';

const told = (place: string): string =>
  `issuers.yaml:${place}."<<": Invalid key: merge keys ("<<") are not supported`;

const base = `apiVersion: pgtoken/v1
issuers:
- &base
  name: eu
  issuer: &issuer {url: "https://eu.example.com", audiences: [postgres]}
  keys: &keys {jwksURI: "https://eu.example.com/keys"}
  token: &token {maxLifetime: 1h}
  roles: [&rule {claim: groups, equals: dba, role: dba_ro}]
`;

describe('a merge key', () => {
  it.each<readonly [where: string, more: string, place: string]>([
    ['an entry', '- <<: *base\n  name: us', '9:3: issuers[1]'],
    ['an entry, alone', '- <<: *base', '9:3: issuers[1]'],
    ['an entry, after its keys', '- name: us\n  <<: *base', '10:3: issuers[1]'],
    ['an entry, of several', '- <<: [*base, *base]\n  name: us', '9:3: issuers[1]'],
    ['an entry, in quotes', '- "<<": *base\n  name: us', '9:3: issuers[1]'],
    ['an entry, of nothing', '- <<: 1\n  name: us', '9:3: issuers[1]'],
    [
      'the issuer',
      '- name: us\n  issuer: {<<: *issuer, audiences: [a, b]}\n  roles: [*rule]',
      '10:12: issuers[1].issuer',
    ],
    [
      'the keys',
      '- name: us\n  issuer: *issuer\n  keys: {<<: *keys}\n  roles: [*rule]',
      '11:10: issuers[1].keys',
    ],
    [
      'a rule',
      '- name: us\n  issuer: *issuer\n  roles: [{<<: *rule, role: dba_rw}]',
      '11:12: issuers[1].roles[0]',
    ],
    [
      'the limits',
      '- name: us\n  issuer: *issuer\n  roles: [*rule]\n  token: {<<: *token, maxAge: 1h}',
      '12:11: issuers[1].token',
    ],
  ])('in %s is one problem', (_where, more, place) => {
    expect(problemsOf(`${base}${more}\n`)).toEqual([told(place)]);
  });

  it('at the top is one problem', () => {
    expect(problemsOf(`${base}<<: {protectedRoles: []}\n`)).toEqual([
      'issuers.yaml:9:1: "<<": Invalid key: merge keys ("<<") are not supported',
    ]);
  });

  it('hides nothing that is wrong elsewhere, or further below', () => {
    expect(
      problemsOf(`${base.replace('1h', 'an hour')}- <<: *base
  name: us
  token: {maxBytes: 1}
- name: asia
  issuer: {url: "https://asia.example.com"}
  roles: []
  cache: {}
  cache: {}
`),
    ).toEqual([
      'issuers.yaml:7:31: issuers[0].token.maxLifetime: Invalid value: "an hour": must be a whole number with ms, s, m, h or d, such as "30s", "10m" or "24h"',
      told('9:3: issuers[1]'),
      'issuers.yaml:11:21: issuers[1].token.maxBytes: Invalid value: 1: must be 256 to 65535 bytes',
      'issuers.yaml:13:3: issuers[2].issuer.audiences: Required value: expected a list of audiences, such as [postgres]',
      'issuers.yaml:14:3: issuers[2].roles: Required value: at least one rule is required, as without one nobody may log in',
      'issuers.yaml:16:3: Duplicate value: key "cache" stands twice in the same mapping',
    ]);
  });

  it('comes with what to do instead, which works', () => {
    const parsed = parseConfig(`${base}- <<: *base\n`);
    expect(!parsed.ok && parsed.problems.map(({ hint }) => hint)).toEqual([
      'Write the keys out; an anchor on a whole value works: token: &limits {maxLifetime: 1h}, and token: *limits elsewhere.',
    ]);
    expect(
      problemsOf(`${base}- {name: us, issuer: *issuer, token: *token, roles: [*rule]}\n`),
    ).toEqual([]);
  });

  it('is a text to replace like any other', () => {
    const rule = '{claim: sub, replace: {"<<": "_"}}';
    expect(problemsOf(`${base}- {name: us, issuer: *issuer, roles: [${rule}]}\n`)).toEqual([]);
  });
});
