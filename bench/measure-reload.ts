// How long a login takes while the daemon loads a long issuers.yaml again.
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { parse, stringify } from 'yaml';
import * as z from 'zod';
import { poll } from '../test/support/poll.ts';
import type { BenchHost } from './bench-host.ts';
import { measureLogins } from './login-clients.ts';
import { makeEntries } from './make-entries.ts';

const ENTRIES = 400;
/** Each reload falls into a turn of logins, after so many milliseconds. */
const BEFORE = 700;
const TURN_SECONDS = 4;

/**
 * Gives the daemon an issuers.yaml of 400 entries, then changes it once in each of so many turns of logins by one client,
 * every login with another token.
 *
 * @returns milliseconds of the longest login in each turn.
 */
export async function measureReloads(host: BenchHost, turns: number): Promise<readonly number[]> {
  const method = host.methods.find((one) => one.name === 'daemon-distinct');
  if (method === undefined) {
    throw new Error('there is no daemon to reload');
  }
  const { installation, daemon } = host;
  const original = await readFile(installation.config, 'utf8');
  const long = await lengthen(original, join(installation.folder, 'etc'));
  const reloadWith = async (text: string): Promise<void> => {
    const before = await daemon.countLines('configuration in force');
    await installation.writeConfig(text);
    await poll(
      'the configuration to be in force',
      async () => (await daemon.countLines('configuration in force')) > before || undefined,
    );
  };
  const longest: number[] = [];
  await reloadWith(long);
  for (let turn = 0; turn < turns; turn += 1) {
    const logins = measureLogins(host, method, 1, TURN_SECONDS);
    await sleep(BEFORE);
    await reloadWith(`${long}# change ${turn}\n`);
    longest.push((await logins).longest);
  }
  await reloadWith(original);
  return longest;
}

/** Adds entries until there are 400. */
async function lengthen(text: string, folder: string): Promise<string> {
  const file = z.looseObject({ issuers: z.array(z.unknown()) }).parse(parse(text));
  const more = await makeEntries(folder, ENTRIES - file.issuers.length);
  return stringify({ ...file, issuers: [...file.issuers, ...more] });
}
