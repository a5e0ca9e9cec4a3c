// The arguments of `pgtoken pam` as PAM modules write them. People may write them otherwise, or wrongly: that is left to
// program.ts, which tells them so.
import { parseDuration } from '../values/units.ts';

/** The options of `pgtoken pam`. */
export interface PAMOptions {
  /** Path of issuers.yaml. */
  readonly config: string;
  /** Seconds from the start of the process. */
  readonly timeout: number;
  /** Where keys are remembered; default: below ~/.cache/pgtoken. */
  readonly cacheDir?: string;
}

/** The configuration that is read unless another is named. */
export const DEFAULT_CONFIG = '/etc/pgtoken/issuers.yaml';
/** In seconds; below the default deadline of pam_pgtoken.so. */
export const DEFAULT_TIMEOUT = 4.5;

/**
 * Reads `pam`, then `--config FILE` and `--timeout DURATION`, each at most once.
 *
 * @returns undefined for anything else.
 */
export function parsePAMArguments(args: readonly string[]): PAMOptions | undefined {
  const [command, ...rest] = args;
  if (command !== 'pam' || rest.length % 2 !== 0) {
    return undefined;
  }
  let config: string | undefined;
  let timeout: number | undefined;
  for (let at = 0; at < rest.length; at += 2) {
    const [name, value] = [rest[at], rest[at + 1]];
    if (value === undefined || value === '' || value.startsWith('-')) {
      return undefined;
    }
    if (name === '--config' && config === undefined) {
      config = value;
    } else if (name === '--timeout' && timeout === undefined) {
      timeout = parseTimeout(value);
      if (timeout === undefined) {
        return undefined;
      }
    } else {
      return undefined;
    }
  }
  return { config: config ?? DEFAULT_CONFIG, timeout: timeout ?? DEFAULT_TIMEOUT };
}

/** @returns seconds, or undefined for what is no duration from 100 ms to 60 s. */
export function parseTimeout(text: string): number | undefined {
  const seconds = parseDuration(text);
  return seconds !== undefined && seconds >= 0.1 && seconds <= 60 ? seconds : undefined;
}
