// Which of two tokens a client should hold: the one that it has, or one that has just come.
import { formatSeconds } from '../../values/units.ts';
import type { ClientToken } from './client-token.ts';

/**
 * Whether a token is to take the place of the one that is there.
 *
 * One that has not expired always is, also when it expires sooner than the one before: whoever replaced it had a reason. One
 * that has expired never takes the place of one that has not. Where both have, the one that expires later is the better: if
 * it is the clock of this host that is wrong, it lets its bearer in.
 *
 * @param now Unix time in seconds.
 */
export function isBetter(
  next: ClientToken,
  current: ClientToken | undefined,
  now: number,
): boolean {
  if (next.text === current?.text) {
    return false;
  }
  return !hasExpired(next, now) || current === undefined || isOlder(current, next, now);
}

function isOlder(current: ClientToken, next: ClientToken, now: number): boolean {
  return hasExpired(current, now) && next.expiresAt > current.expiresAt;
}

/** Whether a token has expired by the clock of this host. @param now Unix time in seconds. */
export function hasExpired(token: ClientToken, now: number): boolean {
  return token.expiresAt <= now;
}

/** What to say of a token that has expired, or by this clock seems to. */
export function describeExpired(token: ClientToken, now: number): string {
  return `the token expired ${formatSeconds(now - token.expiresAt)} ago by the clock of this host; expected one that has not`;
}
