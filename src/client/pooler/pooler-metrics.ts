// The health and the metrics of a pooler. Labels are the aliases of pooler.yaml, never anything of a token.
import { Counter, Gauge, Registry } from 'prom-client';
import type { HealthAnswer } from '../health/serve-health.ts';
import type { PoolerStatus, PoolNumbers, TenantStatus } from './pooler-status.ts';

/** Answers `/livez`, `/readyz`, `/readyz/ALIAS` and `/metrics` from what a pooler is at that time. */
export function createHealthAnswers(
  status: () => PoolerStatus,
): (path: string) => HealthAnswer | undefined | Promise<HealthAnswer | undefined> {
  return (path) => {
    const now = status();
    if (path === '/metrics') {
      return renderMetrics(now);
    }
    if (path === '/livez' || path === '/readyz') {
      return answer(path === '/livez' || now.ready, now);
    }
    const tenant = now.tenants.find(({ alias }) => path === `/readyz/${alias}`);
    return tenant === undefined ? undefined : answer(tenant.ready, tenant);
  };
}

function answer(isWell: boolean, body: object): HealthAnswer {
  return { status: isWell ? 200 : 503, body: `${JSON.stringify(body)}\n` };
}

type OfTenant = (tenant: TenantStatus) => number | undefined;
const TENANT_GAUGES: readonly (readonly [name: string, help: string, value: OfTenant])[] = [
  ['ready', 'Whether clients of the tenant can log in: 1 or 0.', ({ ready }) => (ready ? 1 : 0)],
  [
    'token_issued_timestamp_seconds',
    'When the token that PgBouncer has was issued (iat), Unix time; none without it.',
    ({ issuedAt }) => issuedAt,
  ],
  [
    'token_expiry_timestamp_seconds',
    'When the token that PgBouncer has expires (exp), Unix time; none where it has none.',
    ({ expiresAt }) => expiresAt,
  ],
  [
    'source_failures_total',
    'How often the source of tokens began to fail, or failed in another way.',
    ({ failures }) => failures,
  ],
  [
    'pool_max_wait_seconds',
    'How long the first client in the queue has waited for a connection.',
    ({ pool }) => pool?.maxWait,
  ],
];
const POOL_GAUGES: readonly (readonly [
  name: string,
  help: string,
  states: Readonly<Record<string, keyof PoolNumbers>>,
])[] = [
  [
    'pool_clients',
    'Clients by state: active, waiting for a connection.',
    { active: 'clientsActive', waiting: 'clientsWaiting' },
  ],
  [
    'pool_servers',
    'Connections to the server by state: active, idle, logging in.',
    { active: 'serversActive', idle: 'serversIdle', login: 'serversLogin' },
  ],
];

async function renderMetrics({ pgbouncer, tenants }: PoolerStatus): Promise<HealthAnswer> {
  const registry = new Registry();
  const registers = [registry];
  const own: readonly (readonly [name: string, help: string, value: number])[] = [
    ['up', 'Whether the console of PgBouncer answers: 1 or 0.', pgbouncer.up ? 1 : 0],
    ['restarts_total', 'How often PgBouncer was started again.', pgbouncer.restarts],
    ['reloads_total', 'How often it has taken new tokens over.', pgbouncer.reloads],
    ['failed_reloads_total', 'How often it has refused to.', pgbouncer.failedReloads],
  ];
  for (const [name, help, value] of own) {
    const options = { name: `pgtoken_pooler_${name}`, help, registers };
    if (name.endsWith('_total')) {
      new Counter(options).inc(value);
    } else {
      new Gauge(options).set(value);
    }
  }
  for (const [name, help, valueOf] of TENANT_GAUGES) {
    const labelNames = ['tenant'] as const;
    const options = { name: `pgtoken_pooler_${name}`, help, labelNames, registers };
    const set = name.endsWith('_total')
      ? setCounter(new Counter(options))
      : setGauge(new Gauge(options));
    for (const tenant of tenants) {
      const value = valueOf(tenant);
      if (value !== undefined) {
        set(tenant.alias, value);
      }
    }
  }
  for (const [name, help, states] of POOL_GAUGES) {
    const labelNames = ['tenant', 'state'] as const;
    const gauge = new Gauge({ name: `pgtoken_pooler_${name}`, help, labelNames, registers });
    for (const { alias, pool } of tenants) {
      for (const [state, key] of Object.entries(states)) {
        if (pool !== undefined) {
          gauge.set({ tenant: alias, state }, pool[key]);
        }
      }
    }
  }
  return { status: 200, contentType: registry.contentType, body: await registry.metrics() };
}

type SetValue = (tenant: string, value: number) => void;

function setCounter(counter: Counter<'tenant'>): SetValue {
  return (tenant, value) => {
    counter.inc({ tenant }, value);
  };
}

function setGauge(gauge: Gauge<'tenant'>): SetValue {
  return (tenant, value) => {
    gauge.set({ tenant }, value);
  };
}
