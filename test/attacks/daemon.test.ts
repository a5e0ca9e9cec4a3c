// Every attack, and every other token vector, over the socket of a real daemon that runs at the time of the vector. In the
// end its log is looked through: one line for each decision, nothing of any token, and nothing that a terminal would obey.
import { join } from 'node:path';

import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { askDaemon } from '../support/ask-daemon.ts';
import { compileFixedClock, withFixedClock } from '../support/fixed-clock.ts';
import { startDaemonProcess, type DaemonProcess } from '../support/start-daemon-process.ts';
import { loadAttackFiles } from '../vectors/attacks/attack.ts';
import { loadVectorFiles, type Vector } from '../vectors/tokens/vector.ts';
import { asTold } from './as-told.ts';
import { createAttackWorld, type AttackWorld } from './create-attack-world.ts';
import { findPieces, piecesOf } from './find-pieces.ts';

/** The daemon's whole message: with the hint where it has room, cut where not even the message has (docs/understand/protocol.md). */
const MAX_REPLY_BYTES = 500;

const cases: readonly Vector[] = [
  ...(await loadAttackFiles()).flatMap(({ name: file, attacks }) =>
    attacks.map(({ attempts: _attempts, reference: _reference, name, ...rest }) => ({
      name: `${file}: ${name}`,
      ...rest,
    })),
  ),
  ...(await loadVectorFiles()).flatMap(({ name: file, vectors }) =>
    vectors.map(({ name, ...rest }) => ({ name: `tokens/${file}: ${name}`, ...rest })),
  ),
];

const UNREADABLE = 'unavailable ERR_PROTOCOL the request cannot be read:';

/** Why a request comes to no decision: PostgreSQL sends none like these. */
function problemOf({ password, request }: Vector): string | undefined {
  return password.includes('\0')
    ? 'bytes follow the NUL that ends the token; expected nothing'
    : request.role === '' || request.service === ''
      ? 'PAM_SERVICE or PAM_USER is missing or empty; expected both'
      : undefined;
}

/** The start of the reply, and whether that is all of it. */
function replyTo(vector: Vector): { start: string; whole: boolean } {
  const problem = problemOf(vector);
  if (problem !== undefined) return { start: `${UNREADABLE} ${problem}`, whole: true };
  const { expected } = vector;
  if ('granted' in expected) return { start: 'granted', whole: true };
  const { code, message, hint } = expected;
  const text = `denied ${code} ${asTold(message)}`;
  if (text.length > MAX_REPLY_BYTES) {
    return { start: `${text.slice(0, MAX_REPLY_BYTES - 3)}...`, whole: true };
  }
  const advised = `${text}. HINT: ${hint ?? ''}`;
  return hint === undefined || advised.length > MAX_REPLY_BYTES
    ? { start: text, whole: false }
    : { start: advised, whole: true };
}

let world: AttackWorld;
let library: string;

beforeAll(async () => {
  world = await createAttackWorld();
  library = await compileFixedClock(world.folder);
});

afterAll(async () => {
  await world[Symbol.asyncDispose]();
});

const groups = [...Map.groupBy(cases, ({ policy, now }) => `${policy} ${now}`)].map(
  ([title, vectors]) => ({ title, vectors, policy: vectors[0]!.policy, now: vectors[0]!.now }),
);

describe.each(groups)('policy and time $title', ({ title, vectors, policy, now }) => {
  const name = title.replaceAll(' ', '-');
  let socket: string;
  let daemon: DaemonProcess;
  let asked = 0;

  beforeAll(async () => {
    socket = join(world.folder, `${name}.sock`);
    daemon = startDaemonProcess({
      args: [
        `--config=${world.configOf(policy)}`,
        `--socket=${socket}`,
        `--cache-dir=${join(world.folder, name)}`,
      ],
      wrapper: withFixedClock(library, now),
    });
    await daemon.waitForLine('ready');
  });

  afterAll(async () => {
    await daemon.stop();
  });

  it.each(vectors)('$name', async (vector) => {
    const { role: user, service, source: rhost } = vector.request;
    const from = rhost === undefined ? {} : { rhost };
    const reply = await askDaemon(socket, { user, service, ...from, token: vector.password });
    asked += problemOf(vector) === undefined ? 1 : 0;
    const { start, whole } = replyTo(vector);
    expect(whole ? reply : reply.slice(0, start.length)).toBe(start);
    expect(reply.slice(start.length)).toMatch(/^(?:$|\. HINT: [A-Z])/);
  });

  it('has logged each decision in a line of printable ASCII, and no part of a token', async () => {
    expect(await daemon.stop()).toBe(0);
    const decisions = daemon.lines().filter(({ msg }) => msg === 'decision');
    expect(decisions).toHaveLength(asked);
    expect(asked).toBeGreaterThan(0);
    for (const line of daemon.output().split('\n')) expect(line).toMatch(/^[\x20-\x7e]*$/);
    const logged = piecesOf(daemon.output());
    for (const { password } of vectors) expect(findPieces(password, logged)).toEqual([]);
  });
});
