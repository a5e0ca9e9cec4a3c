// Issuers.yaml may have hundreds of entries: while they are compiled, logins have their turn.
import { afterEach, expect, it, vi } from 'vitest';

import { parseConfig } from '../../src/config/parse-config.ts';
import { compilePolicy } from '../../src/policy/compile-policy.ts';

afterEach(() => {
  vi.restoreAllMocks();
});

/** How often others have had their turn while as many entries were compiled, each of which took so long. */
async function turnsOfOthers(entries: number, milliseconds: number): Promise<number> {
  const names = Array.from({ length: entries }, (_, index) => `e${index}`);
  const parsed = parseConfig(
    [
      'apiVersion: pgtoken/v1',
      'issuers:',
      ...names.flatMap((name) => [
        `- name: ${name}`,
        `  issuer: {url: "https://${name}.example", audiences: [a]}`,
        '  roles: [{claim: sub}]',
      ]),
    ].join('\n'),
  );
  if (!parsed.ok) throw new Error('not a configuration');
  let now = 1_000;
  vi.spyOn(performance, 'now').mockImplementation(() => {
    now += milliseconds;
    return now;
  });
  let turns = 0;
  const count = (): void => {
    turns += 1;
    turn = setImmediate(count);
  };
  let turn = setImmediate(count);
  const policy = await compilePolicy(parsed.config, '/', (path, message) => {
    throw new Error(`${path.join('.')}: ${message}`);
  });
  clearImmediate(turn);
  expect(policy.issuers.map((issuer) => issuer.name)).toEqual(names);
  return turns;
}

it('lets others have their turn between entries that take longer than a login should wait', async () => {
  expect(await turnsOfOthers(4, 6)).toBe(4);
});

it('goes on without a pause as long as entries take no longer than that', async () => {
  expect(await turnsOfOthers(1, 5)).toBe(0);
  expect(await turnsOfOthers(4, 1)).toBe(0);
});
