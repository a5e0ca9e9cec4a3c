// How many connections there are descriptors for.
import { expect, it } from 'vitest';

import { lowerConnections } from '../../../src/daemon/socket/lower-connections.ts';

it.each([
  { wanted: 512, limit: 576, connections: 512, told: undefined },
  { wanted: 512, limit: 575, connections: 511, told: 575 },
  { wanted: 512, limit: 256, connections: 192, told: 256 },
  { wanted: 512, limit: 64, connections: 32, told: 64 },
  { wanted: 512, limit: 10, connections: 5, told: 10 },
])('with $limit descriptors $connections of $wanted', ({ wanted, limit, connections, told }) => {
  expect(lowerConnections(wanted, limit)).toEqual({ connections, limit: told });
});

it('reads the limit of this process', () => {
  const { connections, limit } = lowerConnections(Number.MAX_SAFE_INTEGER);
  expect(limit).toBeGreaterThan(64);
  expect(connections).toBe(limit! - 64);
});
