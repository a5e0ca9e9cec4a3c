// The values of options that are no plain text, each with what a person is told who writes it wrongly.
import { InvalidArgumentError } from 'commander';
import { parseMoment } from '../values/parse-moment.ts';
import { parseDuration } from '../values/units.ts';
import { parseTimeout } from './pam-arguments.ts';

/** A duration from 100 ms to 60 s. @returns seconds. */
export function durationOption(text: string): number {
  const seconds = parseTimeout(text);
  if (seconds === undefined) {
    throw new InvalidArgumentError('expected a duration from "100ms" to "60s"');
  }
  return seconds;
}

/** A duration of at least seven days, as the schema in the database takes it. @returns seconds. */
export function daysOption(text: string): number {
  const seconds = parseDuration(text);
  if (seconds === undefined || seconds < LEAST_DAYS * DAY || seconds > MOST_DAYS * DAY) {
    throw new InvalidArgumentError(`expected a duration from "${LEAST_DAYS}d" to "${MOST_DAYS}d"`);
  }
  return seconds;
}

const DAY = 86_400;
const LEAST_DAYS = 7;
const MOST_DAYS = 3650;

/** A moment with its zone, whose seconds may be left out. @returns Unix time in seconds. */
export function timeOption(text: string): number {
  const seconds = parseMoment(text.replace(/(?<=T\d\d:\d\d)(?=Z|[+-])/, ':00'));
  if (seconds === undefined) {
    throw new InvalidArgumentError('expected a time with its zone, such as 2026-11-21T03:00:00Z');
  }
  return seconds;
}

/** The address of a client, or the name that PAM was given instead. */
export function clientOption(text: string): string {
  if (text === '' || text === 'local') {
    throw new InvalidArgumentError('expected an address; a unix socket is meant without --rhost');
  }
  return text;
}

/** The name of a PAM service; an option that may be written several times. */
export function serviceOption(text: string, before: readonly string[] = []): readonly string[] {
  if (text === '' || text.includes('/')) {
    throw new InvalidArgumentError('expected the name of a file of the PAM folder');
  }
  return [...before, text];
}

/** The process ID of a server process. @returns its digits, as sessions have it. */
export function processOption(text: string): string {
  if (!/^[1-9][0-9]{0,9}$/.test(text)) {
    throw new InvalidArgumentError('expected a process ID, as pg_stat_activity has it in pid');
  }
  return text;
}

/** A number of things. */
export function countOption(text: string): number {
  if (!/^[1-9][0-9]{0,4}$/.test(text)) {
    throw new InvalidArgumentError('expected a number from 1 to 99999');
  }
  return Number(text);
}
