// npm run docs:dashboard: docs/operate/dashboard.svg, the panels of the Grafana dashboard as they are for four minutes of a real daemon that
// a real Prometheus scrapes. Logins, and what goes wrong in them, are made at a bounded rate; nothing is drawn that was not measured.
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';

import { Command } from 'commander';
import * as z from 'zod/mini';

import { drawPanels, type Line, type Panel } from '../../bench/draw-panels.ts';
import { parseCount } from '../../bench/parse-count.ts';
import { type ApiServer, startApiServer } from '../support/api-server.ts';
import { createCertificateAuthority } from '../support/certificate-authority.ts';
import { entryOf } from '../support/entry-of.ts';
import { findFreePort } from '../support/find-free-port.ts';
import { createIssuer, type Issuer } from '../support/issuer.ts';
import { runPgtoken } from '../support/run-pgtoken.ts';
import { startDaemonHost, type DaemonHost } from '../support/start-daemon-host.ts';
import {
  getPrometheus,
  MONITORING,
  type Prometheus,
  startPrometheus,
} from '../support/start-prometheus.ts';
import { writeIssuersYAML } from '../support/write-issuers-yaml.ts';
import { createProgress } from '../world/machine/create-progress.ts';

const ROOT = join(import.meta.dirname, '../..');
/** Seconds between two points. */
const STEP = 2;
/** Logins in a second, refused ones included. */
const RATE = 6;
/** A login ends after this many seconds, unless its token does before. */
const SESSION = 25;

/** Units of Grafana, in words, and what the axis shows at least. */
const UNITS: ReadonlyMap<string, { readonly words?: string; readonly least: number }> = new Map([
  ['reqps', { words: 'a second', least: 0 }],
  ['s', { words: 'seconds', least: 0 }],
  ['short', { least: 1 }],
]);

const { seconds, output } = new Command('docs:dashboard')
  .description('Draws the panels of the dashboard from a daemon under load.')
  .option('--seconds <number>', 'how long, from 60 on', parseCount, 240)
  .option('--output <file>', 'the SVG', join(ROOT, 'docs/operate/dashboard.svg'))
  .parse()
  .opts<{ readonly seconds: number; readonly output: string }>();

const dashboard = z
  .looseObject({
    panels: z.array(
      z.looseObject({
        title: z.string(),
        type: z.string(),
        targets: z.optional(z.array(z.looseObject({ expr: z.string(), legendFormat: z.string() }))),
        fieldConfig: z.optional(
          z.looseObject({ defaults: z.looseObject({ unit: z.optional(z.string()) }) }),
        ),
      }),
    ),
  })
  .parse(JSON.parse(await readFile(join(MONITORING, 'pgtoken.dashboard.json'), 'utf8')));

const progress = createProgress({
  write: (line) => process.stderr.write(`dashboard: ${line}\n`),
  file: join(ROOT, 'build/durations/dashboard.json'),
});

await using stack = new AsyncDisposableStack();
const programs = await progress.step('getting Prometheus', getPrometheus);
const { host, cluster, people, api, metrics } = await progress.step(
  'starting PostgreSQL and the daemon',
  start,
);
const prometheus = stack.use(await startPrometheus(programs, metrics));
const from = Date.now() / 1000;
await progress.step(`logging in for ${seconds} s`, async (tell) => {
  await load(tell);
});
await writeFile(output, drawPanels(await draw(prometheus), 3));
process.stderr.write(`dashboard: ${output}\n`);

interface World {
  readonly host: DaemonHost;
  readonly cluster: Issuer;
  readonly people: Issuer;
  readonly api: ApiServer;
  readonly metrics: number;
}

async function start(): Promise<World> {
  const authority = stack.use(await createCertificateAuthority());
  const options = { algorithms: ['ES256'] } as const;
  const issuers = [
    stack.use(await createIssuer(authority, options)),
    stack.use(await createIssuer(authority, options)),
  ] as const;
  const server = stack.use(await startApiServer(authority));
  const on = stack.use(await startDaemonHost(['anna'], {}, {}, undefined, true));
  await on.writeBeside('reviewer.token', `${server.reviewer.token}\n`, true);
  const role = /user=(\S+)/.exec(on.connection)?.[1] ?? '';
  const { stdout } = await runPgtoken(['database', 'sql', '--provision', '--role', role]);
  await on.cluster.sql(stdout);
  await on.cluster.sql('create role app_read; create role app_write');
  await on.cluster.sql("select pgtoken.allow('app_read'), pgtoken.allow('app_write')");
  const port = await findFreePort();
  stack.use(
    await on.startDaemon({
      issuers: entries(issuers, server),
      top: { servers: [{ name: 'main', connection: on.connection }] },
      args: ['--metrics', `127.0.0.1:${port}`],
    }),
  );
  server.create('serviceaccounts', 'foo', 'myservice');
  server.create('pods', 'foo', 'web-0');
  return { host: on, cluster: issuers[0], people: issuers[1], api: server, metrics: port };
}

function entries([one, other]: readonly [Issuer, Issuer], server: ApiServer) {
  const cache = { refreshInterval: '10s', unknownKeyCooldown: '5s' };
  return [
    entryOf('cluster', one, {
      cache,
      review: {
        url: server.url,
        bearerTokenFile: 'reviewer.token',
        onError: 'deny',
        cacheFor: '2s',
      },
      sessions: { end: ['expired'], grace: '0s', atLeast: '0s' },
      provision: {
        create: true,
        memberOf: [
          { claim: 'groups', equals: 'read', role: 'app_read' },
          { claim: 'groups', equals: 'write', role: 'app_write' },
        ],
        onError: 'deny',
      },
    }),
    entryOf('people', other, {
      cache,
      roles: [{ claim: 'sub' }],
      sessions: { maxLifetime: '15s' },
    }),
  ];
}

/** What happens, as parts of the time. */
async function load(tell: (howFar: string) => void): Promise<void> {
  const began = performance.now();
  const events: readonly (readonly [part: number, () => Promise<void>])[] = [
    [0.25, async () => people.fail('refuse')],
    [0.4, async () => people.recover()],
    [0.5, async () => void (await people.addKey('ES256'))],
    [0.6, async () => host.installation.writeConfig('apiVersion: pgtoken/v1\nissuers: 7\n')],
    [
      0.7,
      async () =>
        host.installation.writeConfig(
          writeIssuersYAML(entries([cluster, people], api), {
            servers: [{ name: 'main', connection: host.connection }],
          }),
        ),
    ],
    [0.8, async () => api.fail('status-500')],
    [0.9, async () => api.fail(undefined)],
  ];
  let next = 0;
  const open = new Set<Promise<void>>();
  for (let turn = 0; turn < seconds * RATE; turn += 1) {
    const part = turn / (seconds * RATE);
    while (next < events.length && (events[next]?.[0] ?? 1) <= part) {
      await events[next]?.[1]();
      next += 1;
    }
    tell(`${Math.round(part * 100)} %, ${open.size} sessions`);
    const login = logIn(turn, part);
    open.add(login);
    void login.finally(() => open.delete(login));
    await delay(Math.max(0, began + ((turn + 1) * 1000) / RATE - performance.now()));
  }
  await Promise.all(open);
}

/** One of six in turn; errors are what it is for. */
async function logIn(turn: number, part: number): Promise<void> {
  const now = Math.floor(Date.now() / 1000);
  const pod = {
    sub: 'system:serviceaccount:foo:myservice',
    'kubernetes.io': api.claimsOf('foo', 'myservice', 'web-0'),
    // Groups that change on the way.
    groups: part < 0.5 ? ['read'] : ['read', 'write'],
    exp: now + 20,
  };
  const [role, password] = await [
    async () => ['foo:myservice', await cluster.mint(pod)] as const,
    async () => ['anna', await people.mint({ sub: 'anna' })] as const,
    async () => ['foo:myservice', await cluster.mint(pod)] as const,
    // A new role every four seconds.
    async () =>
      turn % 24 < 6
        ? ([`foo:job-${turn}`, await mintOther(`job-${turn}`)] as const)
        : (['anna', await people.mint({ sub: 'anna' })] as const),
    async () =>
      [
        'anna',
        await people.mint({ sub: 'anna', exp: now - 100, iat: now - 700, nbf: now - 700 }),
      ] as const,
    async () =>
      turn % 12 < 6
        ? (['anna', await people.mint({ sub: 'berta' })] as const)
        : (['anna', await people.mint({ sub: 'anna' }, { header: { kid: 'nobody' } })] as const),
  ][turn % 6]!();
  const client = await host.cluster.connect({ role, password }).catch(() => undefined);
  if (client === undefined) return;
  const { promise, resolve } = Promise.withResolvers<void>();
  client.on('error', () => undefined).on('end', resolve);
  await Promise.race([promise, delay(SESSION * 1000)]);
  await client.end().catch(() => undefined);
}

async function mintOther(name: string): Promise<string> {
  api.create('serviceaccounts', 'foo', name);
  return cluster.mint({
    sub: `system:serviceaccount:foo:${name}`,
    'kubernetes.io': api.claimsOf('foo', name),
    groups: ['read'],
  });
}

async function draw({ askRange }: Prometheus): Promise<readonly Panel[]> {
  const to = Date.now() / 1000;
  const panels: Panel[] = [];
  for (const { title, type, targets = [], fieldConfig } of dashboard.panels) {
    if (type === 'row') continue;
    const lines: Line[] = [];
    for (const { expr, legendFormat } of targets) {
      const query = expr
        .replaceAll('$__rate_interval', '10s')
        .replaceAll('$instance', '.*')
        .replaceAll('$entry', '.*');
      for (const { metric, values = [] } of await askRange(query, from, to, STEP)) {
        lines.push({
          name: legendFormat.replaceAll(/\{\{(\w+)\}\}/g, (_all, label: string) =>
            label === 'instance' ? 'db1' : shorten(metric[label] ?? ''),
          ),
          points: values
            .map(([at, value]) => [at - from, Number(value)] as const)
            .filter(([, value]) => Number.isFinite(value)),
        });
      }
    }
    // What never happened is left out beside what did.
    const happened = lines.filter(({ points }) => points.some(([, value]) => value !== 0));
    if (lines.length === 0) throw new Error(`panel "${title}" has nothing to show`);
    const unit = UNITS.get(fieldConfig?.defaults.unit ?? '');
    panels.push({
      title: unit?.words === undefined ? title : `${title}, ${unit.words}`,
      lines: happened.length === 0 ? lines : happened,
      x: {
        from: 0,
        to: Math.ceil(to - from),
        ticks: Array.from(
          { length: Math.floor((to - from) / 60) + 1 },
          (_, minute) => [minute * 60, `${minute} min`] as const,
        ),
      },
      least: unit?.least ?? 1,
    });
  }
  return panels;
}

/** A hash says no more in its whole length. */
function shorten(value: string): string {
  return /^[0-9a-f]{64}$/.test(value) ? value.slice(0, 12) : value;
}
