// The cache of root folders keeps those that were used last, and what somebody uses right now.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, readdir, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import { expect, it } from 'vitest';

import { ROOT } from '../docs/read-markdown.ts';
import { runChecked } from '../support/run-checked.ts';
import { createTemporaryFolder } from '../support/temporary-folder.ts';

const SCRIPT = join(ROOT, 'packaging/root/drop-old-roots.sh');
const KEPT = 26;
const DAY = 86_400;

it('drops what is too old, and what others were used after; not what is in use', async () => {
  await using folder = await createTemporaryFolder('roots');
  const inside = (name: string): string => join(folder.path, name);
  const now = Date.now() / 1000;
  const place = async (name: string, used: number, made: number): Promise<void> => {
    await writeFile(inside(name), '');
    await writeFile(inside(`${name}.lock`), '');
    await utimes(inside(name), now - used, now - made);
  };
  const names = Array.from({ length: KEPT + 3 }, (_, at) => `bookworm-${100 + at}.tar.zst`);
  // The last ones were used longest ago, whenever they were made.
  for (const [at, name] of names.entries()) await place(name, at * 60, DAY);
  await place('trixie-old.tar.zst', 60 * KEPT - 1, 8 * DAY);
  for (const name of ['.making.new', '.making.old']) await mkdir(inside(name));
  await utimes(inside('.making.old'), now - 2 * DAY, now - 2 * DAY);

  const held = names.at(-1)!;
  const lock = ['--shared', inside(`${held}.lock`), 'sh', '-c', 'echo held; exec cat'];
  const holder = spawn('flock', lock, { stdio: ['pipe', 'pipe', 'inherit'] });
  try {
    await once(holder.stdout, 'data');
    await runChecked(SCRIPT, [folder.path]);
  } finally {
    const ended = once(holder, 'close');
    holder.stdin.end();
    await ended;
  }

  const expected = [...names.slice(0, KEPT), held];
  expect((await readdir(folder.path)).toSorted()).toEqual(
    ['.making.new', ...expected.flatMap((name) => [name, `${name}.lock`])].toSorted(),
  );
});
