// Owner, group and mode as the kernel reads them, along the whole path.
import { describe, expect, it } from 'vitest';

import { findObstacle, mayAccess } from '../../../src/doctor/host/permissions.ts';
import { fakeFiles, POSTGRES } from '../fake-host.ts';

describe('mayAccess', () => {
  it.each([
    [101, 0, 0o600, 'write', true],
    [101, 104, 0o060, 'write', false],
    [0, 104, 0o060, 'write', true],
    [0, 103, 0o020, 'write', true],
    [0, 104, 0o606, 'write', false],
    [0, 0, 0o604, 'read', true],
    [0, 0, 0o602, 'read', false],
    [0, 0, 0o711, 'execute', true],
    [0, 0, 0o710, 'execute', false],
  ] as const)('owner %i, group %i, mode %o, to %s: %s', (uid, gid, mode, access, expected) => {
    expect(mayAccess({ uid, gid, mode }, POSTGRES, access)).toBe(expected);
  });

  it('lets root do all, but for running what nobody may run', () => {
    const root = { uid: 0, gids: [0] };
    expect(mayAccess({ uid: 5, gid: 5, mode: 0 }, root, 'write')).toBe(true);
    expect(mayAccess({ uid: 5, gid: 5, mode: 0o644 }, root, 'execute')).toBe(false);
  });
});

describe('findObstacle', () => {
  const files = fakeFiles({
    '/srv': { kind: 'folder', mode: 0o750 },
    '/srv/open/file': { mode: 0o644 },
    '/etc/closed': { mode: 0o600 },
    '/etc/open': { mode: 0o644 },
  });

  it.each([
    ['/srv/open/file', '/srv'],
    ['/etc/closed', '/etc/closed'],
    ['/etc/open', undefined],
    ['/etc/none', undefined],
  ])('on the way to %s is %s', (path, obstacle) => {
    expect(findObstacle(path, POSTGRES, 'read', files)?.path).toBe(obstacle);
  });
});
