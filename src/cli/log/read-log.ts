// The lines of the daemon's log: from the journal, by journalctl, from a file, or from standard input; followed by tail where more is
// waited for. What is read is bounded by the longest line, whatever it is.
import { spawn } from 'node:child_process';
import { createReadStream } from 'node:fs';
import type { Readable } from 'node:stream';
import { codeOf } from '../../code-of.ts';
import { describeFileError } from '../../describe-file-error.ts';

/** Where lines come from. */
export interface LogSource {
  /** A path, `-` for standard input; undefined: the journal. */
  readonly file?: string;
  /** The unit of the journal. */
  readonly unit: string;
  /** Unix time in seconds; where the journal has to be read from. */
  readonly since?: number;
  /** Likewise, to where. */
  readonly until?: number;
  readonly follow: boolean;
}

/** Longer lines are none of the daemon's, in characters. */
const MAX_LINE = 256 * 1024;

/** Reads them, without their ends. Throws where there is nothing to read them from. */
export async function* readLog(source: LogSource): AsyncGenerator<string> {
  const { file, unit, since, until, follow } = source;
  if (file === '-') {
    yield* linesOf(process.stdin);
  } else if (file !== undefined && !follow) {
    try {
      yield* linesOf(createReadStream(file));
    } catch (error) {
      throw new Error(`${file}: ${describeFileError(error)}`, { cause: error });
    }
  } else if (file !== undefined) {
    yield* outputOf('tail', ['--lines=+1', '--follow=name', '--', file]);
  } else {
    yield* outputOf('journalctl', [
      `--unit=${unit}`,
      '--output=cat',
      '--no-pager',
      '--quiet',
      ...(since === undefined ? [] : [`--since=@${Math.floor(since)}`]),
      // A second more, as journalctl knows whole ones only; what is too late is left out by its own time.
      ...(until === undefined ? [] : [`--until=@${Math.ceil(until) + 1}`]),
      ...(follow ? ['--follow', ...(since === undefined ? ['--lines=0'] : ['--no-tail'])] : []),
    ]);
  }
}

async function* outputOf(command: string, args: readonly string[]): AsyncGenerator<string> {
  const child = spawn(command, args, { stdio: ['ignore', 'pipe', 'pipe'] });
  let complaint = '';
  child.stderr.on('data', (text: Buffer) => {
    complaint = (complaint + text.toString()).slice(0, 2000);
  });
  const ended = new Promise<number | null>((resolve, reject) => {
    child.on('close', resolve).on('error', (error) => {
      const isAbsent = codeOf(error) === 'ENOENT';
      reject(isAbsent ? new Error(`there is no program ${command}`, { cause: error }) : error);
    });
  });
  // It is waited for below; until then it is nobody's loss.
  ended.catch(() => undefined);
  try {
    yield* linesOf(child.stdout);
  } finally {
    child.kill();
  }
  const status = await ended;
  if (status !== 0) {
    throw new Error(
      `${command} ends with status ${status}: ${complaint.trim() || 'without a word'}`,
    );
  }
}

async function* linesOf(stream: Readable): AsyncGenerator<string> {
  stream.setEncoding('utf8');
  let begun = '';
  let isTooLong = false;
  for await (const chunk of stream) {
    const [first = '', ...others] = String(chunk).split('\n');
    begun += first;
    for (const next of others) {
      if (!isTooLong && begun.length <= MAX_LINE) yield begun;
      isTooLong = false;
      begun = next;
    }
    if (begun.length > MAX_LINE) {
      isTooLong = true;
      begun = '';
    }
  }
  if (begun !== '' && !isTooLong) yield begun;
}
