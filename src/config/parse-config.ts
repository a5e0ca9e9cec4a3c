// Turns the text of issuers.yaml into a Configuration, or into all of its problems at once, each with its place.
import { LineCounter, parseDocument } from 'yaml';
import * as z from 'zod/mini';
import { messageOf } from '../message-of.ts';
import { quote } from '../quote.ts';
import { checkRawConfig } from './checks/check-raw-config.ts';
import { findValidParts, type ValidParts } from './find-valid-parts.ts';
import { createLocate, type Locate } from './yaml/locate.ts';
import { dropMergeConsequences } from './yaml/merge-keys.ts';
import { describeIssue, MAX_PROBLEMS, type Problem, sortProblems } from './problems.ts';
import type { ConfigPath } from './config-path.ts';
import { type Configuration, configurationSchema } from './schema/schema.ts';
import {
  countValues,
  describeYAMLErrors,
  findDuplicateKeys,
  toPrintable,
} from './yaml/yaml-problems.ts';

/** A configuration with the means to say where each part of it stands, or what is wrong with the text. */
export type ParsedConfig =
  | { readonly ok: true; readonly config: Configuration; readonly locate: Locate }
  | {
      readonly ok: false;
      readonly problems: readonly Problem[];
      /** What of the entries is sound all the same, so that it can be checked further. */
      readonly sound: readonly ValidParts[];
      readonly locate: Locate;
    };

/**
 * More values than this are not looked at: as nodes they take hundreds of times as much memory as in the text, and no file
 * may take more than 100 MB. Hundreds of entries have some thousands.
 */
const MAX_VALUES = 15_000;
/** Aliases may be used, but not to blow a small file up. */
const MAX_ALIAS_COUNT = 100;

/**
 * Parses and validates the text of an issuers.yaml. Looks at nothing outside the text: files it names are read by
 * `loadPolicy`.
 *
 * @returns the configuration, or at most 100 problems in the order of the text. Never throws for any text.
 */
export function parseConfig(text: string): ParsedConfig {
  if (countValues(text) > MAX_VALUES) {
    const message = `Invalid YAML: over ${MAX_VALUES} values; expected at most that`;
    const place = { line: 1, column: 1 };
    return {
      ok: false,
      problems: [{ path: [], message, ...place }],
      sound: [],
      locate: () => place,
    };
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
    return { ok: false, problems: broken, sound: [], locate: (path) => locate(path, false) };
  }
  const twice = findDuplicateKeys(document.contents).map(({ key, offset }): Problem => {
    const { line, col } = counter.linePos(offset);
    const message = `Duplicate value: key ${quote(key)} stands twice in the same mapping`;
    return { path: [], message, line, column: col };
  });
  let value: unknown;
  try {
    value = document.toJS({ maxAliasCount: MAX_ALIAS_COUNT });
  } catch (error) {
    const message = `Invalid YAML: ${toPrintable(messageOf(error))}`;
    return {
      ok: false,
      problems: [...twice, { path: [], message, line: 1, column: 1 }],
      sound: [],
      locate: (path) => locate(path, false),
    };
  }

  const result = configurationSchema.safeParse(value, { reportInput: true });
  const invalid: Problem[] = [];
  checkRawConfig(value, (path, message, hint) => {
    invalid.push({ path, message, hint, ...locate(path, false) });
  });
  if (result.success && twice.length + invalid.length === 0) {
    return { ok: true, config: result.data, locate: (path) => locate(path, false) };
  }
  let problems = invalid;
  for (const issue of result.error?.issues ?? []) {
    for (const { atKey, ...problem } of describeIssue(issue, knownKeysAt)) {
      problems.push({ ...problem, ...locate(problem.path, atKey) });
    }
    // There can be thousands, of which the first ones are told.
    if (problems.length > 10 * MAX_PROBLEMS) {
      problems = [...sortProblems(problems)];
    }
  }
  return {
    ok: false,
    problems: sortProblems([...twice, ...dropMergeConsequences(problems)]),
    sound: findValidParts(value),
    locate: (path) => locate(path, false),
  };
}

/** The keys that the schema knows at a path, for "did you mean". */
function knownKeysAt(path: ConfigPath): readonly string[] {
  let schema: z.core.$ZodType = configurationSchema;
  for (const step of path) {
    const inner = unwrap(schema);
    const next: z.core.$ZodType | undefined =
      inner instanceof z.core.$ZodArray
        ? inner._zod.def.element
        : inner instanceof z.core.$ZodObject
          ? inner._zod.def.shape[step]
          : undefined;
    if (next === undefined) {
      return [];
    }
    schema = next;
  }
  const found = unwrap(schema);
  return found instanceof z.core.$ZodObject ? Object.keys(found._zod.def.shape) : [];
}

/** A schema below what makes it optional or gives it a default. */
function unwrap(schema: z.core.$ZodType): z.core.$ZodType {
  return schema instanceof z.core.$ZodOptional ||
    schema instanceof z.core.$ZodPrefault ||
    schema instanceof z.core.$ZodDefault
    ? unwrap(schema._zod.def.innerType)
    : schema;
}
