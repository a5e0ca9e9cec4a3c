// What is made of the rows of a server, whatever they are.
import { describe, expect, it } from 'vitest';

import { endBackends, findGone, seeBackends } from '../../src/postgres/activity.ts';
import { ServerError } from '../../src/postgres/server-error.ts';

const ROW = {
  pid: 100,
  role: 'app',
  roleID: '16384',
  started: '1767225600123456',
  address: '10.0.0.7',
  isSuperuser: false,
};

function serverWith(rows: readonly Readonly<Record<string, unknown>>[]) {
  const asked: { readonly text: string; readonly values: readonly unknown[] }[] = [];
  return {
    asked,
    query: async (text: string, values: readonly unknown[]) => {
      asked.push({ text, values });
      return rows;
    },
  };
}

describe('sessions that are looked up', () => {
  it('are those of these process IDs, which are never a part of the statement', async () => {
    const server = serverWith([ROW, { ...ROW, pid: 101, role: null, address: null }]);
    expect(await seeBackends(server, [100, 101])).toEqual([
      ROW,
      { ...ROW, pid: 101, role: '', address: undefined },
    ]);
    expect(server.asked.map(({ values }) => values)).toEqual([[[100, 101]]]);
    expect(server.asked[0]?.text).toContain('ANY ($1::pg_catalog.int4[])');
  });

  it('are those of clients, replicating ones among them, and no helpers of theirs', async () => {
    const server = serverWith([]);
    await seeBackends(server, [1]);
    expect(server.asked[0]?.text).toContain("IN ('client backend', 'walsender')");
  });

  it('cannot be told apart without pg_read_all_stats, which is said', async () => {
    const error: unknown = await seeBackends(serverWith([{ ...ROW, started: null }]), [100]).catch(
      (thrown: unknown) => thrown,
    );
    expect(error).toBeInstanceOf(ServerError);
    expect(error).toMatchObject({
      message:
        'pg_stat_activity does not show when backends of others were started; expected the rights of pg_read_all_stats',
      hint: 'Let a superuser run what "pgtoken database sql" prints.',
      isRefused: true,
    });
  });

  it.each([[{}], [{ ...ROW, pid: '100' }], [{ ...ROW, pid: 1.5 }], [{ ...ROW, roleID: 16_384 }]])(
    'are none of rows of another shape: %j',
    async (row) => {
      await expect(seeBackends(serverWith([row]), [100])).rejects.toThrow('invalid_type');
    },
  );
});

describe('sessions that are over', () => {
  const BACKENDS = [100, 101].map((pid) => ({ pid, started: '17672256000' }));

  it('are named by process ID and start, and told by their places', async () => {
    const server = serverWith([{ at: 2, isHidden: false }]);
    expect(await findGone(server, BACKENDS)).toEqual([1]);
    expect(server.asked.map(({ values }) => values)).toEqual([
      [
        [100, 101],
        ['17672256000', '17672256000'],
      ],
    ]);
  });

  it('are none that cannot be told apart without pg_read_all_stats, which is said', async () => {
    const server = serverWith([
      { at: 1, isHidden: false },
      { at: 2, isHidden: true },
    ]);
    await expect(findGone(server, BACKENDS)).rejects.toMatchObject({ isRefused: true });
  });

  it.each([[{}], [{ at: '1', isHidden: false }], [{ at: 1 }], [{ at: null, isHidden: false }]])(
    'are not told of by rows of another shape: %j',
    async (row) => {
      await expect(findGone(serverWith([row]), BACKENDS)).rejects.toThrow('invalid_type');
    },
  );
});

describe('sessions that are ended', () => {
  const BACKENDS = [100, 101, 102, 103].map((pid) => ({
    pid,
    started: '17672256000',
    roleID: '7',
  }));

  it('are named by process ID, start and role; what came of each is in their order', async () => {
    const server = serverWith([
      { pid: 103, signalled: true },
      { pid: 101, signalled: null },
      { pid: 100, signalled: true },
    ]);
    expect(await endBackends(server, BACKENDS)).toEqual(['ended', 'superuser', 'gone', 'ended']);
    expect(server.asked.map(({ values }) => values)).toEqual([
      [
        [100, 101, 102, 103],
        ['17672256000', '17672256000', '17672256000', '17672256000'],
        ['7', '7', '7', '7'],
      ],
    ]);
    expect(server.asked[0]?.text).toMatch(/a\.usesysid = wanted\.role[^;]*= wanted\.started/);
  });

  it('are gone where the signal found no process', async () => {
    expect(
      await endBackends(serverWith([{ pid: 100, signalled: false }]), BACKENDS.slice(0, 1)),
    ).toEqual(['gone']);
  });

  it.each([[{ pid: 100 }], [{ pid: 100, signalled: 't' }], [{ pid: null, signalled: true }]])(
    'are not told of by rows of another shape: %j',
    async (row) => {
      await expect(endBackends(serverWith([row]), BACKENDS)).rejects.toThrow('invalid_type');
    },
  );
});
