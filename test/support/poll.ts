// The only way in which tests wait for something they cannot be told of.
import { setTimeout as delay } from 'node:timers/promises';

/**
 * Calls `probe` until it returns something other than undefined, and returns that. Throws after `limit` milliseconds,
 * naming what was waited for.
 */
export async function poll<T>(
  what: string,
  probe: () => Promise<T | undefined> | T | undefined,
  limit = 20_000,
): Promise<T> {
  const end = performance.now() + limit;
  for (;;) {
    const found = await probe();
    if (found !== undefined) return found;
    if (performance.now() > end) throw new Error(`${what}: not seen within ${limit} ms`);
    await delay(20);
  }
}
