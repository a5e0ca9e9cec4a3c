// `pgtoken log`: what is shown of a log, whatever stands in it.
import { appendFile, writeFile } from 'node:fs/promises';
import { spawn } from 'node:child_process';
import { join } from 'node:path';

import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { formatEvent, HEADING } from '../../../src/cli/log/format-event.ts';
import { parseEvent } from '../../../src/cli/log/parse-event.ts';
import { readLog } from '../../../src/cli/log/read-log.ts';
import { createSummary } from '../../../src/cli/log/summary.ts';
import { poll } from '../../support/poll.ts';
import { runPgtoken } from '../../support/run-pgtoken.ts';
import { createTemporaryFolder, type TemporaryFolder } from '../../support/temporary-folder.ts';

const GRANTED = {
  level: 'info',
  time: '2026-11-28T23:59:58.120Z',
  outcome: 'granted',
  role: 'foo:myservice',
  service: 'postgresql',
  rhost: '10.0.0.7',
  issuer: 'cluster',
  sub: 'system:serviceaccount:foo:myservice',
  ms: 1.2,
  msg: 'decision',
};
const DENIED = {
  ...GRANTED,
  time: '2026-11-29T00:00:02.001Z',
  outcome: 'denied',
  code: 'ERR_TOKEN_EXPIRED',
  reason: 'expired at 2026-11-28T23:50:00Z',
};
const ENDED = {
  level: 'info',
  time: '2026-11-29T00:00:05.001Z',
  cause: 'expired',
  server: 'main',
  pid: 3,
  role: 'alice',
  issuer: 'people',
  sub: '0b6e',
  msg: 'session ended',
};
const OTHER = { level: 'info', time: '2026-11-29T00:00:06.001Z', msg: 'ready' };
const LINES = [GRANTED, OTHER, DENIED, ENDED].map((line) => JSON.stringify(line));

let folder: TemporaryFolder;
let file: string;
beforeAll(async () => {
  folder = await createTemporaryFolder('log');
  file = join(folder.path, 'log');
  await writeFile(file, `${LINES.join('\n')}\n`);
});
afterAll(async () => {
  await folder?.remove();
});

const eventOf = (line: object) => {
  const event = parseEvent(JSON.stringify(line));
  if (event === undefined) throw new Error('no event');
  return event;
};

describe('a line of the log', () => {
  it('is an event where it is a decision or an end, with a priority in front or not', () => {
    expect(parseEvent(JSON.stringify(GRANTED))).toMatchObject({
      outcome: 'granted',
      isRefusal: false,
    });
    expect(parseEvent(`<4>${JSON.stringify(DENIED)}`)).toMatchObject({ isRefusal: true });
    expect(parseEvent(JSON.stringify(ENDED))).toMatchObject({
      outcome: 'ended',
      reason: 'expired',
    });
  });

  it.each([
    '',
    'no JSON',
    '[]',
    'null',
    JSON.stringify(OTHER),
    JSON.stringify({ ...GRANTED, time: 'yesterday' }),
    JSON.stringify({ ...GRANTED, role: 7 }),
    JSON.stringify({ ...GRANTED, msg: ['decision'] }),
  ])('is none otherwise: %s', (line) => {
    expect(parseEvent(line)).toBeUndefined();
  });

  it('is shown with what a client has chosen made harmless, and cut where it is too wide', () => {
    const text = formatEvent(
      eventOf({ ...DENIED, role: 'a\u001b[2Jb', reason: `line\nbreak ${'x'.repeat(200)}` }),
      80,
    );
    expect(text).not.toMatch(/[^\x20-\x7e\n]/);
    expect(text.split('\n').map(({ length }) => length)).toEqual([69, 80, 0]);
  });

  it('of 80 columns has room for a service account and an IPv4 address', () => {
    expect(HEADING.length).toBeLessThan(80);
    const [first = ''] = formatEvent(eventOf({ ...GRANTED, rhost: '192.168.100.200' })).split('\n');
    expect(first).toBe(
      '23:59:58  granted      foo:myservice           cluster       192.168.100.200',
    );
  });
});

describe('a summary', () => {
  it('counts more kinds than it tells apart together, and loses none', () => {
    const summary = createSummary();
    for (let index = 0; index < 1500; index += 1) {
      summary.add(eventOf({ ...GRANTED, role: `role-${index}` }));
    }
    const lines = summary.format().split('\n');
    expect(lines[0]).toContain('1500 events from 2026-11-28T23:59:58Z');
    expect(lines).toHaveLength(1 + 1 + 1 + 1001 + 1);
    expect(lines[3]).toMatch(/^\(others\) +granted +500 /);
  });
});

describe('a log', () => {
  it('that has a line of any length is read in bounds, and what comes after it is not lost', async () => {
    const path = join(folder.path, 'long');
    await writeFile(path, `${'x'.repeat(3_000_000)}\n${LINES[0]}\n${'y'.repeat(300_000)}`);
    const lines = await Array.fromAsync(readLog({ file: path, unit: 'pgtoken', follow: false }));
    expect(lines).toEqual([LINES[0]]);
  });

  it('that is followed has what is added to it', async () => {
    const path = join(folder.path, 'followed');
    await writeFile(path, `${LINES[0]}\n`);
    const lines: string[] = [];
    const reading = readLog({ file: path, unit: 'pgtoken', follow: true });
    lines.push(String((await reading.next()).value));
    await appendFile(path, `${LINES[2]}\n`);
    lines.push(String((await reading.next()).value));
    await reading.return(undefined);
    expect(lines).toEqual([LINES[0], LINES[2]]);
  });
});

describe('pgtoken log', () => {
  const show = async (...args: readonly string[]) => runPgtoken(['log', '--file', file, ...args]);

  it('shows who came and why somebody was refused, day by day', async () => {
    expect(await show()).toMatchObject({
      status: 0,
      stderr: '',
      stdout: [
        '2026-11-28',
        'TIME      OUTCOME      ROLE                    ENTRY         FROM',
        '23:59:58  granted      foo:myservice           cluster       10.0.0.7',
        '',
        '2026-11-29',
        'TIME      OUTCOME      ROLE                    ENTRY         FROM',
        '00:00:02  denied       foo:myservice           cluster       10.0.0.7',
        '          ERR_TOKEN_EXPIRED: expired at 2026-11-28T23:50:00Z',
        '00:00:05  ended        alice                   people        local',
        '          expired',
        '',
      ].join('\n'),
    });
  });

  it.each([
    [['--refused'], [DENIED]],
    [['--granted'], [GRANTED]],
    [['--granted', '--code', 'ERR_TOKEN_EXPIRED'], []],
    [['--role', 'alice'], [ENDED]],
    [['--entry', 'cluster', '--since', '2026-11-29T00:00:00Z'], [DENIED]],
    [['--until', '2026-11-28T23:59:59Z'], [GRANTED]],
    [
      ['--until', '2026-11-29T00:00:02Z'],
      [GRANTED, DENIED],
    ],
    [['--since', '2026-11-29T00:00:00Z', '--until', '2026-11-29T00:00:04Z'], [DENIED]],
    [['--code', 'ERR_TOKEN_EXPIRED', '--subject', GRANTED.sub], [DENIED]],
    [['--role', 'alice', '--refused'], []],
  ])('with %j has those to which all of it applies', async (args, expected) => {
    const { stdout, status } = await show('--json', ...args);
    expect(status).toBe(0);
    expect(stdout).toBe(expected.map((line) => `${JSON.stringify(line)}\n`).join(''));
  });

  it('sums up, and says where nothing is meant', async () => {
    expect((await show('--summary')).stdout).toBe(
      [
        '3 events from 2026-11-28T23:59:58Z to 2026-11-29T00:00:05Z: 1 granted, 1 denied, 1 ended',
        '',
        'ENTRY    ROLE           WHAT               COUNT  LAST',
        'cluster  foo:myservice  granted            1      2026-11-28T23:59:58Z',
        'cluster  foo:myservice  ERR_TOKEN_EXPIRED  1      2026-11-29T00:00:02Z',
        'people   alice          ended (expired)    1      2026-11-29T00:00:05Z',
        '',
      ].join('\n'),
    );
    for (const form of [[], ['--summary'], ['--json']]) {
      expect(await show('--role', 'nobody', ...form)).toMatchObject({
        status: 0,
        stdout: '',
        stderr:
          'pgtoken: none of 3 events matches\nHINT: Where several options are given, all have to apply.\n',
      });
    }
    const other = join(folder.path, 'other.log');
    await writeFile(other, 'one\n{"msg":"ready"}\n');
    expect(await runPgtoken(['log', '--file', other])).toMatchObject({
      status: 0,
      stdout: '',
      stderr:
        'pgtoken: no event in 2 lines\nHINT: Logins and ends of sessions are in the log of pgtoken serve, a line of JSON each.\n',
    });
  });

  it('says so where the log cannot be read', async () => {
    const gone = join(folder.path, 'gone');
    expect(await runPgtoken(['log', '--file', gone])).toMatchObject({
      status: 2,
      stdout: '',
      stderr: `pgtoken: the log cannot be read: ${gone}: no such file\nHINT: Name a file with --file, or - for standard input.\n`,
    });
    const { stderr: complaint } = await runPgtoken(['log', '--file', folder.path]);
    expect(complaint).toContain(`the log cannot be read: ${folder.path}: it is a folder\n`);
    expect(await runPgtoken(['log'], { env: { PATH: folder.path } })).toMatchObject({
      status: 2,
      stderr:
        'pgtoken: the log cannot be read: there is no program journalctl\nHINT: Name a file with --file, or - for standard input.\n',
    });
    const { status, stderr } = await runPgtoken(['log', '--file', gone, '--follow']);
    expect(status).toBe(2);
    expect(stderr).toMatch(/^pgtoken: the log cannot be read: tail ends with status 1: .*gone/);
  });

  it.each([['--follow'], ['--json']])('takes no %s with --summary', async (option) => {
    expect(await show('--summary', option)).toMatchObject({ status: 2, stdout: '' });
  });

  it.each([
    [
      ['--until', '1h', '--follow'],
      'error: --until has an end, and --follow has none; expected one of them',
    ],
    [
      ['--since', '1h', '--until', '2h'],
      'error: --since is after --until; expected the earlier time in --since',
    ],
    [['--until', 'noon'], 'expected a time with its zone'],
    [['--granted', '--refused'], 'error: no login is both granted and refused'],
  ])('takes no %j', async (args, message) => {
    const { status, stdout, stderr } = await show(...args);
    expect({ status, stdout }).toEqual({ status: 2, stdout: '' });
    expect(stderr).toContain(message);
  });

  it('ends quietly when nobody reads on', async () => {
    const path = join(folder.path, 'many');
    await writeFile(path, `${LINES[0]}\n`.repeat(20_000));
    const child = spawn('sh', ['-c', 'bin/pgtoken log --file "$1" | head -n 1', 'sh', path], {
      cwd: join(import.meta.dirname, '../../..'),
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    let said = '';
    child.stderr.on('data', (text: Buffer) => (said += text.toString()));
    expect(await poll('its end', () => child.exitCode ?? undefined, 60_000)).toBe(0);
    expect(said).toBe('');
  });
});
