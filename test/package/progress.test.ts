// What packaging/progress.sh says of steps that take long.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';

import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import * as z from 'zod/mini';

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

describe('step.sh', () => {
  const step = join(ROOT, 'packaging/step.sh');
  const take = async (...args: readonly string[]): Promise<RunResult> =>
    run(step, args, {
      env: {
        PATH: process.env['PATH'] ?? '',
        PROGRESS_TIMES: join(folder.path, 'times'),
        PROGRESS_SECONDS: '1',
      },
    });

  it('says it of one command, on standard error, and ends as that does', async () => {
    expect(await take('making tea', 'sh', '-c', 'sleep 1.1; echo tea')).toMatchObject({
      status: 0,
      stdout: 'tea\n',
    });
    const { status, stdout, stderr } = await take('making tea', 'sh', '-c', 'sleep 2.5; exit 7');
    expect({ status, stdout }).toEqual({ status: 7, stdout: '' });
    expect(stderr).toMatch(
      /^making tea \(\d+ s the last time\)\n(?:still at it after \d+ s \(\d+ s the last time\)\n)+$/,
    );
  });

  it('says it of one with --own as well, where nobody sees it move', async () => {
    const { stderr } = await take('--own', 'making tea', 'sleep', '2.5');
    expect(stderr).toMatch(/^making tea\n(?:still at it after \d+ s\n)+$/);
  });

  it('leaves a terminal to one with --own', async () => {
    // script(1) is a terminal.
    const command = `'${step}' --own 'making tea' sleep 2.5`;
    const { stdout } = await run(
      'script',
      ['--quiet', '--return', '--command', command, '/dev/null'],
      {
        env: {
          PATH: process.env['PATH'] ?? '',
          PROGRESS_TIMES: join(folder.path, 'times'),
          PROGRESS_SECONDS: '1',
        },
      },
    );
    expect(stdout).toBe('making tea\r\n');
  });
});

describe('npm scripts', () => {
  const { scripts } = z
    .looseObject({ scripts: z.record(z.string(), z.string()) })
    .parse(JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')));
  /** They are over within seconds, or tell all the time what they do. */
  const SHORT = ['build', 'build:pam', 'format', 'docs', 'demo'];

  it.each(Object.entries(scripts).filter(([name]) => !SHORT.includes(name)))(
    '%s says what it does while it does it',
    (_name, script) => {
      for (const command of script.split(' && ')) {
        if (/^npm run -s build(?::pam)?$/.test(command)) continue;
        if (/^(?:\w+=\S+ )?packaging\/step\.sh /.test(command)) continue;
        // One that does so by itself.
        const [file = ''] = /(?:packaging|bench|test)\/[\w./-]+\.(?:sh|ts)/.exec(command) ?? [];
        expect(readFileSync(join(ROOT, file), 'utf8')).toMatch(
          /progress\.sh"?$|createProgress\(|packaging\/package\.sh/m,
        );
      }
    },
  );

  it('has those that are said to be short', () => {
    expect(Object.keys(scripts)).toEqual(expect.arrayContaining(SHORT));
  });
});

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
