// A text as YAML, before anything is asked about its meaning: its value and the means to say where each part of it stands, or
// what is wrong with it. Every file of ours that people write is read here.
import { LineCounter, parseDocument } from 'yaml';
import { messageOf } from '../../message-of.ts';
import { quote } from '../../quote.ts';
import type { ConfigPath } from '../config-path.ts';
import type { Problem } from '../problems.ts';
import { createLocate } from './locate.ts';
import {
  countValues,
  describeYAMLErrors,
  findDuplicateKeys,
  toPrintable,
} from './yaml-problems.ts';

/** Finds the place of a path; `atKey`: that of its last key rather than of its value. */
export type LocateAt = (
  path: ConfigPath,
  atKey: boolean,
) => { readonly line: number; readonly column: number };

/** What a text is as YAML. */
export type YAMLText =
  | {
      readonly ok: true;
      readonly value: unknown;
      /** Keys that stand twice in a mapping. Of such a file the value is not to be used; it may be checked further. */
      readonly duplicates: readonly Problem[];
      readonly locate: LocateAt;
    }
  | { readonly ok: false; readonly problems: readonly Problem[]; readonly locate: LocateAt };

/**
 * More values than this are not looked at: as nodes they take hundreds of times as much memory as in the text, and no file
 * may take more than 100 MB. Hundreds of entries have some thousands.
 */
const MAX_VALUES = 15_000;
/** Aliases may be used, but not to blow a small file up. */
const MAX_ALIAS_COUNT = 100;
const START = { line: 1, column: 1 };

/** Reads it. Never throws for any text. */
export function readYAML(text: string): YAMLText {
  if (countValues(text) > MAX_VALUES) {
    const message = `Invalid YAML: over ${MAX_VALUES} values; expected at most that`;
    return { ok: false, problems: [{ path: [], message, ...START }], locate: () => START };
  }
  const counter = new LineCounter();
  const document = parseDocument(text, {
    lineCounter: counter,
    prettyErrors: false,
    stringKeys: true,
    // Found below: the library compares each key with all before it.
    uniqueKeys: false,
    // Not 'silent', which would also silence the error for a second document behind the first.
    logLevel: 'error',
  });
  const locate = createLocate(document, counter);
  const broken = describeYAMLErrors(document, counter);
  if (broken.length > 0) {
    return { ok: false, problems: broken, locate };
  }
  const duplicates = findDuplicateKeys(document.contents).map(({ key, offset }): Problem => {
    const { line, col } = counter.linePos(offset);
    const message = `Duplicate value: key ${quote(key)} stands twice in the same mapping`;
    return { path: [], message, line, column: col };
  });
  try {
    const value: unknown = document.toJS({ maxAliasCount: MAX_ALIAS_COUNT });
    return { ok: true, value, duplicates, locate };
  } catch (error) {
    const message = `Invalid YAML: ${toPrintable(messageOf(error))}`;
    return { ok: false, problems: [...duplicates, { path: [], message, ...START }], locate };
  }
}
