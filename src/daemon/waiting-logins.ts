// Logins that wait for an issuer. Each keeps its token in memory, and anybody can send long ones: what waits is bounded, so
// that an issuer that does not answer takes its own logins with it and not the daemon.
import { refuse, type Refusal } from '../errors.ts';
import { quote } from '../quote.ts';

/** Lets logins wait, as far as there is room. */
export interface WaitingLogins {
  /**
   * Waits for an issuer on behalf of a login.
   *
   * @param bytes of the login's token.
   * @param start begins what is waited for; must not hold the token.
   * @param late resolves when nobody waits for the login any more.
   * @returns what came of it, the refusal of `late` if that comes first, or one at once where too many wait already.
   */
  wait<T>(
    issuer: string,
    bytes: number,
    start: () => Promise<T>,
    late: Promise<Refusal>,
  ): Promise<T | Refusal>;
}

/** How many bytes of tokens may wait. Their claims take some times as much. */
export interface Room {
  readonly perIssuer: number;
  readonly total: number;
}

/** Creates it, with nobody waiting. Ordinary tokens of as many connections as there can be by default fit in. */
export function createWaitingLogins(
  room: Room = { perIssuer: 1024 * 1024, total: 4 * 1024 * 1024 },
): WaitingLogins {
  const waiting = new Map<string, number>();
  let total = 0;
  const add = (issuer: string, bytes: number): void => {
    total += bytes;
    waiting.set(issuer, (waiting.get(issuer) ?? 0) + bytes);
  };
  return {
    async wait(issuer, bytes, start, late) {
      const ofIssuer = waiting.get(issuer) ?? 0;
      if (ofIssuer + bytes > room.perIssuer || total + bytes > room.total) {
        return refuse(
          'ERR_KEYS_UNAVAILABLE',
          `tokens of ${ofIssuer} bytes wait for the keys of entry ${quote(issuer)}, ${total} bytes for all; expected at most ${room.perIssuer} and ${room.total}`,
          'Its issuer answers slowly or not at all, and somebody sends many long tokens: see the log of decisions.',
        );
      }
      add(issuer, bytes);
      try {
        return await Promise.race([start(), late]);
      } finally {
        add(issuer, -bytes);
      }
    },
  };
}
