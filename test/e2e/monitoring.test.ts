// The rules and the dashboard of packaging/monitoring: promtool's tests of the rules, and a real Prometheus that scrapes a real daemon
// and is asked all that they ask.
import { copyFile, readFile } from 'node:fs/promises';
import { join } from 'node:path';

import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import * as z from 'zod/mini';

import { findFreePort } from '../support/find-free-port.ts';
import { poll } from '../support/poll.ts';
import { runChecked } from '../support/run-checked.ts';
import {
  getPrometheus,
  MONITORING,
  type Prometheus,
  RULES,
  startPrometheus,
} from '../support/start-prometheus.ts';
import { startSessionHost } from '../support/start-session-host.ts';
import { createTemporaryFolder } from '../support/temporary-folder.ts';

const ROLE = 'foo:one';

const stack = new AsyncDisposableStack();
let folder: string;
let programs: string;
let prometheus: Prometheus;

const dashboard = z
  .looseObject({
    panels: z.array(
      z.looseObject({
        title: z.string(),
        type: z.string(),
        targets: z.optional(z.array(z.looseObject({ expr: z.string() }))),
      }),
    ),
    templating: z.looseObject({ list: z.array(z.looseObject({ name: z.string() })) }),
  })
  .parse(JSON.parse(await readFile(join(MONITORING, 'pgtoken.dashboard.json'), 'utf8')));
const queries = dashboard.panels.flatMap(({ title, targets = [] }) =>
  targets.map(({ expr }) => ({ title, expr })),
);

beforeAll(async () => {
  programs = await getPrometheus();
  const temporary = stack.adopt(await createTemporaryFolder('monitoring'), async (one) =>
    one.remove(),
  );
  folder = temporary.path;
  await copyFile(join(MONITORING, RULES), join(folder, RULES));
}, 300_000);
afterAll(async () => {
  await stack.disposeAsync();
});

it('the rules say what they are to say of series like those of a daemon, by promtool', async () => {
  const tests = 'rules.promtool.yaml';
  await copyFile(join(import.meta.dirname, '../monitoring', tests), join(folder, tests));
  const promtool = join(programs, 'promtool');
  await runChecked(promtool, ['check', 'rules', '--lint-fatal', join(folder, RULES)]);
  await runChecked(promtool, ['test', 'rules', join(folder, tests)]);
  // Each rule has a test, and a line in the documentation.
  const page = join(import.meta.dirname, '../../docs/operate/monitoring.md');
  const [rules, cases, documented] = await Promise.all(
    [join(folder, RULES), join(folder, tests), page].map(async (path) => readFile(path, 'utf8')),
  );
  const alerts = [...(rules ?? '').matchAll(/alert: (\w+)/g)].map(([, name]) => name);
  expect(alerts.length).toBeGreaterThan(10);
  for (const alert of alerts) expect(cases).toMatch(new RegExp(`"${alert}".*severity`));
  expect([...(documented ?? '').matchAll(/^\| `(Pgtoken\w+)`/gm)].map(([, name]) => name)).toEqual(
    alerts,
  );
});

describe('a Prometheus that scrapes a daemon', () => {
  /** @returns how many series there are. */
  const ask = async (query: string): Promise<number> => (await prometheus.ask(query)).length;

  beforeAll(async () => {
    const on = stack.use(await startSessionHost([ROLE]));
    const metrics = await findFreePort();
    const entry = on.entry(
      { end: ['expired'] },
      {
        provision: { create: true, memberOf: [], onError: 'allow' },
        review: { url: 'https://127.0.0.1:1', bearerTokenFile: 'token', onError: 'allow' },
      },
    );
    await on.host.writeBeside('token', 'none\n', true);
    stack.use(
      await on.host.startDaemon({
        issuers: [entry],
        top: on.top,
        args: ['--metrics', `127.0.0.1:${metrics}`],
      }),
    );
    prometheus = stack.use(await startPrometheus(programs, metrics));
    const untilSeen = async (query: string): Promise<void> => {
      await poll(query, async () => ((await ask(query).catch(() => 0)) > 0 ? true : undefined));
    };
    const beRefused = async (): Promise<void> => {
      const refused = await on.host.cluster
        .connect({ role: ROLE, password: 'none' })
        .then(async (client) => client.end())
        .catch(String);
      if (refused === undefined) throw new Error('a login by what is no token');
    };
    // What rises has to be there before.
    await untilSeen('pgtoken_decisions_total{outcome="granted"}');
    await beRefused();
    await untilSeen('pgtoken_decisions_total{outcome="denied"}');
    await beRefused();
    const password = await on.issuer.mint({ sub: `system:serviceaccount:${ROLE}` });
    const session = await on.host.cluster.connect({ role: ROLE, password });
    stack.defer(async () => session.end());
    for (const outcome of ['granted', 'denied']) {
      await untilSeen(`rate(pgtoken_decisions_total{outcome="${outcome}"}[1m]) > 0`);
    }
    await untilSeen('pgtoken_server_up == 1');
  }, 120_000);

  it('can ask all that the dashboard asks, and each panel has something to show', async () => {
    expect(queries.length).toBeGreaterThan(15);
    for (const { title, expr } of queries) {
      const query = expr
        .replaceAll('$__rate_interval', '1m')
        .replaceAll('$instance', '.*')
        .replaceAll('$entry', '.*');
      expect(query).not.toContain('$');
      expect(await ask(query), `${title}: ${query}`).toBeGreaterThan(0);
    }
  });

  it('has all rules in force, and each asks for metrics that are there', async () => {
    const rules = z.looseObject({
      data: z.looseObject({
        groups: z.array(
          z.looseObject({
            rules: z.array(
              z.looseObject({ name: z.string(), query: z.string(), health: z.string() }),
            ),
          }),
        ),
      }),
    });
    const found = await poll('rules that were looked at', async () => {
      const response = await fetch(`${prometheus.url}/api/v1/rules`);
      const all = rules.parse(await response.json()).data.groups.flatMap((group) => group.rules);
      return all.some(({ health }) => health === 'unknown') ? undefined : all;
    });
    expect(found.filter(({ health }) => health !== 'ok')).toEqual([]);
    for (const { name, query } of found) {
      for (const [metric] of query.matchAll(/pgtoken_\w+(?:\{[^}]*\})?/g)) {
        // What cannot be judged is counted from 0 on; what is denied is not, and was.
        expect(await ask(metric), `${name}: ${metric}`).toBeGreaterThan(0);
      }
    }
  });
});
