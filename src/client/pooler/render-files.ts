// The files that PgBouncer reads, from the plan and the tokens that there are: as text alone, before anything is written. Tokens
// are in pgbouncer.ini; whoever writes it sees to it that nobody else reads it.
//
// Who may log in is said line by line: a client must name the role of the tenant, and nothing leads to the console, which is for
// the user of the process itself, by its unix socket (PgBouncer knows it by SO_PEERCRED).
import { join } from 'node:path';
import type { ClientToken } from '../token/client-token.ts';
import type { PoolerPlan, TenantPlan } from './pooler-plan.ts';

/** A tenant and the token that it has now. */
export interface TenantLogin {
  readonly plan: TenantPlan;
  /** Undefined while there is none to log in with. */
  readonly token: ClientToken | undefined;
}

/** The texts of the files, by their names in the folder. */
export type PoolerFiles = Readonly<Record<'pgbouncer.ini' | 'userlist.txt' | 'hba.conf', string>>;

/** The names of the files and of the process ID in the folder. */
export const PID_FILE = 'pgbouncer.pid';
/** What PgBouncer is started with. */
export const INI_FILE = 'pgbouncer.ini';

/**
 * How long PgBouncer waits after a server login that was refused, in seconds: as long it refuses clients of that tenant, also when
 * a RELOAD has brought a good token. By default it is 15.
 */
const SERVER_LOGIN_RETRY = 1;
/**
 * The part of a token's life after which a connection is replaced. A source has a new token when at least a fifth of the life of
 * the old one is left (the kubelet, and refreshPause): no connection that is in the pool is older than its token then.
 */
const LIFETIME_PART = 0.15;
const LONGEST_LIFETIME = 3600;

/** Renders them. @param folder the folder of the pooler. */
export function renderFiles(
  plan: PoolerPlan,
  tenants: readonly TenantLogin[],
  folder: string,
): PoolerFiles {
  const { listen, tls, pgbouncer } = plan;
  const settings: readonly (readonly [name: string, value: string | number])[] = [
    ['unix_socket_dir', listen.folder ?? folder],
    ['unix_socket_mode', listen.mode],
    ['listen_addr', listen.address ?? ''],
    ['listen_port', listen.port],
    ['auth_type', 'hba'],
    ['auth_file', join(folder, 'userlist.txt')],
    ['auth_hba_file', join(folder, 'hba.conf')],
    ['admin_users', ''],
    ['stats_users', ''],
    ['pidfile', join(folder, PID_FILE)],
    ['logfile', ''],
    ['log_connections', 0],
    ['log_disconnections', 0],
    ['log_stats', 0],
    ['max_client_conn', pgbouncer.maxClients],
    ['ignore_startup_parameters', pgbouncer.ignoreStartupParameters.join(',')],
    ['server_login_retry', SERVER_LOGIN_RETRY],
    ['server_tls_sslmode', tls.mode],
    ...(tls.mode === 'disable' ? [] : ([['server_tls_ca_file', tls.caFile]] as const)),
  ];
  const roles = [...new Set(tenants.map(({ plan: { role } }) => role))];
  const methods =
    listen.address === undefined ? ['local'] : ['local', `host 127.0.0.0/8`, 'host ::1/128'];
  return {
    [INI_FILE]: [
      HEAD.replaceAll('#', ';'),
      '[databases]',
      ...tenants.map(renderDatabase),
      '[pgbouncer]',
      ...settings.map(([name, value]) => `${name} = ${value}`.trimEnd()),
      '',
    ].join('\n'),
    // Without a password: PgBouncer asks its clients for none, and would send it to the server where a tenant has no token.
    'userlist.txt': roles.map((role) => `${quoteDouble(role)} ""\n`).join(''),
    'hba.conf': [
      HEAD,
      ...tenants.flatMap(({ plan: { alias, role } }) =>
        methods.map((method) => {
          const [type = '', address = ''] = method.split(' ');
          return `${[type, quoteDouble(alias), quoteDouble(role), address].join(' ').trimEnd()} trust`;
        }),
      ),
      '',
    ].join('\n'),
  };
}

const HEAD = '# Written by pgtoken pooler, and replaced whenever a token is.';

function renderDatabase({ plan, token }: TenantLogin): string {
  const { alias, host, port, database, role, poolSize, poolMode } = plan;
  const lifetime = serverLifetimeOf(plan, token);
  const parts: readonly (readonly [name: string, value: string])[] = [
    ['host', host],
    ['port', String(port)],
    ['dbname', database],
    ['user', role],
    ...(token === undefined ? [] : ([['password', token.text]] as const)),
    ['pool_size', String(poolSize)],
    ['pool_mode', poolMode],
    ...(lifetime === undefined ? [] : ([['server_lifetime', String(lifetime)]] as const)),
  ];
  return `${alias} = ${parts.map(([name, value]) => `${name}=${quoteSingle(value)}`).join(' ')}`;
}

function serverLifetimeOf(plan: TenantPlan, token: ClientToken | undefined): number | undefined {
  if (plan.serverLifetime !== undefined) {
    return Math.max(Math.round(plan.serverLifetime), 1);
  }
  if (token?.issuedAt === undefined) {
    return undefined;
  }
  const life = token.expiresAt - token.issuedAt;
  return Math.min(Math.max(Math.floor(life * LIFETIME_PART), 1), LONGEST_LIFETIME);
}

/** A value of a connection string; control characters, which end a line, have been refused. */
function quoteSingle(value: string): string {
  return `'${value.replaceAll("'", "''")}'`;
}

/** A name in userlist.txt and in hba.conf. */
function quoteDouble(value: string): string {
  return `"${value.replaceAll('"', '""')}"`;
}
