// What the daemon tells of memberships that are not granted, however many names tokens come with.
import { expect, it } from 'vitest';

import { createRoleProvision } from '../../src/daemon/role-provision.ts';
import type { DecisionRecord } from '../../src/decide/decision.ts';

function recorder() {
  const told: unknown[] = [];
  const provision = createRoleProvision({
    deadline: 4,
    metrics: { countProvision: () => undefined },
    logger: {
      info: () => undefined,
      warn: ({ memberOf }: { readonly memberOf?: unknown }) => told.push(memberOf),
      error: () => undefined,
    },
  });
  const skip = (...skipped: readonly string[]): void => {
    const decided: DecisionRecord = {
      decision: { granted: true, issuer: 'a', role: 'foo' },
      issuer: 'a',
      token: undefined,
      verified: true,
      provisioned: { created: false, granted: [], revoked: [], skipped, altered: [] },
    };
    provision.record(decided);
  };
  return { told, skip };
}

it('tells of a name once, by its first 256 characters', () => {
  const { told, skip } = recorder();
  const long = 'l'.repeat(256);
  skip('app', `${long}1`, `${long}2`);
  skip('app', `${long}3`);
  expect(told).toEqual(['app', long]);
});

it('tells of what is new, however many others there were before; those not met for the longest are forgotten', () => {
  const { told, skip } = recorder();
  skip('app', 'other');
  for (let index = 0; index < 998; index += 1) skip(`n${index}`);
  skip('app', 'new');
  expect(told.slice(1000)).toEqual(['new']);
  skip('app', 'other');
  expect(told.slice(1000)).toEqual(['new', 'other']);
});

it('tells of 20 at one login, and of more at the next', () => {
  const { told, skip } = recorder();
  const names = Array.from({ length: 30 }, (_, index) => `n${index}`);
  skip(...names);
  expect(told).toEqual(names.slice(0, 20));
  skip(...names);
  expect(told).toEqual(names);
});
