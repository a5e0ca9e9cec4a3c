// The wall clock without its steps.
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { createSettledClock } from '../../src/sessions/settled-clock.ts';

/** Both clocks, and a settled one that is looked at every half second. */
function createClocks(known?: number) {
  let [offset, uptime] = [1000, 0];
  const settled = createSettledClock(
    () => offset + uptime,
    () => uptime,
    known,
  );
  return {
    settled,
    set: (next: number) => {
      offset = next;
    },
    pass: (seconds: number) => {
      for (let half = 0; half < seconds * 2; half += 1) {
        uptime += 0.5;
        settled.now();
      }
    },
    /** How far it is from the wall clock as it was at first. */
    ahead: () => settled.now() - uptime - 1000,
    jump: (seconds: number) => {
      uptime += seconds;
    },
  };
}

describe('a clock that is set', () => {
  it('forward counts once it has stood for a minute', () => {
    const clocks = createClocks();
    clocks.pass(10);
    clocks.set(4600);
    clocks.pass(59);
    expect(clocks.ahead()).toBe(0);
    clocks.pass(2);
    expect(clocks.ahead()).toBe(3600);
    expect(clocks.settled.offset()).toBe(4600);
  });

  it('forward by a second or two is only slewed', () => {
    const clocks = createClocks();
    clocks.set(1002);
    expect(clocks.ahead()).toBe(2);
  });

  it('back counts at once, as that ends nothing earlier', () => {
    const clocks = createClocks();
    clocks.set(-2600);
    expect(clocks.ahead()).toBe(-3600);
    clocks.set(1000);
    expect(clocks.ahead()).toBe(0);
  });

  it('forward twice has to stand for a minute from the second time on', () => {
    const clocks = createClocks();
    clocks.set(4600);
    clocks.pass(50);
    clocks.set(8200);
    clocks.pass(50);
    expect(clocks.ahead()).toBe(0);
    clocks.pass(15);
    expect(clocks.ahead()).toBe(7200);
  });

  it('forward, back and forward again has to stand for a minute the second time too', () => {
    const clocks = createClocks();
    clocks.set(4600);
    clocks.pass(50);
    clocks.set(1000);
    clocks.pass(1);
    clocks.set(4600);
    clocks.pass(50);
    expect(clocks.ahead()).toBe(0);
  });

  it('while nobody looked has stood for no time when somebody does', () => {
    const clocks = createClocks();
    clocks.pass(1);
    clocks.set(4600);
    clocks.jump(7200);
    expect(clocks.ahead()).toBe(0);
    clocks.pass(59);
    expect(clocks.ahead()).toBe(0);
  });

  it('to the same wrong time, between two looks an hour apart, has stood for no time', () => {
    const clocks = createClocks();
    clocks.set(4600);
    clocks.pass(1);
    clocks.set(1000);
    clocks.jump(3600);
    clocks.set(4600);
    expect(clocks.ahead()).toBe(0);
    clocks.pass(50);
    expect(clocks.ahead()).toBe(0);
  });

  it.each([4600, -2600])(
    'to %i while the daemon was away counts like one before its eyes',
    (next) => {
      const clocks = createClocks(1000);
      clocks.set(next);
      clocks.pass(50);
      expect(clocks.ahead()).toBeLessThanOrEqual(0);
      clocks.set(1000);
      clocks.pass(1);
      expect(clocks.ahead()).toBe(0);
    },
  );
});

it('is never ahead of the wall clock, whatever becomes of that', () => {
  const steps = fc.array(
    fc.tuple(fc.integer({ min: -10_000, max: 10_000 }), fc.integer({ min: 0, max: 100 })),
  );
  fc.assert(
    fc.property(steps, (all) => {
      let [offset, uptime] = [0, 0];
      const clock = () => offset + uptime;
      const settled = createSettledClock(clock, () => uptime);
      for (const [next, wait] of all) {
        offset = next;
        uptime += wait;
        expect(settled.now()).toBeLessThanOrEqual(clock());
      }
    }),
  );
});
