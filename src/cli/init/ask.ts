// Questions on a terminal. Only what is asked for is known here, not what it is for.
import { confirm, password, select, text } from '@clack/prompts';

/** Whoever was asked has ended it, as by Ctrl-C. */
export class CancelledError extends Error {
  override readonly name = 'CancelledError';
}

/** One of several. */
export interface Choice<T> {
  readonly value: T;
  readonly label: string;
  readonly hint?: string;
}

/**
 * A terminal that does not know its size, as behind a serial line, says 0: the library would then write each byte on a line of
 * its own.
 */
const { stdout } = process;
if (stdout.isTTY && (stdout.columns < 1 || stdout.rows < 1)) {
  Object.assign(stdout, { columns: 80, rows: 24 });
}

/** Asks for one of several. */
export async function askChoice<T extends string>(
  message: string,
  choices: readonly Choice<T>[],
  initial?: T,
): Promise<T> {
  const options: Choice<string>[] = [...choices];
  const answer = textOf(
    await select<string>({
      message,
      options,
      maxItems: 12,
      ...(initial === undefined ? {} : { initialValue: initial }),
    }),
  );
  const chosen = choices.find(({ value }) => value === answer);
  if (chosen === undefined) {
    throw new Error('an answer that is none of the choices');
  }
  return chosen.value;
}

/** Asks for a line. @param check what is wrong with it; undefined: nothing. */
export async function askText(
  message: string,
  check: (answer: string) => string | undefined,
  initial = '',
): Promise<string> {
  return textOf(
    await text({
      message,
      initialValue: initial,
      validate: (answer = '') => check(answer.trim()),
    }),
  ).trim();
}

/** Asks for what is not to be seen, not even its length. */
export async function askSecret(
  message: string,
  check: (answer: string) => string | undefined,
): Promise<string> {
  return textOf(
    await password({ message, mask: '', validate: (answer = '') => check(answer.trim()) }),
  ).trim();
}

/** Asks yes or no. */
export async function askWhether(message: string, initial: boolean): Promise<boolean> {
  return flagOf(await confirm({ message, initialValue: initial }));
}

function textOf(answer: string | symbol): string {
  if (typeof answer === 'symbol') {
    throw new CancelledError('nobody has answered');
  }
  return answer;
}

function flagOf(answer: boolean | symbol): boolean {
  if (typeof answer === 'symbol') {
    throw new CancelledError('nobody has answered');
  }
  return answer;
}
