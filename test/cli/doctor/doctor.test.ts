// `pgtoken doctor` as a process from the sources: usage, exit status, colour. What it finds on a host is in test/e2e.
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { answerSchema } from '../../support/examined-host.ts';
import { runPgtoken } from '../../support/run-pgtoken.ts';
import { run } from '../../support/run.ts';
import { createTemporaryFolder } from '../../support/temporary-folder.ts';

const stack = new AsyncDisposableStack();
let folder: string;
/** A host on which there is nothing. */
let nowhere: readonly string[];

beforeAll(async () => {
  folder = stack.use(await createTemporaryFolder('doctor-cli')).path;
  await writeFile(join(folder, 'pg_hba.conf'), 'local all all peer\n');
  nowhere = [
    'doctor',
    `--config=${join(folder, 'issuers.yaml')}`,
    `--cache-dir=${join(folder, 'cache')}`,
    `--pam-dir=${folder}`,
    `--module-dir=${folder}`,
    `--socket=${join(folder, 'pgtoken.sock')}`,
    `--hba=${join(folder, 'pg_hba.conf')}`,
    `--pgbouncer=${join(folder, 'pgbouncer.ini')}`,
    '--user=root',
  ];
});

afterAll(async () => {
  await stack.disposeAsync();
});

describe('wrong usage exits 2, with nothing on standard output', () => {
  it.each<readonly [args: readonly string[], stderr: string]>([
    [
      ['--service', 'a/b'],
      "error: option '--service <name>' argument 'a/b' is invalid. expected the name of a file of the PAM folder\nHINT: See pgtoken doctor --help.\n",
    ],
    [
      ['--sevice', 'a'],
      "error: unknown option '--sevice'\n(Did you mean --service?)\nHINT: See pgtoken doctor --help.\n",
    ],
    [
      ['host'],
      "error: too many arguments for 'doctor'. Expected 0 arguments but got 1\nHINT: See pgtoken doctor --help.\n",
    ],
    [
      ['--db', 'postgresql://a:s3cret%ZZ@b'],
      'pgtoken: --db: it has a percent sign that stands for nothing\nHINT: Write it as psql takes it, such as "host=/run/postgresql user=postgres".\n',
    ],
    [
      ['--db', 's3cret'],
      'pgtoken: --db: it is neither a URI (postgresql://…) nor a list of name=value\nHINT: Write it as psql takes it, such as "host=/run/postgresql user=postgres".\n',
    ],
  ])('%j', async (args, stderr) => {
    expect(await runPgtoken([...nowhere, ...args])).toEqual({
      status: 2,
      signal: undefined,
      stdout: '',
      stderr,
    });
  });
});

describe('as a plugin', () => {
  it('says on one line how the host is, what is wrong below, and exits as a plugin', async () => {
    const { status, stdout, stderr } = await runPgtoken([...nowhere, '--check']);
    expect({ status, stderr }).toEqual({ status: 2, stderr: '' });
    const [title, ...rest] = stdout.trimEnd().split('\n');
    const [, failures, warnings] =
      /^PGTOKEN CRITICAL - (\d+) failures, (\d+) warnings? \| failures=\1 warnings=\2$/.exec(
        title ?? '',
      ) ?? [];
    expect(rest.filter((line) => line.startsWith('failure '))).toHaveLength(Number(failures));
    expect(rest.filter((line) => line.startsWith('warning '))).toHaveLength(Number(warnings));
    expect(rest).toContainEqual(expect.stringMatching(/^failure config-missing: .*issuers\.yaml/));
  });

  it('is unknown where it cannot examine, and wrong usage beside what has another form', async () => {
    expect(await runPgtoken([...nowhere, '--check', '--db', 's3cret'])).toMatchObject({
      status: 3,
      stdout:
        'PGTOKEN UNKNOWN - --db: it is neither a URI (postgresql://?) nor a list of name=value\n',
      stderr: '',
    });
    const { status, stdout, stderr } = await runPgtoken([...nowhere, '--check', '--json']);
    expect({ status, stdout }).toEqual({ status: 2, stdout: '' });
    expect(stderr).toContain("'--check' cannot be used with option '--json'");
  });
});

describe('on a host without anything', () => {
  it('exits 1, names each thing that is missing, and says nothing on standard error', async () => {
    const { status, stdout, stderr } = await runPgtoken([...nowhere, '--json']);
    expect({ status, stderr }).toEqual({ status: 1, stderr: '' });
    const { findings } = answerSchema.parse(JSON.parse(stdout));
    expect(findings.map(({ fault }) => fault)).toEqual([
      'config-missing',
      'service-missing',
      'module-missing',
      'socket-missing',
      'hba-unused',
      null,
    ]);
  });

  it('examines each service that is named, and knows them by lower case', async () => {
    const { stdout } = await runPgtoken([...nowhere, '--json', '--service=A', '--service=b']);
    const { findings } = answerSchema.parse(JSON.parse(stdout));
    const missing = findings.filter(({ fault }) => fault === 'service-missing');
    expect(missing.map(({ subject }) => subject)).toEqual([join(folder, 'a'), join(folder, 'b')]);
  });

  it('tells a person, in order', async () => {
    const { status, stdout } = await runPgtoken(nowhere);
    expect(status).toBe(1);
    const titles = stdout.split('\n').filter((line) => /^[a-zA-Z]/.test(line));
    const ok = ['PgBouncer'];
    const failing = ['configuration', 'PAM service', 'PAM module', 'socket', 'pg_hba.conf'];
    expect(titles).toEqual([...ok, ...failing]);
    expect(stdout).toMatch(/\n\n5 failures, 0 warnings\n$/);
  });

  it('leaves out with --quiet what is in order', async () => {
    const { status, stdout } = await runPgtoken([...nowhere, '--quiet']);
    expect(status).toBe(1);
    expect(stdout).not.toContain('PgBouncer');
    expect(stdout).toMatch(/^configuration\n  failure  [^]*\n\n5 failures, 0 warnings\n$/);
    const json = await runPgtoken([...nowhere, '--quiet', '--json']);
    const { findings } = answerSchema.parse(JSON.parse(json.stdout));
    expect(new Set(findings.map(({ level }) => level))).toEqual(new Set(['failure']));
  });
});

const onTerminal = async (env: Readonly<Record<string, string>>): Promise<string> => {
  const command = [join(import.meta.dirname, '..', '..', '..', 'bin', 'pgtoken'), ...nowhere];
  const { stdout } = await run('script', ['-qec', command.join(' '), '/dev/null'], { env });
  expect(stdout).toContain('5 failures');
  return stdout;
};

describe('colour', () => {
  it('is for a terminal only', async () => {
    expect(await onTerminal({ TERM: 'xterm' })).toContain('\u{1b}[31mfailure\u{1b}[0m');
    expect((await runPgtoken(nowhere, { env: { TERM: 'xterm' } })).stdout).not.toContain('\u{1b}');
  });

  it.each([{ TERM: 'xterm', NO_COLOR: '1' }, { TERM: 'dumb' }])(
    'is not for one of %j',
    async (env) => {
      expect(await onTerminal(env)).not.toContain('\u{1b}');
    },
  );
});
