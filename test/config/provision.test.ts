// What issuers.yaml may say of roles that follow the token.
import { describe, expect, it } from 'vitest';

import { problemsOf } from './problems-of.ts';

const ONE = '[{name: main, connection: ""}]';
const TWO = '[{name: main, connection: ""}, {name: other, connection: ""}]';

const fileWith = (provision: string, more = '', servers = ONE): string => `apiVersion: pgtoken/v1
servers: ${servers}
issuers:
- name: a
  issuer: {url: "https://a.example.com", audiences: [postgres]}
  roles: [{claim: sub}]
  provision: ${provision}
${more}`;

const problems = (...file: Parameters<typeof fileWith>): string[] =>
  problemsOf(fileWith(...file)).map((line) =>
    line.replace(/^issuers\.yaml:\d+:\d+: issuers\[0\]\./, ''),
  );

describe('accepted is', () => {
  it.each([
    '{create: true, onError: deny}',
    '{memberOf: [], onError: allow}',
    `{create: true, memberOf: [app, {claim: groups, pattern: 'db-(.+)', role: '\\1'}], connectionLimit: 0, settings: {statement_timeout: 30s, transaction_timeout: "0"}, onError: deny}`,
    '{connectionLimit: 2147483647, onError: deny, server: main}',
  ])('%s', (provision) => {
    expect(problems(provision)).toEqual([]);
  });

  it('several servers, where the entry says which, and for whose services', () => {
    expect(
      problems('{create: true, onError: deny, server: other}', '  pam: {services: [x]}\n', TWO),
    ).toEqual([]);
  });
});

describe('refused is', () => {
  it.each([
    [
      'no onError',
      '{create: true}',
      'provision.onError: Required value: must be one of "deny", "allow"',
    ],
    [
      'nothing to do',
      '{onError: deny, create: false, settings: {}}',
      'provision: Required value: one of create, memberOf, connectionLimit, settings, as without it nothing is done',
    ],
    [
      'a setting that is not on the list',
      '{settings: {search_path: x}, onError: deny}',
      'provision.settings.search_path: Unknown field, known here: application_name, default_transaction_isolation, default_transaction_read_only, idle_in_transaction_session_timeout, idle_session_timeout, lock_timeout, statement_timeout, transaction_timeout, work_mem',
    ],
    [
      'a setting that looks like one',
      '{settings: {statement_timeut: 1s}, onError: deny}',
      'provision.settings.statement_timeut: Unknown field, did you mean "statement_timeout"?',
    ],
    [
      'a number for a setting',
      '{settings: {work_mem: 4}, onError: deny}',
      'provision.settings.work_mem: Invalid type: expected text, got number 4',
    ],
    [
      'too few connections',
      '{connectionLimit: -1, onError: deny}',
      'provision.connectionLimit: Invalid value: -1: must be 0 to 2147483647',
    ],
    [
      'half a connection',
      '{connectionLimit: 1.5, onError: deny}',
      'provision.connectionLimit: Invalid type: expected a whole number, got number 1.5',
    ],
    [
      'one membership',
      '{memberOf: app, onError: deny}',
      'provision.memberOf: Invalid type: expected a list of roles, and of rules as in roles, got text "app"',
    ],
    [
      'a membership twice',
      '{memberOf: [app, app], onError: deny}',
      'provision.memberOf[1]: Duplicate value: "app"',
    ],
    [
      'a membership of a number',
      '{memberOf: [7], onError: deny}',
      'provision.memberOf[0]: Invalid type: expected a role, or a rule as in roles, got number 7',
    ],
    [
      'a rule with another key',
      '{memberOf: [{claim: g, rolle: x}], onError: deny}',
      'provision.memberOf[0].rolle: Unknown field, did you mean "role"?',
    ],
    [
      'a rule that does not fit together',
      '{memberOf: [{claim: g, role: x}], onError: deny}',
      "provision.memberOf[0].role: Invalid value: a role needs equals or pattern beside it, which say for whom it is; pattern: '.*' means everybody",
    ],
    [
      'a server that there is not',
      '{create: true, server: x, onError: deny}',
      'provision.server: Invalid value: "x": is none of servers; expected "main"',
    ],
  ])('%s', (_what, provision, problem) => {
    expect(problems(provision).filter((line) => !line.startsWith('  HINT'))).toEqual([problem]);
  });

  it('provision without servers', () => {
    expect(problems('{create: true, onError: deny}', '', '[]')).toEqual([
      'provision: Invalid value: needs servers, the PostgreSQL servers whose roles are meant; expected at least one',
    ]);
  });

  it('several servers without saying which, or for whose services', () => {
    expect(problems('{create: true, onError: deny}', '', TWO)).toEqual([
      'provision.server: Required value: there are 2 servers; expected the one that the logins of this entry are for: "main", "other"',
      'provision.server: Invalid value: there are several servers, and the entry counts for the logins of all; expected pam.services with the services of this one',
    ]);
  });

  it('protected roles that may log in', () => {
    expect(
      problems('{create: true, onError: deny}', '  allowProtectedRoles: [postgres]\n'),
    ).toEqual([
      'provision: Invalid value: protected roles are never provisioned, and the entry has allowProtectedRoles',
    ]);
  });
});
