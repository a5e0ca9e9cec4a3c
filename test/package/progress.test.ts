// What packaging/progress.sh says of steps that take long.
import { join } from 'node:path';

import { afterEach, beforeEach, expect, it } from 'vitest';

import { ROOT } from '../docs/read-markdown.ts';
import { run, type RunResult } from '../support/run.ts';
import { createTemporaryFolder, type TemporaryFolder } from '../support/temporary-folder.ts';

let folder: TemporaryFolder;
beforeEach(async () => {
  folder = await createTemporaryFolder('progress');
});
afterEach(async () => {
  await folder.remove();
});

/** Runs a script that has it. */
async function sh(script: string, { seconds = 30, hangLimit = 20_000 } = {}): Promise<RunResult> {
  const head = `say() { printf '%s\\n' "$*"; }; . "${join(ROOT, 'packaging/progress.sh')}"`;
  return run('sh', ['-euc', `${head}\n${script}`], {
    env: { PROGRESS_TIMES: join(folder.path, 'times'), PROGRESS_SECONDS: String(seconds) },
    hangLimit,
  });
}

it('says what is done, and every while that it still goes on', async () => {
  const { status, stdout } = await sh('step "making tea" sleep 2.5; say done', { seconds: 1 });
  expect(status).toBe(0);
  expect(stdout).toMatch(/^making tea\n(?:still at it after \d+ s\n){1,2}done\n$/);
});

it('says how long it took the last time, also while it goes on', async () => {
  await sh('step "making tea" sleep 1.1');
  const { stdout } = await sh('step "making tea" sleep 2.5', { seconds: 1 });
  expect(stdout).toMatch(
    /^making tea \(\d+ s the last time\)\n(?:still at it after \d+ s \(\d+ s the last time\)\n)+$/,
  );
});

it('keeps the time of no step that failed, and takes no nonsense for a time', async () => {
  await sh('step "making tea" false || :');
  expect((await sh('step "making tea" true')).stdout).toBe('making tea\n');
  await sh(`echo nonsense >"$PROGRESS_TIMES/making_tea"`);
  expect((await sh('step "making tea" true')).stdout).toBe('making tea\n');
});

it('leaves the command its arguments, input, output and status', async () => {
  const script = `echo hello | step 'copying' sh -c 'cat; echo "$1" >&2; exit 7' sh 'two words'`;
  expect(await sh(script)).toMatchObject({
    status: 7,
    stdout: 'copying\nhello\n',
    stderr: 'two words\n',
  });
});

it('a step that is over at once is over, whatever signals the script traps', async () => {
  const script = `trap 'exit 1' HUP INT TERM
say() { :; }
n=0
while [ $n -lt 500 ]; do
  n=$((n + 1))
  step 'working' true
done
echo "$n"`;
  expect(await sh(script)).toMatchObject({ status: 0, stdout: '500\n' });
});

it('nobody who reads the output waits for it after the end, however that comes', async () => {
  const limits = { seconds: 300, hangLimit: 20_000 };
  expect(await sh('step "working" true', limits)).toMatchObject({ status: 0 });
  expect(await sh('step "working" sh -c "sleep 0.5; exit 3"', limits)).toMatchObject({ status: 3 });
  expect(await sh(`step "working" sh -c "kill -TERM $$"; sleep 1`, limits)).toMatchObject({
    signal: 'SIGTERM',
  });
});
