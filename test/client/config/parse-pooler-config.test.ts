// pooler.yaml: what becomes of one, and the problems of another, each with its place.
import { describe, expect, it } from 'vitest';

import { parsePoolerConfig } from '../../../src/client/config/parse-pooler-config.ts';
import { formatProblem } from '../../../src/config/problems.ts';

const problemsOf = (text: string): string[] => {
  const parsed = parsePoolerConfig(text, '/etc/app');
  return parsed.ok ? [] : parsed.problems.map((problem) => formatProblem('pooler.yaml', problem));
};
const HEAD = 'apiVersion: pgtoken/v1\n';
const TENANT = '- {alias: a, host: db, role: r, token: {file: token}}\n';
const tenantWith = (more: string): string =>
  `${HEAD}tenants:\n- {alias: a, host: db, role: r, token: {file: token}, ${more}}\n`;

describe('a pooler.yaml', () => {
  it('is a plan, with paths from its own folder', () => {
    const text = `${HEAD}listen: {folder: run, mode: "0770", address: 127.0.0.1, port: 7000}
tls: {mode: verify-ca, caFile: ca.crt}
tenants:
- alias: orders
  host: db.example.com
  port: 5433
  database: orders_eu
  role: foo:orders
  token: {file: tokens/orders}
  poolSize: 5
  poolMode: transaction
  serverLifetime: 5m
- {alias: b.c-d_1, host: "::1", role: r, token: {exec: {command: [get-token]}}}
pgbouncer: {path: bin/pgbouncer, maxClients: 50, ignoreStartupParameters: []}
drain: 1m
readyFile: ready
health: 0.0.0.0:10434
`;
    expect(parsePoolerConfig(text, '/etc/app')).toEqual({
      ok: true,
      plan: {
        listen: { folder: '/etc/app/run', mode: '0770', address: '127.0.0.1', port: 7000 },
        tls: { mode: 'verify-ca', caFile: '/etc/app/ca.crt' },
        tenants: [
          {
            alias: 'orders',
            host: 'db.example.com',
            port: 5433,
            database: 'orders_eu',
            role: 'foo:orders',
            source: { kind: 'file', path: '/etc/app/tokens/orders' },
            poolSize: 5,
            poolMode: 'transaction',
            serverLifetime: 300,
          },
          {
            alias: 'b.c-d_1',
            host: '::1',
            port: 5432,
            database: 'b.c-d_1',
            role: 'r',
            source: { kind: 'exec', argv: ['get-token'], deadline: 30 },
            poolSize: 20,
            poolMode: 'session',
            serverLifetime: undefined,
          },
        ],
        pgbouncer: { path: '/etc/app/bin/pgbouncer', maxClients: 50, ignoreStartupParameters: [] },
        drain: 60,
        readyFile: '/etc/app/ready',
        health: { host: '0.0.0.0', port: 10_434 },
      },
    });
  });

  it('has defaults that open nothing but a unix socket for the own user', () => {
    const parsed = parsePoolerConfig(`${HEAD}tenants:\n${TENANT}`, '/etc/app');
    expect(parsed).toMatchObject({
      ok: true,
      plan: {
        listen: { folder: undefined, mode: '0700', address: undefined, port: 6432 },
        tls: { mode: 'verify-full', caFile: '/etc/ssl/certs/ca-certificates.crt' },
        pgbouncer: {
          path: '/usr/sbin/pgbouncer',
          maxClients: 1000,
          ignoreStartupParameters: ['extra_float_digits'],
        },
        drain: 20,
      },
    });
    expect(parsed.ok && Object.keys(parsed.plan)).not.toContain('health');
  });

  it('tells all its problems at once', () => {
    const text = `${HEAD}listen: {adress: 127.0.0.1, port: 0}
tenants:
- {alias: a, host: db, role: r, token: {file: token}}
- {alias: a, host: db, token: {}}
drain: 5
`;
    expect(problemsOf(text)).toEqual([
      'pooler.yaml:2:10: listen.adress: Unknown field, did you mean "address"?',
      'pooler.yaml:2:35: listen.port: Invalid value: 0: must be 1 to 65535',
      'pooler.yaml:5:3: tenants[1].role: Required value: expected text',
      'pooler.yaml:5:24: tenants[1].token: Invalid value: expected exactly one of file, exec, gcpMetadata, azureIMDS, azureFederation, awsSTS',
      'pooler.yaml:6:8: drain: Invalid type: expected a whole number with ms, s, m, h or d, such as "30s", "10m" or "24h", got number 5',
    ]);
  });

  it('is told of keys that stand twice, also inside', () => {
    expect(problemsOf(`${HEAD}tenants:\n- {alias: a, alias: b}\n`)).toContain(
      'pooler.yaml:3:14: Duplicate value: key "alias" stands twice in the same mapping',
    );
  });

  it.each([
    [
      'a name that ends the line',
      'role: "r\\n[pgbouncer]"',
      /role: .*must have no control character/,
    ],
    ['a database with a NUL', 'database: "a\\0b"', /database: .*must have no control character/],
    ['a long role', `role: ${'r'.repeat(64)}`, /role: .*must have at most 63 bytes/],
    ['several hosts', 'host: "a,b"', /host: .*must be one host name or address/],
    ['a host with more to say', `host: "db' user='root"`, /host: .*must be one host name/],
    ['a pool of none', 'poolSize: 0', /poolSize: .*must be 1 to 10000/],
    ['a pool mode of its own', 'poolMode: none', /poolMode: Unsupported value: "none"/],
  ])('is refused for %s', (_what, more, problem) => {
    const keys = more.slice(0, more.indexOf(':'));
    const base: Record<string, string> = { alias: 'a', host: 'db', role: 'r' };
    delete base[keys];
    const rest = Object.entries(base).map(([key, value]) => `${key}: ${value}`);
    const text = `${HEAD}tenants:\n- {${[...rest, 'token: {file: t}', more].join(', ')}}\n`;
    expect(problemsOf(text)).toEqual([expect.stringMatching(problem)]);
  });

  it.each([
    '"*"',
    '"a b"',
    '"a;b"',
    `"a'b"`,
    '"a\\nb"',
    '"%include"',
    '".a"',
    '"-a"',
    'a'.repeat(64),
    'ä',
    '"[x]"',
  ])('has no alias %s', (alias) => {
    const text = `${HEAD}tenants:\n- {alias: ${alias}, host: db, role: r, token: {file: t}}\n`;
    expect(problemsOf(text)).toEqual([
      expect.stringContaining('must be 1 to 63 letters, digits, "_", "." or "-"'),
    ]);
  });

  it.each(['pgbouncer', 'PgBouncer'])('has no alias %s, which is the console', (alias) => {
    const text = `${HEAD}tenants:\n- {alias: ${alias}, host: db, role: r, token: {file: t}}\n`;
    expect(problemsOf(text)).toEqual([expect.stringContaining("this is PgBouncer's console")]);
  });

  it('has each alias once', () => {
    expect(problemsOf(`${HEAD}tenants:\n${TENANT}${TENANT}`)).toEqual([
      'pooler.yaml:4:11: tenants[1].alias: Duplicate value: "a": another tenant has this alias',
    ]);
  });

  it.each(['0.0.0.0', '10.0.0.1', '"::"', 'localhost', '"*"', '"127.0.0.1,0.0.0.0"'])(
    'listens at no address %s',
    (address) => {
      expect(problemsOf(`${HEAD}listen: {address: ${address}}\ntenants:\n${TENANT}`)).toEqual([
        expect.stringContaining(
          'must be 127.0.0.1 or ::1: whoever connects logs in without a password',
        ),
      ]);
    },
  );

  it.each(['"0777"', '"0755"', '"0707"'])('gives its socket no mode %s', (mode) => {
    expect(problemsOf(`${HEAD}listen: {mode: ${mode}}\ntenants:\n${TENANT}`)).toEqual([
      expect.stringContaining('must be one of "0700", "0770"'),
    ]);
  });

  it.each([
    ['db', 'refused'],
    ['10.0.0.1', 'refused'],
    ['localhost.example.com', 'refused'],
    ['127.0.0.1', 'accepted'],
    ['"::1"', 'accepted'],
    ['localhost', 'accepted'],
    ['/run/postgresql', 'accepted'],
  ])('without TLS to %s is %s', (host, outcome) => {
    const text = `${HEAD}tls: {mode: disable}\ntenants:\n- {alias: a, host: ${host}, role: r, token: {file: t}}\n`;
    expect(problemsOf(text)).toEqual(
      outcome === 'accepted'
        ? []
        : [
            'pooler.yaml:2:13: tls.mode: Invalid value: "disable": tenants are on other hosts, where the token would travel as it is',
          ],
    );
  });

  it.each(['require', 'prefer', 'allow'])('knows no TLS that verifies nobody: %s', (mode) => {
    expect(problemsOf(`${HEAD}tls: {mode: ${mode}}\ntenants:\n${TENANT}`)).toEqual([
      expect.stringContaining('must be one of "verify-full", "verify-ca", "disable"'),
    ]);
  });

  it.each(['localhost:1', '1.2.3.4', '1.2.3.4:0', '1.2.3.4:70000', '"[::1]"', '"*:80"'])(
    'serves no health at %s',
    (address) => {
      expect(problemsOf(`${HEAD}health: ${address}\ntenants:\n${TENANT}`)).toEqual([
        expect.stringContaining('must be ADDRESS:PORT'),
      ]);
    },
  );

  it('passes over no startup parameter that is none', () => {
    const text = `${HEAD}pgbouncer: {ignoreStartupParameters: ["a,b", "x\\ny"]}\ntenants:\n${TENANT}`;
    expect(problemsOf(text)).toEqual([
      expect.stringContaining('must be the name of a parameter'),
      expect.stringContaining('must be the name of a parameter'),
    ]);
  });
});

it('a tenant takes what it may', () => {
  expect(problemsOf(tenantWith('database: "x\'; y", poolSize: 10000'))).toEqual([]);
});
