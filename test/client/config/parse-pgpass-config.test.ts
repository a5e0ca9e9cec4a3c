// pgpass.yaml: what becomes of one, and the problems of another, each with its place.
import { describe, expect, it } from 'vitest';

import { parsePgpassConfig } from '../../../src/client/config/parse-pgpass-config.ts';
import { formatProblem } from '../../../src/config/problems.ts';

const OPTIONS = { folder: '/etc/app', defaultFile: '/home/app/.pgpass', once: false };
const problemsOf = (text: string): string[] => {
  const parsed = parsePgpassConfig(text, OPTIONS);
  return parsed.ok ? [] : parsed.problems.map((problem) => formatProblem('pgpass.yaml', problem));
};
const HEAD = 'apiVersion: pgtoken/v1\n';
const LINE = '- {host: db, user: a, token: {file: token}}\n';

describe('a pgpass.yaml', () => {
  it('is a plan, with paths from its own folder', () => {
    const text = `${HEAD}file: pgpass
mode: 0640
lines:
- host: db.example.com
  port: 6432
  database: app
  user: foo:myservice
  token: {file: tokens/postgres}
- host: other.example.com
  userFrom: {claim: sub, trimPrefix: "system:serviceaccount:"}
  token: {exec: {command: [kubectl, oidc-login, get-token], timeout: 5s}}
- {host: a, user: a, token: {gcpMetadata: {audience: postgres}}}
- {host: b, user: b, token: {azureIMDS: {resource: "api://postgres"}}}
- {host: c, user: c, token: {azureFederation: {scope: "api://postgres/.default"}}}
afterChange: {signal: app.pid, exec: [app, reload]}
readyFile: /run/ready
health: 127.0.0.1:10433
`;
    const named = (name: string) => ({ kind: 'name', name });
    const common = { port: '5432', database: '*' };
    expect(parsePgpassConfig(text, OPTIONS)).toEqual({
      ok: true,
      plan: {
        file: '/etc/app/pgpass',
        mode: 0o640,
        once: false,
        lines: [
          {
            host: 'db.example.com',
            port: '6432',
            database: 'app',
            user: named('foo:myservice'),
            source: { kind: 'file', path: '/etc/app/tokens/postgres' },
          },
          {
            ...common,
            host: 'other.example.com',
            user: { kind: 'claim', claim: 'sub', trimPrefix: 'system:serviceaccount:' },
            source: { kind: 'exec', argv: ['kubectl', 'oidc-login', 'get-token'], deadline: 5 },
          },
          {
            ...common,
            host: 'a',
            user: named('a'),
            source: { kind: 'gcp-metadata', audience: 'postgres' },
          },
          {
            ...common,
            host: 'b',
            user: named('b'),
            source: { kind: 'azure-imds', resource: 'api://postgres', clientID: undefined },
          },
          {
            ...common,
            host: 'c',
            user: named('c'),
            source: { kind: 'azure-federation', scope: 'api://postgres/.default' },
          },
        ],
        afterChange: { signal: '/etc/app/app.pid', exec: ['app', 'reload'] },
        readyFile: '/run/ready',
        health: { host: '127.0.0.1', port: 10_433 },
      },
    });
  });

  it('needs little: the .pgpass is where libpq looks, with mode 0600', () => {
    expect(parsePgpassConfig(`${HEAD}lines:\n${LINE}`, OPTIONS)).toMatchObject({
      ok: true,
      plan: { file: '/home/app/.pgpass', mode: 0o600, afterChange: {} },
    });
  });
});

describe('one with problems', () => {
  it('has them told all at once, each with its place', () => {
    const text = `${HEAD}mode: 0644
lines:
- host: db
  port: 70000
  usr: a
  token: {file: x, exec: {command: []}}
- {host: "a\\nb", user: a, userFrom: {claim: sub}, token: {}}
health: 0.0.0.0:80
`;
    expect(problemsOf(text)).toEqual([
      'pgpass.yaml:2:7: mode: Invalid value: 644: must be "0600" or "0400"; or "0640" or "0440", which libpq passes over',
      'pgpass.yaml:5:9: lines[0].port: Invalid value: 70000: must be 1 to 65535',
      'pgpass.yaml:6:3: lines[0].usr: Unknown field, did you mean "user"?',
      'pgpass.yaml:7:3: lines[0].token: Invalid value: expected exactly one of file, exec, gcpMetadata, azureIMDS, azureFederation, awsSTS',
      'pgpass.yaml:7:27: lines[0].token.exec.command: Required value: must not be empty',
      String.raw`pgpass.yaml:8:10: lines[1].host: Invalid value: "a\nb": must have no line break, which a line of the file cannot hold`,
      'pgpass.yaml:8:51: lines[1].token: Invalid value: expected exactly one of file, exec, gcpMetadata, azureIMDS, azureFederation, awsSTS',
      'pgpass.yaml:9:9: health: Invalid value: "0.0.0.0:80": must be 127.0.0.1:PORT or [::1]:PORT, as it tells who logs in where',
    ]);
  });

  it.each([
    ['no line', `${HEAD}lines: []\n`, 'pgpass.yaml:2:1: lines: Required value: must not be empty'],
    [
      'no role',
      `${HEAD}lines: [{host: a, token: {file: a}}]\n`,
      'pgpass.yaml:2:9: lines[0]: Invalid value: expected exactly one of user, userFrom',
    ],
    [
      'another version',
      `apiVersion: pgtoken/v2\nlines:\n${LINE}`,
      'pgpass.yaml:1:13: apiVersion: Unsupported value: "pgtoken/v2": must be "pgtoken/v1"',
    ],
    [
      'no YAML',
      'a: b: c',
      'pgpass.yaml:1:4: Invalid YAML: Nested mappings are not allowed in compact mappings',
    ],
    [
      'a key twice',
      `${HEAD}${HEAD}lines:\n${LINE}`,
      'pgpass.yaml:2:1: Duplicate value: key "apiVersion" stands twice in the same mapping',
    ],
    [
      'a bomb',
      `x: [${'1,'.repeat(20_000)}]`,
      'pgpass.yaml:1:1: Invalid YAML: over 15000 values; expected at most that',
    ],
  ])('says so: %s', (_what, text, problem) => {
    expect(problemsOf(text)).toEqual([problem]);
  });
});
