// When a source of tokens is looked at again. Durations in seconds, and counted from now: they hold whatever the clock of
// this host says, which may be an hour off.
import { retryDelay } from '../../retry-delay.ts';
import type { ClientToken } from './client-token.ts';

/** The part of a token's life after which its successor is asked for at the latest, as the kubelet does. */
const REFRESH_AT = 0.8;
/** How much of its life sooner, at random, so that a thousand pods do not ask in the same second. */
const JITTER = 0.05;
/** The first pause after a failure, which doubles with each. */
const FIRST_RETRY = 1;
/** The longest pause after a failure. */
const LAST_RETRY = 30;
/** The shortest pause. */
const SHORTEST = 1;
/** The longest time between two looks at a file whose changes are told: they are not on every file system. */
const LONGEST_RECHECK = 30;

/**
 * The pause before a source is asked for the next token.
 *
 * @param now Unix time in seconds.
 * @param random from 0 to 1.
 */
export function refreshPause(token: ClientToken, now: number, random: number): number {
  const issuedAt = token.issuedAt ?? now;
  const life = token.expiresAt - issuedAt;
  // Issued in the future, it was issued now: then this clock is behind that of the issuer.
  const age = Math.max(now - issuedAt, 0);
  const pause = life * (REFRESH_AT - JITTER * random) - age;
  // Past that point the source still gives the token from before, and will not for ever.
  return Math.max(pause, Math.min((token.expiresAt - now) / 4, LAST_RETRY), SHORTEST);
}

/**
 * The pause before a file is read again although nobody has said that it changed.
 *
 * @param now Unix time in seconds.
 */
export function recheckPause(token: ClientToken, now: number): number {
  return Math.min(Math.max((token.expiresAt - now) / 4, SHORTEST), LONGEST_RECHECK);
}

/**
 * The pause after a failure.
 *
 * @param failures in a row, this one among them.
 * @param random from 0 to 1.
 */
export function retryPause(failures: number, random: number): number {
  const longest = retryDelay(failures, FIRST_RETRY, LAST_RETRY);
  return longest * (1 - random / 2);
}
