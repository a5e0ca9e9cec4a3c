// Metrics: their names and labels, which dashboards and alerts depend on.
import { describe, expect, it } from 'vitest';

import { createMetrics, type KeyGauge } from '../../src/log/metrics.ts';

const NO_KEYS: ReadonlyMap<string, KeyGauge> = new Map();

/** The samples of our own metrics, without comments. */
async function render(metrics: { render(): Promise<string> }): Promise<string[]> {
  const lines = (await metrics.render()).split('\n');
  return lines.filter((line) => line.startsWith('pgtoken_'));
}

describe('counts', () => {
  it('counts the lines of the log that were lost, whenever it is asked', async () => {
    let lost = 0;
    const metrics = createMetrics(
      '1',
      () => NO_KEYS,
      () => lost,
    );
    expect(await render(metrics)).toContain('pgtoken_log_lines_lost_total 0');
    lost = 12;
    expect(await render(metrics)).toContain('pgtoken_log_lines_lost_total 12');
  });

  it('decisions by outcome, code and issuer, and their time', async () => {
    const metrics = createMetrics('1', () => NO_KEYS);
    const granted = { outcome: 'granted', code: undefined, issuer: 'prod' };
    metrics.countDecision({ ...granted, via: 'pam' }, 0.0004);
    metrics.countDecision({ ...granted, via: 'pam' }, 0.003);
    metrics.countDecision({ ...granted, via: 'oauth' }, 0.003);
    metrics.countDecision(
      { outcome: 'denied', code: 'ERR_NOT_A_TOKEN', issuer: undefined, via: 'pam' },
      7,
    );
    const samples = await render(metrics);
    expect(samples).toContain(
      'pgtoken_decisions_total{outcome="granted",code="",issuer="prod",via="pam"} 2',
    );
    expect(samples).toContain(
      'pgtoken_decisions_total{outcome="granted",code="",issuer="prod",via="oauth"} 1',
    );
    expect(samples).toContain(
      'pgtoken_decisions_total{outcome="denied",code="ERR_NOT_A_TOKEN",issuer="",via="pam"} 1',
    );
    expect(samples).toContain('pgtoken_decision_duration_seconds_bucket{le="0.0005"} 1');
    expect(samples).toContain('pgtoken_decision_duration_seconds_bucket{le="0.005"} 3');
    expect(samples).toContain('pgtoken_decision_duration_seconds_bucket{le="5"} 3');
    expect(samples).toContain('pgtoken_decision_duration_seconds_bucket{le="+Inf"} 4');
    expect(samples).toContain('pgtoken_decision_duration_seconds_count 4');
  });

  it('retrievals of keys by issuer and result', async () => {
    const metrics = createMetrics('1', () => NO_KEYS);
    for (const result of ['keys', 'unchanged', 'unauthorized', 'failed', 'failed']) {
      metrics.countFetch('prod', result);
    }
    expect(await render(metrics)).toEqual(
      expect.arrayContaining([
        'pgtoken_key_fetches_total{issuer="prod",result="keys"} 1',
        'pgtoken_key_fetches_total{issuer="prod",result="unchanged"} 1',
        'pgtoken_key_fetches_total{issuer="prod",result="unauthorized"} 1',
        'pgtoken_key_fetches_total{issuer="prod",result="failed"} 2',
      ]),
    );
  });

  it('from 0 on what an alert is for, of the entries that are there, and no more of them than they have', async () => {
    const metrics = createMetrics('1', () => NO_KEYS);
    const plain = { isRemote: false, hasReview: false, hasProvision: false, hasSessions: false };
    metrics.countDecision(
      { outcome: 'granted', code: undefined, issuer: 'all', via: 'pam' },
      0.0004,
    );
    metrics.startCounting([
      { name: 'pinned', ...plain },
      { name: 'all', isRemote: true, hasReview: true, hasProvision: true, hasSessions: true },
    ]);
    const samples = await render(metrics);
    const of = (name: string): string[] => samples.filter((line) => line.includes(`"${name}"`));
    expect(of('pinned')).toEqual([
      'pgtoken_decisions_total{outcome="granted",code="",issuer="pinned",via="pam"} 0',
      'pgtoken_decisions_total{outcome="granted",code="",issuer="pinned",via="oauth"} 0',
    ]);
    expect(of('all').filter((line) => !line.endsWith(' 0'))).toEqual([
      'pgtoken_decisions_total{outcome="granted",code="",issuer="all",via="pam"} 1',
    ]);
    expect(of('all')).toEqual(
      expect.arrayContaining([
        ...['ERR_KEYS_UNAVAILABLE', 'ERR_REVIEW_UNAVAILABLE', 'ERR_PROVISION'].map(
          (code) =>
            `pgtoken_decisions_total{outcome="unavailable",code="${code}",issuer="all",via="pam"} 0`,
        ),
        'pgtoken_key_fetches_total{issuer="all",result="unauthorized"} 0',
        'pgtoken_reviews_total{issuer="all",outcome="unavailable"} 0',
        'pgtoken_provision_errors_total{issuer="all"} 0',
        'pgtoken_memberships_total{issuer="all",change="skipped"} 0',
        'pgtoken_sessions_ended_total{issuer="all",cause="expired"} 0',
      ]),
    );
    // Every code that may be told without an entry, and none that is a matter of one token.
    expect(samples.filter((line) => line.includes('issuer=""')).toSorted()).toEqual(
      ['ERR_CONFIG_INVALID', 'ERR_DEADLINE', 'ERR_INTERNAL', 'ERR_PROTOCOL'].flatMap((code) =>
        ['oauth', 'pam'].map(
          (via) =>
            `pgtoken_decisions_total{outcome="unavailable",code="${code}",issuer="",via="${via}"} 0`,
        ),
      ),
    );
  });

  it('what was done to roles, from the first login on that is provisioned', async () => {
    const metrics = createMetrics('1', () => NO_KEYS);
    expect((await render(metrics)).join('')).not.toContain('pgtoken_roles_created_total');
    metrics.countProvision('prod', {
      created: true,
      granted: ['a', 'b'],
      revoked: [],
      skipped: ['c'],
    });
    metrics.countProvision('prod', {
      created: false,
      granted: [],
      revoked: ['a'],
      skipped: [],
      failed: 'x',
    });
    expect(await render(metrics)).toEqual(
      expect.arrayContaining([
        'pgtoken_roles_created_total{issuer="prod"} 1',
        'pgtoken_memberships_total{issuer="prod",change="granted"} 2',
        'pgtoken_memberships_total{issuer="prod",change="revoked"} 1',
        'pgtoken_memberships_total{issuer="prod",change="skipped"} 1',
        'pgtoken_provision_errors_total{issuer="prod"} 1',
      ]),
    );
  });

  it('loads of the configuration, and whether the last one was good', async () => {
    const metrics = createMetrics('1', () => NO_KEYS);
    metrics.countReload(true);
    expect(await render(metrics)).toContain('pgtoken_config_last_reload_successful 1');
    metrics.countReload(false);
    const samples = await render(metrics);
    expect(samples).toContain('pgtoken_config_reloads_total{outcome="ok"} 1');
    expect(samples).toContain('pgtoken_config_reloads_total{outcome="invalid"} 1');
    expect(samples).toContain('pgtoken_config_last_reload_successful 0');
  });
});

describe('shows', () => {
  it('the version, and of the configuration only the one in force', async () => {
    const metrics = createMetrics('1.2.3', () => NO_KEYS);
    metrics.setConfig('old');
    metrics.setConfig('new');
    const samples = await render(metrics);
    expect(samples).toContain('pgtoken_build_info{version="1.2.3"} 1');
    expect(samples.filter((sample) => sample.startsWith('pgtoken_config_info'))).toEqual([
      'pgtoken_config_info{hash="new"} 1',
    ]);
  });

  it('how the keys stand at that moment, without issuers that are no longer there', async () => {
    let keys = new Map<string, KeyGauge>([
      ['prod', { keyCount: 2, age: 12.5 }],
      ['down', { keyCount: 0, age: undefined }],
    ]);
    const metrics = createMetrics('1', () => keys);
    const gauges = async (): Promise<string[]> =>
      (await render(metrics)).filter((sample) => /^pgtoken_key(?:s|_age_seconds)\{/.test(sample));
    expect(await gauges()).toEqual([
      'pgtoken_keys{issuer="prod"} 2',
      'pgtoken_keys{issuer="down"} 0',
      'pgtoken_key_age_seconds{issuer="prod"} 12.5',
    ]);
    keys = new Map([['new', { keyCount: 1, age: 0 }]]);
    expect(await gauges()).toEqual([
      'pgtoken_keys{issuer="new"} 1',
      'pgtoken_key_age_seconds{issuer="new"} 0',
    ]);
  });

  it('the process itself, once that is asked for', async () => {
    const metrics = createMetrics('1', () => NO_KEYS);
    expect(await metrics.render()).not.toMatch(/^process_/m);
    metrics.watchProcess();
    expect(await metrics.render()).toMatch(/^process_resident_memory_bytes \d+$/m);
  });
});

it('are those of one daemon: two do not share them', async () => {
  const [one, other] = [createMetrics('1', () => NO_KEYS), createMetrics('2', () => NO_KEYS)];
  one.countReload(true);
  const reloads = (await render(other)).filter((sample) => sample.includes('reloads_total'));
  expect(reloads).toEqual([]);
});
