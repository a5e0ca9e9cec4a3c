// `pgtoken sessions` against a daemon that answers whatever a test wants it to.
import { once } from 'node:events';
import { writeFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:net';
import { join } from 'node:path';

import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';

import { askControl } from '../../../src/cli/control/ask-control.ts';
import { endSessions } from '../../../src/cli/sessions/end-sessions.ts';
import { showSessions } from '../../../src/cli/sessions/sessions.ts';
import {
  controlRequest,
  type ControlRequest,
  type ShownSession,
} from '../../../src/protocol/control.ts';
import { createTemporaryFolder, type TemporaryFolder } from '../../support/temporary-folder.ts';

const SHOWN: ShownSession = {
  id: 1,
  server: 'main',
  pid: 100,
  role: 'app',
  issuer: 'cluster',
  service: 'postgresql',
  subject: 's1',
  since: 1,
  expires: 2,
};
const SESSIONS = [
  SHOWN,
  { ...SHOWN, id: 2, pid: 101, subject: 's2' },
  { ...SHOWN, id: 3, pid: 102, role: 'other', issuer: 'people' },
];

let folder: TemporaryFolder;
let control: string;
let server: Server | undefined;
let asked: unknown[] = [];
let output = '';
let errors = '';

beforeEach(async () => {
  folder = await createTemporaryFolder('sessions-command');
  control = join(folder.path, 'control.sock');
  [asked, output, errors] = [[], '', ''];
  vi.spyOn(process.stdout, 'write').mockImplementation((text) => {
    output += String(text);
    return true;
  });
  vi.spyOn(process.stderr, 'write').mockImplementation((text) => {
    errors += String(text);
    return true;
  });
});

afterEach(async () => {
  vi.restoreAllMocks();
  server?.close();
  server = undefined;
  await folder.remove();
});

/** A daemon that answers with this; undefined: it closes the connection. */
async function answer(by: (question: ControlRequest) => unknown): Promise<void> {
  server = createServer((socket) => {
    socket.on('data', (chunk: Buffer) => {
      const question = controlRequest.parse(JSON.parse(chunk.toString()));
      asked.push(question);
      const reply = by(question);
      if (reply === undefined) socket.destroy();
      else socket.end(typeof reply === 'string' ? reply : `${JSON.stringify(reply)}\n`);
    });
  });
  server.listen(control);
  await once(server, 'listening');
}

const wellBehaved = async (ended?: readonly number[]): Promise<void> =>
  answer((question) =>
    question.ask === 'end' ? { ended: ended ?? question.ids } : { sessions: SESSIONS },
  );

describe('the daemon', () => {
  it.each<[what: string, reply: unknown, problem: RegExp]>([
    ['closes the connection', undefined, /it has closed the connection without an answer$/],
    ['answers garbage', '\0garbage', /: Unexpected token/],
    ['answers half of it', '{"sessions":[', /: Unexpected end of JSON input$/],
    ['answers something else', { hello: 1 }, /./],
  ])('that %s cannot be asked', async (_what, reply, problem) => {
    await answer(() => reply);
    const asking = await askControl(control, { ask: 'sessions' });
    expect('problem' in asking ? asking.problem : '').toMatch(problem);
    expect('hint' in asking ? asking.hint : '').toMatch(
      /^Check that it runs \(systemctl status pgtoken\)\. /,
    );
  });

  it('that is not there cannot be asked', async () => {
    expect(await askControl(control, { ask: 'sessions' })).toMatchObject({
      problem: `the daemon cannot be asked at ${control}: no such socket`,
    });
    expect(await showSessions({ control, json: false })).toBe(2);
    expect(errors).toMatch(
      /^pgtoken: the daemon cannot be asked at [^\n]+\nHINT: Check that it runs/,
    );
    expect(output).toBe('');
    await writeFile(control, '');
    expect(await askControl(control, { ask: 'sessions' })).toMatchObject({
      problem: `the daemon cannot be asked at ${control}: nobody listens there`,
    });
  });

  it('that has a problem is shown with it', async () => {
    await answer(() => ({ problem: 'the daemon does not know this question' }));
    expect(await showSessions({ control, json: true })).toBe(2);
    expect(errors).toBe(
      'pgtoken: the daemon does not know this question\nHINT: See the log of the daemon.\n',
    );
  });

  it('that answers another question has a problem', async () => {
    await answer(() => ({ ended: [1] }));
    expect(await showSessions({ control, json: true })).toBe(2);
    expect(errors).toBe('pgtoken: the daemon has given another answer\n');
  });
});

describe('pgtoken sessions', () => {
  it('shows a table, or JSON', async () => {
    await wellBehaved();
    expect(await showSessions({ control, json: false })).toBe(0);
    expect(output).toMatch(/^PID +ROLE /);
    output = '';
    expect(await showSessions({ control, json: true })).toBe(0);
    expect(JSON.parse(output)).toEqual(SESSIONS);
  });
});

describe('pgtoken sessions end', () => {
  const end = async (options: Readonly<Record<string, string | boolean>>): Promise<number> =>
    endSessions({ control, json: false, yes: true, ...options });

  it.each<[which: Readonly<Record<string, string>>, ids: readonly number[]]>([
    [{ pid: '101' }, [2]],
    [{ role: 'app' }, [1, 2]],
    [{ subject: 's1' }, [1, 3]],
    [{ entry: 'people' }, [3]],
    [{ subject: 's1', role: 'app' }, [1]],
    [{ pid: '100', role: 'app', subject: 's1', entry: 'cluster' }, [1]],
  ])('ends those of %j', async (which, ids) => {
    await wellBehaved();
    expect(await end(which)).toBe(0);
    expect(asked).toEqual([{ ask: 'sessions' }, { ask: 'end', ids }]);
    expect(errors).toBe(
      `pgtoken: ${ids.length} session${ids.length === 1 ? '' : 's'} told to end\n`,
    );
  });

  it.each<Readonly<Record<string, string>>>([
    { pid: '100 ' },
    { pid: '' },
    { pid: '1e2' },
    { role: 'APP' },
    { subject: 's' },
    { entry: 'people', role: 'app' },
  ])('ends nobody where nobody is meant: %j', async (which) => {
    await wellBehaved();
    expect(await end(which)).toBe(0);
    expect(asked).toEqual([{ ask: 'sessions' }]);
    expect(output).toBe('no sessions\n');
  });

  it('ends nobody without --yes, and says whom it would', async () => {
    await wellBehaved();
    expect(await end({ role: 'app', yes: false })).toBe(0);
    expect(asked).toEqual([{ ask: 'sessions' }]);
    expect(errors).toBe('pgtoken: nothing has ended; with --yes 2 sessions would\n');
    expect(output.split('\n')).toHaveLength(4);
  });

  it('asks nobody where no option says which', async () => {
    await wellBehaved();
    expect(await end({})).toBe(2);
    expect(asked).toEqual([]);
    expect(errors).toMatch(/^pgtoken: nothing says which sessions are meant\nHINT: Give --pid/);
  });

  it('says how many could not be told', async () => {
    await wellBehaved([1]);
    expect(await end({ role: 'app' })).toBe(1);
    expect(errors).toBe(
      'pgtoken: 1 session told to end\npgtoken: 1 session not: over by now, or still logging in\n',
    );
  });

  it('says so where the daemon has gone in the meantime', async () => {
    await answer(({ ask }) => (ask === 'end' ? undefined : { sessions: SESSIONS }));
    expect(await end({ role: 'app' })).toBe(2);
    expect(errors).toContain('it has closed the connection without an answer');
  });
});
