// Two attacks of each kind through a real login: psql, PostgreSQL, libpam, the module and a daemon that runs at the time of
// the attacks. The client learns nothing; PostgreSQL's log has the reason in one line that no terminal obeys.
import { chmod, copyFile, readFile } from 'node:fs/promises';
import { join } from 'node:path';

import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { compileFixedClock, withFixedClock } from '../support/fixed-clock.ts';
import { startDaemonHost, type DaemonHost } from '../support/start-daemon-host.ts';
import type { DaemonProcess } from '../support/start-daemon-process.ts';
import { asTold } from '../attacks/as-told.ts';
import { POLICY, possible, sample } from '../attacks/choose-sample.ts';
import { type Attack, findPolicy, HARMLESS } from '../vectors/attacks/attack.ts';
import { createMint, NOW } from '../vectors/tokens/mint.ts';
import { POLICY_FOLDER } from '../vectors/tokens/vector.ts';
import { expectRefusal } from './expect-refusal.ts';

const ROLE = 'foo:myservice';

const stack = new AsyncDisposableStack();
let host: DaemonHost;
let daemon: DaemonProcess;

beforeAll(async () => {
  host = stack.use(await startDaemonHost([ROLE, 'foo:admin', 'foo:other', 'dba']));
  const { folder, writeConfig } = host.installation;
  const keys = join(folder, 'etc', 'cluster.jwks.json');
  await copyFile(join(POLICY_FOLDER, 'cluster.jwks.json'), keys);
  await chmod(keys, 0o644);
  await writeConfig(await readFile(await findPolicy(POLICY), 'utf8'));
  const library = await compileFixedClock(folder);
  daemon = stack.use(await host.startDaemon({ wrapper: withFixedClock(library, NOW) }));
});

afterAll(async () => {
  await stack.disposeAsync();
});

const isRefused = (attack: Attack & { file: string }): boolean => attack.file !== HARMLESS;

describe('psql is refused', () => {
  it.each(sample.filter(isRefused))('$title', async ({ request, password, expected }) => {
    const reason = await expectRefusal(host.cluster, { role: request.role, password });
    if ('granted' in expected) throw new Error('an attack that is expected to be granted');
    const told = `denied ${expected.code} ${asTold(expected.message)}`;
    expect(reason.slice(0, told.length)).toBe(
      told.length <= 500 ? told : `${told.slice(0, 497)}...`,
    );
    expect(reason).toMatch(/^[\x20-\x7e]+$/);
  });
});

describe('psql is let in', () => {
  it.each(sample.filter((attack) => !isRefused(attack)))('$title', async (attack) => {
    const login = { role: attack.request.role, password: attack.password };
    expect(await host.cluster.psql(login)).toMatchObject({ status: 0, stdout: `${ROLE}\n` });
  });

  it('with a token that is none of an attack', async () => {
    const login = { role: ROLE, password: (await createMint()).token() };
    expect(await host.cluster.psql(login)).toMatchObject({ status: 0, stdout: `${ROLE}\n` });
  });
});

it('the sample has every file of attacks that policy cluster can judge, and the daemon has logged all', async () => {
  const files = new Set(sample.map(({ file }) => file));
  expect([...new Set(possible.map(({ file }) => file))].filter((file) => !files.has(file))).toEqual(
    [],
  );
  expect(sample.length).toBeGreaterThan(80);
  expect(await daemon.stop()).toBe(0);
  expect(daemon.lines().filter(({ msg }) => msg === 'decision')).toHaveLength(sample.length + 1);
});
