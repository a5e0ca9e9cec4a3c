// What PgBouncer is given to read, letter for letter, and names that try to be more than names.
import { describe, expect, it } from 'vitest';

import type { PoolerPlan, TenantPlan } from '../../../src/client/pooler/pooler-plan.ts';
import { renderFiles } from '../../../src/client/pooler/render-files.ts';
import { clientToken } from '../make-token.ts';

const tenant = (more: Partial<TenantPlan> = {}): TenantPlan => ({
  alias: 'orders',
  host: 'db.example.com',
  port: 5432,
  database: 'orders',
  role: 'foo:orders',
  source: { kind: 'file', path: '/tokens/orders' },
  poolSize: 20,
  poolMode: 'session',
  serverLifetime: undefined,
  ...more,
});
const planOf = (more: Partial<PoolerPlan> = {}): PoolerPlan => ({
  listen: { folder: undefined, mode: '0700', address: undefined, port: 6432 },
  tls: { mode: 'verify-full', caFile: '/etc/ca.crt' },
  tenants: [],
  pgbouncer: {
    path: '/usr/sbin/pgbouncer',
    maxClients: 1000,
    ignoreStartupParameters: ['extra_float_digits'],
  },
  drain: 20,
  ...more,
});
const TOKEN = clientToken();

describe('the files of PgBouncer', () => {
  it('have a line for each tenant, and a password where there is a token', () => {
    const files = renderFiles(
      planOf(),
      [
        { plan: tenant(), token: TOKEN },
        {
          plan: tenant({
            alias: 'reports',
            host: '/run/postgresql',
            port: 5433,
            database: 'reporting',
            role: 'reporting',
            poolSize: 3,
            poolMode: 'transaction',
            serverLifetime: 60,
          }),
          token: undefined,
        },
      ],
      '/run/pooler',
    );
    expect(files).toEqual({
      'pgbouncer.ini': `; Written by pgtoken pooler, and replaced whenever a token is.
[databases]
orders = host='db.example.com' port='5432' dbname='orders' user='foo:orders' password='${TOKEN.text}' pool_size='20' pool_mode='session' server_lifetime='90'
reports = host='/run/postgresql' port='5433' dbname='reporting' user='reporting' pool_size='3' pool_mode='transaction' server_lifetime='60'
[pgbouncer]
unix_socket_dir = /run/pooler
unix_socket_mode = 0700
listen_addr =
listen_port = 6432
auth_type = hba
auth_file = /run/pooler/userlist.txt
auth_hba_file = /run/pooler/hba.conf
admin_users =
stats_users =
pidfile = /run/pooler/pgbouncer.pid
logfile =
log_connections = 0
log_disconnections = 0
log_stats = 0
max_client_conn = 1000
ignore_startup_parameters = extra_float_digits
server_login_retry = 1
server_tls_sslmode = verify-full
server_tls_ca_file = /etc/ca.crt
`,
      'userlist.txt': '"foo:orders" ""\n"reporting" ""\n',
      'hba.conf': `# Written by pgtoken pooler, and replaced whenever a token is.
local "orders" "foo:orders" trust
local "reports" "reporting" trust
`,
    });
  });

  it('let clients in on the loopback interface where that is asked for, and nowhere else', () => {
    const listen = { folder: '/run/app', mode: '0770', address: '127.0.0.1', port: 7 } as const;
    const tls = { mode: 'disable', caFile: '/etc/ca.crt' } as const;
    const files = renderFiles(
      planOf({ listen, tls }),
      [{ plan: tenant(), token: TOKEN }],
      '/run/x',
    );
    const ini = files['pgbouncer.ini'].split('\n');
    expect(ini).toEqual(
      expect.arrayContaining([
        'unix_socket_dir = /run/app',
        'unix_socket_mode = 0770',
        'listen_addr = 127.0.0.1',
        'listen_port = 7',
        'server_tls_sslmode = disable',
      ]),
    );
    expect(ini.join('\n')).not.toContain('ca_file');
    expect(files['hba.conf'].split('\n').slice(1)).toEqual([
      'local "orders" "foo:orders" trust',
      'host "orders" "foo:orders" 127.0.0.0/8 trust',
      'host "orders" "foo:orders" ::1/128 trust',
      '',
    ]);
  });

  it('hold names with quotes, semicolons and words of the format as names alone', () => {
    const role = `a"b'; all  trust #`;
    const files = renderFiles(
      planOf(),
      [{ plan: tenant({ role, database: "x' password='y" }), token: undefined }],
      '/run/pooler',
    );
    expect(files['pgbouncer.ini'].split('\n')[2]).toBe(
      `orders = host='db.example.com' port='5432' dbname='x'' password=''y' user='a"b''; all  trust #' pool_size='20' pool_mode='session'`,
    );
    expect(files['userlist.txt']).toBe(`"a""b'; all  trust #" ""\n`);
    expect(files['hba.conf'].split('\n')[1]).toBe(`local "orders" "a""b'; all  trust #" trust`);
  });

  it.each([
    [600, 90],
    [60, 9],
    [5, 1],
    [86_400, 3600],
  ])('replace connections by the life of the token: %i s after %i', (exp, lifetime) => {
    const token = clientToken({ iat: 0, exp });
    const { 'pgbouncer.ini': ini } = renderFiles(planOf(), [{ plan: tenant(), token }], '/x');
    expect(ini).toContain(` server_lifetime='${lifetime}'\n`);
  });
});
