// Numbers on the command lines of what measures.
import { InvalidArgumentError } from 'commander';

/** @throws InvalidArgumentError where it is no number from 1 to 9999. */
export function parseCount(text: string): number {
  if (!/^[1-9][0-9]{0,3}$/.test(text)) {
    throw new InvalidArgumentError(`"${text}"; expected a number from 1 to 9999`);
  }
  return Number(text);
}
