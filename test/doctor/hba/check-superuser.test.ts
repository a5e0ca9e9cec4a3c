// The superuser's way in over the unix socket, which a pam line above it takes away.
import { describe, expect, it } from 'vitest';

import { findFault } from './check-lines.ts';

const PAM = 'local all all pam pamservice=x';
const PEER = 'local all postgres peer';

describe("the superuser's own line", () => {
  it('is of no use below a pam line', () => {
    expect(findFault('hba-superuser', PAM, PEER)).toEqual([
      {
        topic: 'hba',
        level: 'failure',
        fault: 'hba-superuser',
        subject: '/hba:1',
        message:
          'takes the connections of superuser "postgres" over the unix socket, which line 2 (local, peer) below it is for: while no token lets it in, nobody can administer this server',
        hint: 'Write above this line:\n  local all postgres peer',
      },
    ]);
  });

  it.each<readonly [...lines: readonly string[]]>([
    [PAM, 'local all "postgres" scram-sha-256'],
    [PAM, 'local all all peer'],
    [PAM, 'host all all all reject', PEER],
    ['local all postgres,admin pam pamservice=x', PEER],
    [PAM, 'local postgres postgres peer', PEER],
  ])('%j: lost', (...lines) => {
    expect(findFault('hba-superuser', ...lines)).toHaveLength(1);
  });

  it.each<readonly [...lines: readonly string[]]>([
    [PEER, PAM],
    [PEER, PAM, 'local all all peer'],
    // There was never another way.
    [PAM],
    [PAM, 'local all postgres reject'],
    // Not over the socket, or not by pgtoken.
    ['hostssl all all all pam pamservice=x', PEER],
    ['local all all pam pamservice=other', PEER],
    // Not for the superuser, or not in all databases.
    ['local all +workloads pam pamservice=x', PEER],
    ['local all app pam pamservice=x', PEER],
    ['local app all pam pamservice=x', PEER],
    ['local all "all" pam pamservice=x', PEER],
  ])('%j: kept', (...lines) => {
    expect(findFault('hba-superuser', ...lines)).toEqual([]);
  });
});
