// Where one login's keys come from when no daemon keeps them: a cache in memory, an issuer that counts how often it is
// asked, and a clock that stands still unless it is moved.
import type { JWK } from 'jose';
import { describe, expect, it } from 'vitest';

import { isRefusal } from '../../src/errors.ts';
import type { FetchResult } from '../../src/keys/fetch-result.ts';
import { getKeySet } from '../../src/keys/get-key-set.ts';
import type { KeyOwner } from '../../src/keys/key-owner.ts';
import type { KeyRecord } from '../../src/keys/key-record.ts';

const START = 1_790_000_000;
const OWNER: KeyOwner = {
  name: 'prod',
  source: 'jwks https://issuer.example.com/keys by system',
  refreshInterval: 600,
  maxStale: 86_400,
  unknownKeyCooldown: 30,
};
const DOWN: FetchResult = {
  kind: 'failed',
  reason: 'https://issuer.example.com/keys: connection refused',
};
const HINT = 'Check that this host reaches the issuer, and issuer.certificateAuthority.';

const key = (kid: string): JWK => ({ kty: 'EC', crv: 'P-256', x: 'x', y: 'y', kid });

interface World {
  /** The kids that a login gets which names this one, or the message of its refusal. */
  readonly login: (kid?: string, source?: string) => Promise<unknown>;
  /** Moves the clock, in seconds; also back. */
  readonly pass: (seconds: number) => void;
  /** What the issuer publishes from now on. */
  readonly publish: (...kids: readonly string[]) => void;
  /** What the issuer answers instead from now on. */
  readonly answer: (result: FetchResult) => void;
  /** How often the issuer was asked, and with which entity tags. */
  readonly asked: readonly (string | undefined)[];
  readonly cached: () => KeyRecord | undefined;
  readonly writes: readonly KeyRecord[];
}

function createWorld(owner: Partial<KeyOwner> = {}, canWrite = true, takes = 0): World {
  let now = START;
  let result: FetchResult = DOWN;
  const asked: (string | undefined)[] = [];
  const writes: KeyRecord[] = [];
  const options = {
    clock: () => now,
    cache: {
      read: (name: string, source: string) =>
        name === OWNER.name && canWrite
          ? writes.findLast((record) => record.source === source)
          : undefined,
      write: (_name: string, record: KeyRecord) => {
        writes.push(record);
      },
    },
    fetch: async (etag: string | undefined) => {
      asked.push(etag);
      now += takes;
      return result;
    },
  };
  return {
    login: async (keyID = 'a', source = OWNER.source) => {
      const keys = await getKeySet(
        { ...OWNER, ...owner, source },
        { keyID, algorithm: 'ES256' },
        options,
      );
      return isRefusal(keys)
        ? { code: keys.code, message: keys.message, hint: keys.hint }
        : keys.keys.map(({ kid }) => kid);
    },
    pass: (seconds) => {
      now += seconds;
    },
    publish: (...kids) => {
      result = {
        kind: 'keys',
        keySet: { keys: kids.map(key) },
        etag: `"${kids.join()}"`,
        maxAge: undefined,
      };
    },
    answer: (next) => {
      result = next;
    },
    asked,
    cached: () => writes.at(-1),
    writes,
  };
}

function unavailable(remembered: string, when = '') {
  return {
    code: 'ERR_KEYS_UNAVAILABLE',
    message: `the issuer's keys could not be retrieved, ${remembered}: https://issuer.example.com/keys: connection refused${when}`,
    hint: HINT,
  };
}

describe('keys that are remembered', () => {
  it('serve without asking the issuer while they are fresh', async () => {
    const world = createWorld();
    world.publish('a');
    expect(await world.login()).toEqual(['a']);
    world.publish('b');
    for (const seconds of [0, 1, 599]) {
      world.pass(seconds);
      expect(await world.login()).toEqual(['a']);
    }
    expect(world.asked).toHaveLength(1);
  });

  it('are retrieved again when they are no longer fresh, with their entity tag', async () => {
    const world = createWorld();
    world.publish('a');
    await world.login();
    world.publish('b');
    world.pass(601);
    expect(await world.login('b')).toEqual(['b']);
    expect(world.asked).toEqual([undefined, '"a"']);
  });

  it('are fresh again when the issuer says that they are unchanged', async () => {
    const world = createWorld();
    world.publish('a');
    await world.login();
    world.pass(601);
    world.answer({ kind: 'unchanged', maxAge: undefined });
    expect(await world.login()).toEqual(['a']);
    world.pass(600);
    expect(await world.login()).toEqual(['a']);
    expect(world.asked).toHaveLength(2);
    expect(world.cached()).toMatchObject({ fetchedAt: START + 601, etag: '"a"' });
  });

  it('of another source do not serve, and are replaced', async () => {
    const world = createWorld();
    world.publish('a');
    await world.login('a');
    world.publish('b');
    const source = 'jwks https://other.example.com/keys by system';
    expect(await world.login('b', source)).toEqual(['b']);
    expect(world.asked).toEqual([undefined, undefined]);
    expect(world.cached()).toMatchObject({ source, keySet: { keys: [key('b')] } });
  });

  it('stop serving a key that the issuer no longer publishes', async () => {
    const world = createWorld();
    world.publish('a', 'b');
    await world.login();
    world.publish('b');
    world.pass(601);
    expect(await world.login('a')).toEqual(['b']);
  });
});

describe('a key that is wanted and not there', () => {
  it('is looked for at once, the first time', async () => {
    const world = createWorld();
    world.publish('a');
    await world.login();
    world.publish('a', 'b');
    expect(await world.login('b')).toEqual(['a', 'b']);
    expect(world.asked).toHaveLength(2);
  });

  it('costs one retrieval for each cooldown, however many tokens name one', async () => {
    const world = createWorld();
    world.publish('a');
    await world.login();
    for (const kid of ['x', 'y', 'z', 'x', '', '__proto__']) {
      expect(await world.login(kid)).toEqual(['a']);
    }
    expect(world.asked).toHaveLength(2);
    world.pass(30);
    await world.login('x');
    expect(world.asked).toHaveLength(2);
    world.pass(1);
    await world.login('x');
    await world.login('y');
    expect(world.asked).toHaveLength(3);
  });

  it('costs no more while the issuer is down', async () => {
    const world = createWorld();
    world.publish('a');
    await world.login();
    world.answer(DOWN);
    for (const kid of ['x', 'y', 'z']) expect(await world.login(kid)).toEqual(['a']);
    expect(world.asked).toHaveLength(2);
    // Who names a key that is there notices nothing.
    expect(await world.login('a')).toEqual(['a']);
  });

  it('does not keep known keys from being served, nor makes them look fresher', async () => {
    const world = createWorld();
    world.publish('a');
    await world.login();
    world.answer(DOWN);
    world.pass(500);
    await world.login('x');
    world.pass(101);
    world.publish('b');
    expect(await world.login('b')).toEqual(['b']);
  });

  it('without a cooldown is looked for each time', async () => {
    const world = createWorld({ unknownKeyCooldown: 0 });
    world.publish('a');
    await world.login();
    for (let login = 0; login < 3; login += 1) {
      world.pass(0.001);
      await world.login('x');
    }
    expect(world.asked).toHaveLength(4);
  });
});

describe('while the issuer is down', () => {
  it('there are no keys when none are remembered, and it is asked once for each cooldown', async () => {
    const world = createWorld();
    expect(await world.login()).toEqual(unavailable('and none are remembered'));
    expect(world.writes).toMatchObject([{ fetchedAt: 0, keySet: { keys: [] } }]);
    world.pass(20);
    expect(await world.login()).toEqual(
      unavailable(
        'and none are remembered',
        ' (20 s ago; asked again after cache.unknownKeyCooldown)',
      ),
    );
    expect(world.asked).toHaveLength(1);
    world.publish('a');
    world.pass(11);
    expect(await world.login()).toEqual(['a']);
  });

  it('an attempt that took its time counts from its end', async () => {
    const world = createWorld({}, true, 100);
    expect(await world.login()).toEqual(unavailable('and none are remembered'));
    expect(await world.login()).toMatchObject({ code: 'ERR_KEYS_UNAVAILABLE' });
    expect(world.asked).toHaveLength(1);
    world.pass(31);
    await world.login();
    expect(world.asked).toHaveLength(2);
  });

  it('an attempt for another source answers nobody', async () => {
    const world = createWorld();
    await world.login();
    world.publish('b');
    expect(await world.login('b', 'jwks https://other.example.com/keys by system')).toEqual(['b']);
  });

  it('remembered keys serve up to maxStale and not longer', async () => {
    const world = createWorld();
    world.publish('a');
    await world.login();
    world.answer(DOWN);
    world.pass(601);
    expect(await world.login()).toEqual(['a']);
    world.pass(86_400 - 601);
    expect(await world.login()).toEqual(['a']);
    world.pass(31);
    const tooOld = 'and those remembered are 24 h old (cache.maxStale is 24 h)';
    expect(await world.login()).toEqual(unavailable(tooOld));
    const asked = world.asked.length;
    expect(await world.login()).toEqual(
      unavailable(tooOld, ' (0 s ago; asked again after cache.unknownKeyCooldown)'),
    );
    expect(world.asked).toHaveLength(asked);
    world.pass(86_400 * 2);
    expect(await world.login()).toEqual(
      unavailable('and those remembered are 3 d old (cache.maxStale is 24 h)'),
    );
  });

  it('the issuer is asked once for each cooldown, not for each login', async () => {
    const world = createWorld();
    world.publish('a');
    await world.login();
    world.answer(DOWN);
    world.pass(700);
    for (let login = 0; login < 10; login += 1) await world.login();
    expect(world.asked).toHaveLength(2);
    world.pass(31);
    for (let login = 0; login < 10; login += 1) await world.login();
    expect(world.asked).toHaveLength(3);
  });

  it('the attempts do not make remembered keys any younger', async () => {
    const world = createWorld({ maxStale: 1000 });
    world.publish('a');
    await world.login();
    world.answer(DOWN);
    for (let passed = 0; passed < 1000; passed += 100) {
      world.pass(100);
      expect(await world.login()).toEqual(['a']);
    }
    world.pass(1);
    expect(await world.login()).toMatchObject({ code: 'ERR_KEYS_UNAVAILABLE' });
  });

  it('why the last attempt failed is remembered, until one succeeds', async () => {
    const world = createWorld();
    world.publish('a');
    await world.login();
    world.answer(DOWN);
    world.pass(601);
    await world.login();
    expect(world.cached()).toMatchObject({ lastError: DOWN.kind === 'failed' && DOWN.reason });
    world.publish('a');
    world.pass(31);
    await world.login();
    expect(world.cached()?.lastError).toBeUndefined();
  });
});

describe('an issuer that answers 401 or 403', () => {
  const UNAUTHORIZED: FetchResult = {
    kind: 'failed',
    reason: 'answered 403; expected 200',
    hint: 'Replace the token.',
    unauthorized: true,
  };

  it('leaves remembered keys in use up to maxStaleUnauthorized, and not longer', async () => {
    const world = createWorld({ maxStaleUnauthorized: 700 });
    world.publish('a');
    await world.login();
    world.answer(UNAUTHORIZED);
    world.pass(650);
    expect(await world.login()).toEqual(['a']);
    // Nor does it help that the issuer is away afterwards.
    world.answer(DOWN);
    world.pass(51);
    expect(await world.login()).toEqual(
      unavailable(
        'and those remembered are 12 min old (cache.maxStaleUnauthorized is 12 min, and the issuer has answered 401 or 403)',
      ),
    );
    world.publish('a');
    world.pass(31);
    expect(await world.login()).toEqual(['a']);
    world.answer(DOWN);
    world.pass(10_000);
    expect(await world.login()).toEqual(['a']);
  });

  it('ends the use of keys that are fresh, where that is the limit', async () => {
    const world = createWorld({ maxStaleUnauthorized: 0 });
    world.publish('a');
    await world.login();
    world.answer(UNAUTHORIZED);
    world.pass(100);
    expect(await world.login('x')).toMatchObject({ hint: 'Replace the token.' });
    expect(await world.login('a')).toMatchObject({ code: 'ERR_KEYS_UNAVAILABLE' });
  });
});

describe('an issuer that publishes no keys any more', () => {
  const NONE: FetchResult = { kind: 'failed', reason: 'no usable key', withdrawn: true };
  const REFUSED = {
    code: 'ERR_KEYS_UNAVAILABLE',
    message: "the issuer's keys could not be retrieved, and none are remembered: no usable key",
    hint: HINT,
  };

  it('has withdrawn those that are remembered, however long they may be stale', async () => {
    const world = createWorld();
    world.publish('a');
    await world.login();
    world.answer(NONE);
    world.pass(601);
    expect(await world.login()).toEqual(REFUSED);
    // An outage after that does not bring them back.
    world.answer(DOWN);
    world.pass(601);
    expect(await world.login()).toMatchObject({ code: 'ERR_KEYS_UNAVAILABLE' });
    world.publish('b');
    world.pass(601);
    expect(await world.login('b')).toEqual(['b']);
  });

  it('withdraws them also when it was asked for another', async () => {
    const world = createWorld();
    world.publish('a');
    await world.login();
    world.answer(NONE);
    expect(await world.login('x')).toEqual(REFUSED);
    expect(await world.login('a')).toMatchObject({ code: 'ERR_KEYS_UNAVAILABLE' });
  });
});

describe('when the clock was set back', () => {
  it('what is remembered of the future is retrieved again', async () => {
    const world = createWorld();
    world.publish('a');
    await world.login();
    world.pass(-3600);
    world.publish('b');
    expect(await world.login('b')).toEqual(['b']);
    expect(world.cached()).toMatchObject({ fetchedAt: START - 3600 });
  });

  it('what is remembered of the future does not serve, however long it may be stale', async () => {
    const world = createWorld();
    world.publish('a');
    await world.login();
    world.answer(DOWN);
    world.pass(-1);
    expect(await world.login()).toEqual(
      unavailable('and those remembered are from the future, as if the clock had been set back'),
    );
  });

  it('a look for a key in the future does not hold up the next one', async () => {
    const world = createWorld();
    world.pass(10_000);
    world.publish('a');
    await world.login();
    await world.login('x');
    world.pass(-100);
    await world.login('x');
    await world.login('x');
    expect(world.asked).toHaveLength(3);
  });
});

it('without a cache that can be written every login asks the issuer, and is served', async () => {
  const world = createWorld({}, false);
  world.publish('a');
  for (let login = 0; login < 3; login += 1) expect(await world.login()).toEqual(['a']);
  expect(world.asked).toHaveLength(3);
});
