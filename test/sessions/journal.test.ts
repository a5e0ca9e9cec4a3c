// The register on disk: what comes back of it, whatever became of the file.
import { chmod, chown, mkdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';

import * as fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it, onTestFinished, vi } from 'vitest';

import { createJournal, type Journal, readJournal } from '../../src/sessions/journal.ts';
import { createRegister, type Register } from '../../src/sessions/register.ts';
import type { Session } from '../../src/sessions/session.ts';
import { poll } from '../support/poll.ts';
import { newSession } from './new-session.ts';
import { createTemporaryFolder, type TemporaryFolder } from '../support/temporary-folder.ts';

const OFFSET = 1_767_224_600.25;
const NEW = newSession({
  token: '{"algorithm":"ES256","claims":{"sub":"s"}}',
  grantedAt: 1_767_225_600.123,
  grantedUptime: 1000.5,
  expiresAt: 1_767_229_200,
});
const PLACE = { server: 'main', started: '1767225600123456', roleID: '16384' };
const LATER = 5000;

let folder: TemporaryFolder;
let path: string;
const errors: unknown[] = [];

beforeEach(async () => {
  folder = await createTemporaryFolder('journal');
  path = join(folder.path, 'run', 'sessions');
  errors.length = 0;
});

afterEach(async () => {
  vi.useRealTimers();
  await folder.remove();
});

/** A register with its journal. */
function open(known: readonly Session[] = [], to = path): { register: Register; journal: Journal } {
  const journal = createJournal(
    to,
    () => register.all(),
    () => OFFSET,
    (error) => void errors.push(error),
  );
  const register = createRegister(known, (event) => {
    journal.record(event);
  });
  return { register, journal };
}

async function write(...lines: readonly (string | object)[]): Promise<void> {
  await mkdir(dirname(path), { recursive: true, mode: 0o700 });
  const text = lines.map((line) => (typeof line === 'string' ? line : JSON.stringify(line)));
  await writeFile(path, text.join('\n'), { mode: 0o600 });
}

const granted = (more: object = {}): object => ({
  kind: 'granted',
  session: { ...NEW, id: 1, ...more },
});
const idsOf = (uptime = LATER): number[] => readJournal(path, uptime).sessions.map(({ id }) => id);

describe('what a journal gives back', () => {
  it('is the sessions as they were, and the offset of the clock', async () => {
    const { register, journal } = open();
    const one = register.add(NEW)!;
    const two = register.add({
      ...NEW,
      pid: 101,
      source: '10.0.0.7',
      role: 'jörg\u{1F600}\ud800',
    })!;
    const gone = register.add(NEW)!;
    register.place(one, PLACE);
    register.renew(one, 1_767_239_200);
    await journal.flush();
    register.remove(gone);
    register.place(two, { ...PLACE, server: 'other' });
    await journal.flush();
    expect(readJournal(path, LATER)).toEqual({ sessions: [one, two], offset: OFFSET });
    expect((await stat(path)).mode & 0o7777).toBe(0o600);
    expect((await stat(dirname(path))).mode & 0o7777).toBe(0o700);
    expect(errors).toEqual([]);
  });

  it('has no line of a session but what is known of it', async () => {
    const { register, journal } = open();
    register.add(NEW);
    await journal.flush();
    const text = await readFile(path, 'utf8');
    expect(text).toMatch(/^[\x20-\x7e\n]*$/);
    const line: unknown = JSON.parse(text.split('\n')[1] ?? '');
    // What is undefined is not there.
    expect(line).toEqual(JSON.parse(JSON.stringify(granted())));
  });

  it('is nothing where there is none', () => {
    expect(readJournal(path, LATER)).toEqual({ sessions: [], offset: undefined });
  });

  it.each([
    ['a folder', async () => mkdir(path, { recursive: true })],
    ['empty', async () => write('')],
    ['garbage', async () => write('\0\u{1F600}{', '[]', 'null', '7', '{"kind":"granted"}', '"x"')],
    [
      'binary garbage',
      async () => write('').then(async () => writeFile(path, Buffer.from([0xff, 0xfe, 0, 10]))),
    ],
  ])('is nothing where it is %s', async (_what, make) => {
    await make();
    expect(readJournal(path, LATER)).toEqual({ sessions: [], offset: undefined });
  });

  it('is nothing where others could have written it', async () => {
    await write({ format: 1, offset: OFFSET }, granted());
    await chmod(path, 0o620);
    expect(readJournal(path, LATER)).toEqual({ sessions: [], offset: undefined });
    await chmod(path, 0o602);
    expect(idsOf()).toEqual([]);
    await chmod(path, 0o644);
    expect(idsOf()).toEqual([1]);
  });

  it('is nothing where it is another user’s', async () => {
    await write(granted());
    expect(idsOf()).toEqual([1]);
    const own = process.geteuid?.() ?? 0;
    if (own === 0) {
      await chown(path, 65_534, 65_534);
    } else {
      // Only root can give a file away: who reads it is somebody else instead.
      const spy = vi.spyOn(process, 'geteuid').mockReturnValue(own + 1);
      onTestFinished(() => {
        spy.mockRestore();
      });
    }
    expect(idsOf()).toEqual([]);
  });

  it('is all but a line that was cut off, wherever', async () => {
    const { register, journal } = open();
    register.add(NEW);
    const cut = register.add({
      ...NEW,
      role: 'jörg',
      token: JSON.stringify({ algorithm: 'ES256', claims: { name: 'Jörg \u{1F600}' } }),
    })!;
    await journal.flush();
    const whole = await readFile(path);
    expect(idsOf()).toEqual([1, cut.id]);
    const start = whole.lastIndexOf('\n', whole.length - 2) + 1;
    for (let end = start; end < whole.length - 1; end += 1) {
      await writeFile(path, whole.subarray(0, end), { mode: 0o600 });
      expect(idsOf()).toEqual([1]);
    }
  });

  it('is nothing of before the host was started anew', async () => {
    await write({ format: 1, offset: OFFSET }, granted(), granted({ id: 2, grantedUptime: 6000 }));
    expect(readJournal(path, LATER)).toMatchObject({ sessions: [{ id: 1 }], offset: undefined });
  });

  it.each<[what: string, session: object]>([
    ['an exp that is null (NaN, Infinity)', { expiresAt: null }],
    ['an exp that is text', { expiresAt: '1767229200' }],
    ['no exp', { expiresAt: undefined }],
    ['a process ID that is none', { pid: 1.5 }],
    ['a token that is no JSON', { token: 'x' }],
    ['a token that is a list', { token: '[]' }],
    ['a token without claims', { token: '{"algorithm":"ES256"}' }],
    ['a token whose claims are text', { token: '{"algorithm":"ES256","claims":"x"}' }],
    ['a token without an algorithm', { token: '{"claims":{}}' }],
    ['a place that is half of one', { place: { server: 'main' } }],
  ])('is no session with %s', async (_what, more) => {
    await write(granted(more), granted({ id: 2 }));
    expect(idsOf()).toEqual([2]);
  });

  it('is no session whose exp is beyond all numbers', async () => {
    await write(JSON.stringify(granted()).replace('1767229200', '1e999'), granted({ id: 2 }));
    expect(idsOf()).toEqual([2]);
  });

  it.each([1e300, -5])('is a session with exp %d', async (expiresAt) => {
    await write(granted({ expiresAt }));
    expect(readJournal(path, LATER).sessions).toMatchObject([{ expiresAt }]);
  });

  it('is not changed by what happens to sessions that are not known', async () => {
    await write(
      { kind: 'placed', id: 7, place: PLACE },
      { kind: 'renewed', id: 7, expiresAt: 1 },
      { kind: 'gone', id: 7 },
      granted(),
      { kind: 'unheard of', id: 1 },
      { kind: 'renewed', id: 1, expiresAt: null },
    );
    expect(readJournal(path, LATER).sessions).toEqual([{ ...NEW, id: 1 }]);
  });
});

describe('a journal', () => {
  it('begins with what is known, in place of what was there', async () => {
    await write('garbage', granted({ id: 9 }));
    const { journal } = open([{ ...NEW, id: 3 }]);
    await journal.flush();
    expect(readJournal(path, LATER)).toEqual({ sessions: [{ ...NEW, id: 3 }], offset: OFFSET });
  });

  it('that cannot be written says so once, and has everything when it can be again', async () => {
    await mkdir(path, { recursive: true });
    const { register, journal } = open();
    await journal.flush();
    register.add(NEW);
    await journal.flush();
    expect(errors).toHaveLength(1);
    const two = register.add({ ...NEW, pid: 101 })!;
    await rm(path, { recursive: true });
    register.place(two, PLACE);
    await journal.flush();
    expect(readJournal(path, LATER).sessions).toEqual([...register.all()]);
    await rm(path);
    await mkdir(path);
    register.renew(two, 1_900_000_000);
    await journal.flush();
    expect(errors).toHaveLength(2);
  });

  it('that could not be written is written later, also when nothing more happens', async () => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
    await mkdir(path, { recursive: true });
    const { register, journal } = open();
    register.add(NEW);
    await journal.flush();
    expect(errors).toHaveLength(1);
    await rm(path, { recursive: true });
    vi.advanceTimersByTime(5000);
    vi.useRealTimers();
    await poll('the journal', () => (idsOf().length === 1 ? true : undefined));
  });

  it('is written soon by itself', async () => {
    const { register } = open();
    register.add(NEW);
    await poll('the journal', () => (idsOf().length === 1 ? true : undefined));
    expect(idsOf()).toEqual([1]);
  });

  it('is written anew when most of it is over, and loses nothing that happens meanwhile', async () => {
    const { register, journal } = open();
    await journal.flush();
    const token = JSON.stringify({ algorithm: 'ES256', claims: { sub: 'x'.repeat(10_000) } });
    let largest = 0;
    const flushes: Promise<void>[] = [];
    for (let n = 0; n < 600; n += 1) {
      const session = register.add({ ...NEW, pid: n + 1, token })!;
      if (n % 2 === 0) register.place(session, PLACE);
      if (n % 100 !== 0) register.remove(session);
      flushes.push(journal.flush());
      if (n % 20 === 0) {
        // Not waited for: what follows happens while it is written.
        largest = Math.max(largest, (await stat(path)).size);
      }
    }
    await Promise.all(flushes);
    await journal.flush();
    expect(readJournal(path, LATER).sessions).toEqual([...register.all()]);
    expect((await stat(path)).size).toBeLessThan(2 * 1024 * 1024);
    expect(largest).toBeLessThan(4 * 1024 * 1024);
    expect(errors).toEqual([]);
  });

  describe('while it is written anew', () => {
    /** Much happens, some of it between two writes. */
    const stir = async (register: Register): Promise<void> => {
      for (let index = 0; index < 900; index += 1) {
        const session = [...register.all()][index % 7 === 0 ? 0 : register.size - 1]!;
        if (index % 3 === 0) register.place(session, { ...PLACE, started: String(index) });
        if (index % 3 === 1) register.remove(session);
        if (index % 3 === 2) register.add({ ...NEW, pid: 2000 + index });
        if (index % 20 === 0) await new Promise((resolve) => setImmediate(resolve));
      }
    };
    const addMany = (register: Register): void => {
      for (let pid = 1; pid <= 1000; pid += 1) register.add({ ...NEW, pid });
    };

    it('misses nothing that happens', async () => {
      const { register, journal } = open();
      addMany(register);
      const written = journal.flush();
      await stir(register);
      await written;
      await journal.flush();
      expect(readJournal(path, LATER).sessions).toEqual([...register.all()]);
      expect(errors).toEqual([]);
    });

    it('after a failure misses nothing either', async () => {
      await writeFile(dirname(path), '');
      const { register, journal } = open();
      addMany(register);
      await journal.flush();
      expect(errors).toHaveLength(1);
      await rm(dirname(path));
      const written = journal.flush();
      await stir(register);
      await written;
      await journal.flush();
      expect(readJournal(path, LATER).sessions).toEqual([...register.all()]);
      expect(errors).toHaveLength(1);
    });
  });

  it('gives back the register, whatever happens to sessions', async () => {
    type Step = readonly [what: string, which: number, text: string];
    const steps = fc.array(
      fc.tuple(
        fc.constantFrom('add', 'add', 'place', 'renew', 'remove', 'flush'),
        fc.nat(5),
        fc.string({ unit: 'binary', maxLength: 5 }),
      ),
      { maxLength: 20 },
    );
    let run = 0;
    await fc.assert(
      fc.asyncProperty(steps, async (all: readonly Step[]) => {
        run += 1;
        const to = join(folder.path, `run-${run}`);
        const { register, journal } = open([], to);
        for (const [what, which, text] of all) {
          const session = [...register.all()][which];
          const token = JSON.stringify({ algorithm: 'ES256', claims: { sub: text } });
          if (what === 'add')
            register.add({ ...NEW, role: text, subject: text, token, pid: which });
          if (what === 'flush') await journal.flush();
          if (session === undefined) continue;
          if (what === 'place') register.place(session, { ...PLACE, started: String(which) });
          if (what === 'renew') register.renew(session, NEW.expiresAt + which);
          if (what === 'remove') register.remove(session);
        }
        await journal.flush();
        expect(readJournal(to, LATER).sessions).toEqual([...register.all()]);
      }),
      { numRuns: 60 },
    );
    expect(errors).toEqual([]);
  });
});
