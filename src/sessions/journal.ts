// The register on disk, so that a daemon that is started again knows the sessions that the one before it let in: a file of
// lines that is added to, and written anew when most of it is of no use any more.
//
// In a folder of the daemon alone, and gone when the host is started anew. A line that was cut off counts for nothing, and all
// of it is ASCII, as a file that is cut off within a character could not be read at all.
import { appendFile, type FileHandle, mkdir, open, rename } from 'node:fs/promises';
import { dirname } from 'node:path';
import * as z from 'zod/mini';
import { readTrustedFile } from '../files/read-trusted-file.ts';
import { isJSONObject } from '../parse-json-object.ts';
import { escapeNonASCII } from '../quote.ts';
import type { RegisterEvent } from './register.ts';
import { parseKeptToken, type Session } from './session.ts';

/** Keeps what happens to sessions. */
export interface Journal {
  record(event: RegisterEvent): void;
  /** Writes what waits. Never rejects. */
  flush(): Promise<void>;
}

/** What a journal says of the time before. */
export interface ReadJournal {
  readonly sessions: readonly Session[];
  /** The offset of the wall clock then; undefined where there was no journal. */
  readonly offset: number | undefined;
}

const FORMAT = 1;
const MAX_FILE_BYTES = 256 * 1024 * 1024;
/** Events are written within this time, in milliseconds. Each write is some hundred microseconds of the processor, however few they are. */
const DELAY = 200;
/** A file is written anew from this size on, when it is that many times as long as what is in it. */
const LEAST_REWRITE = 1024 * 1024;
const REWRITE_FACTOR = 4;
/** So many sessions are written at once. */
const LINES_AT_ONCE = 200;
/** A file that could not be written is written again after this time, in milliseconds. */
const RETRY = 5000;

const place = z.object({ server: z.string(), started: z.string(), roleID: z.string() });
const line = z.union([
  z.object({ format: z.literal(FORMAT), offset: z.number() }),
  z.object({
    kind: z.literal('granted'),
    session: z.object({
      id: z.int(),
      pid: z.int(),
      service: z.string(),
      role: z.string(),
      source: z.optional(z.string()),
      issuer: z.string(),
      subject: z.string(),
      token: z.string().check(z.refine((text) => parseKeptToken(text) !== undefined)),
      key: z.string(),
      grantedAt: z.number(),
      grantedUptime: z.number(),
      expiresAt: z.number(),
      place: z.optional(place),
    }),
  }),
  z.object({ kind: z.literal('placed'), id: z.int(), place }),
  z.object({ kind: z.literal('renewed'), id: z.int(), expiresAt: z.number() }),
  z.object({ kind: z.literal('gone'), id: z.int() }),
]);

/** Reads a journal. What cannot be read is left out. Never throws. @param uptime now, on the clock of the sessions. */
export function readJournal(path: string, uptime: number): ReadJournal {
  const file = readTrustedFile(path, { maxBytes: MAX_FILE_BYTES });
  const sessions = new Map<number, Session>();
  let offset: number | undefined;
  for (const text of file.ok ? file.text.split('\n') : []) {
    const parsed = parseLine(text);
    if (parsed === undefined) {
      continue;
    }
    if ('format' in parsed) {
      ({ offset } = parsed);
    } else if (parsed.kind === 'granted') {
      const { source, place: at, ...rest } = parsed.session;
      const session: Session = { ...rest, source, ...(at === undefined ? {} : { place: at }) };
      sessions.set(session.id, session);
    } else if (parsed.kind === 'gone') {
      sessions.delete(parsed.id);
    } else {
      const session = sessions.get(parsed.id);
      if (session !== undefined && parsed.kind === 'placed') session.place = parsed.place;
      if (session !== undefined && parsed.kind === 'renewed') session.expiresAt = parsed.expiresAt;
    }
  }
  // Those of a later uptime are from before the host was started anew.
  const known = [...sessions.values()].filter(({ grantedUptime }) => grantedUptime <= uptime);
  return { sessions: known, offset: known.length === sessions.size ? offset : undefined };
}

/**
 * Creates a journal, which it begins with what is known.
 *
 * @param known the sessions as they are at the time, for a file that is written anew.
 * @param onError told when the file cannot be written, once until it can.
 */
export function createJournal(
  path: string,
  known: () => Iterable<Session>,
  offset: () => number,
  onError: (error: unknown) => void,
): Journal {
  let waiting: string[] = [];
  let timer: NodeJS.Timeout | undefined;
  let writing = Promise.resolve();
  let size = Number.POSITIVE_INFINITY;
  let live = 0;
  let isFailing = false;
  let isRewriting = false;

  const rewrite = async (): Promise<void> => {
    // What is in the register now, or comes meanwhile, has everything that waits; what happens meanwhile waits again, and follows.
    waiting = [];
    isRewriting = true;
    await mkdir(dirname(path), { recursive: true, mode: 0o700 });
    const file = await open(`${path}.new`, 'w', 0o600);
    let length = 0;
    try {
      await file.chmod(0o600);
      // Some at a time: as one text they would be many megabytes.
      let lines = [toLine({ format: FORMAT, offset: offset() })];
      for (const session of known()) {
        if (lines.length === LINES_AT_ONCE) {
          length += await writeLines(file, lines);
          lines = [];
        }
        lines.push(toLine({ kind: 'granted', session }));
      }
      length += await writeLines(file, lines);
    } finally {
      await file.close();
    }
    await rename(`${path}.new`, path);
    isRewriting = false;
    size = live = length;
  };
  const write = async (): Promise<void> => {
    if (size > Math.max(LEAST_REWRITE, live * REWRITE_FACTOR)) {
      await rewrite();
    } else if (waiting.length > 0) {
      const text = waiting.join('');
      waiting = [];
      await appendFile(path, text, { mode: 0o600 });
      // All of it is ASCII.
      size += text.length;
    }
  };
  const flush = async (): Promise<void> => {
    clearTimeout(timer);
    timer = undefined;
    writing = writing.then(write).then(
      () => {
        isFailing = false;
      },
      (error: unknown) => {
        isRewriting = false;
        size = Number.POSITIVE_INFINITY;
        if (!isFailing) onError(error);
        isFailing = true;
        timer ??= setTimeout(() => void flush(), RETRY).unref();
      },
    );
    return writing;
  };
  void flush();
  return {
    record(event) {
      // A file that cannot be written is written anew, with all there is.
      if (!isFailing || isRewriting) waiting.push(toLine(event));
      timer ??= setTimeout(() => void flush(), DELAY);
    },
    flush,
  };
}

/** Writes them where the file ends. @returns how long they are; all of it is ASCII. */
async function writeLines(file: FileHandle, lines: readonly string[]): Promise<number> {
  const text = lines.join('');
  await file.writeFile(text);
  return text.length;
}

function toLine(value: unknown): string {
  return `${escapeNonASCII(JSON.stringify(value))}\n`;
}

function parseLine(text: string): z.output<typeof line> | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return isJSONObject(value) ? line.safeParse(value).data : undefined;
  } catch {
    return undefined;
  }
}
