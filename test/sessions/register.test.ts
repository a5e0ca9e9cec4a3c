// The sessions that are known.
import { describe, expect, it } from 'vitest';

import { createRegister, type RegisterEvent } from '../../src/sessions/register.ts';
import type { Session } from '../../src/sessions/session.ts';
import { newSession } from './new-session.ts';

const NEW = newSession({
  token: '{"algorithm":"ES256","claims":{}}',
  grantedAt: 1000,
  grantedUptime: 10,
  expiresAt: 2000,
});
const PLACE = { server: 'main', started: '999', roleID: '7' };

function create(known: readonly Session[] = [], limits = {}) {
  const events: RegisterEvent[] = [];
  const register = createRegister(
    known,
    (event) => void events.push(structuredClone(event)),
    limits,
  );
  return { register, events };
}

describe('a register', () => {
  it('numbers sessions, and tells of all that becomes of them', () => {
    const { register, events } = create();
    const [one, two] = [register.add(NEW)!, register.add({ ...NEW, pid: 101 })!];
    register.place(one, PLACE);
    register.renew(one, 3000);
    register.renew(one, 2500);
    register.remove(one);
    register.remove(one);
    expect([...register.all()]).toEqual([two]);
    expect(register.size).toBe(1);
    expect(events).toEqual([
      { kind: 'granted', session: { ...NEW, id: 1 } },
      { kind: 'granted', session: { ...NEW, id: 2, pid: 101 } },
      { kind: 'placed', id: 1, place: PLACE },
      { kind: 'renewed', id: 1, expiresAt: 3000 },
      { kind: 'gone', id: 1 },
    ]);
  });

  it('has one session in a place: the last', () => {
    const { register, events } = create();
    const [one, two] = [register.add(NEW)!, register.add(NEW)!];
    register.place(one, PLACE);
    register.place(one, PLACE);
    register.place(two, PLACE);
    expect([...register.all()]).toEqual([{ ...two, place: PLACE }]);
    expect(register.at(100, PLACE)).toBe(two);
    expect(events.map(({ kind }) => kind)).toEqual([
      'granted',
      'granted',
      'placed',
      'placed',
      'gone',
      'placed',
    ]);
    register.remove(two);
    expect(register.at(100, PLACE)).toBeUndefined();
  });

  it('tells places of different servers, process IDs and starts apart', () => {
    const { register } = create();
    for (const [pid, place] of [
      [100, PLACE],
      [101, PLACE],
      [100, { ...PLACE, server: 'other' }],
      [100, { ...PLACE, started: '1000' }],
    ] as const) {
      register.place(register.add({ ...NEW, pid })!, place);
    }
    expect(register.size).toBe(4);
  });

  it('goes on from what was known, without its numbers', () => {
    const known = { ...NEW, id: 41, place: PLACE };
    const { register, events } = create([known]);
    const next = register.add(NEW)!;
    expect(next.id).toBe(42);
    register.place(next, PLACE);
    expect([...register.all()]).toEqual([{ ...NEW, id: 42, place: PLACE }]);
    expect(events.map(({ kind }) => kind)).toEqual(['granted', 'gone', 'placed']);
  });

  it('that is full takes none until one is gone', () => {
    const { register, events } = create([], { max: 2 });
    const one = register.add(NEW)!;
    register.add(NEW);
    expect(register.add(NEW)).toBeUndefined();
    expect(events).toHaveLength(2);
    register.remove(one);
    expect(register.add(NEW)?.id).toBe(3);
  });

  it('is full by the length of tokens too, those from before among them', () => {
    const token = 'x'.repeat(400);
    const known = { ...NEW, token, id: 1 };
    const { register } = create([known], { maxTokens: 1000 });
    const two = register.add({ ...NEW, token })!;
    expect(register.add({ ...NEW, token })).toBeUndefined();
    register.remove(two);
    register.remove(two);
    expect(register.add({ ...NEW, token })).toBeDefined();
    expect(register.add({ ...NEW, token })).toBeUndefined();
  });
});
