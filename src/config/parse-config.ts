// Turns the text of issuers.yaml into a Configuration, or into all of its problems at once, each with its place.
import {
  isCollection,
  isMap,
  isPair,
  isScalar,
  LineCounter,
  parseDocument,
  type Document,
} from 'yaml';
import * as z from 'zod/mini';
import { type ConfigPath, describeIssue, type Problem } from './problems.ts';
import { isJSONObject } from '../parse-json-object.ts';
import { escapeNonASCII } from '../quote.ts';
import { checkWritten } from './check-written.ts';
import { issuerSchema, keysSchema } from './key-schema.ts';
import { roleRuleSchema } from './role-schema.ts';
import {
  type Configuration,
  configurationSchema,
  type IssuerPart,
  type KeysPart,
  type RoleRule,
  type ValidationRule,
} from './schema.ts';
import { validationRuleSchema } from './token-schema.ts';

/** Finds the place of a path in the text: that of its value, or of the nearest thing around it that exists. */
export type Locate = (path: ConfigPath) => { readonly line: number; readonly column: number };

/** A configuration with the means to say where each part of it stands, or what is wrong with the text. */
export type ParsedConfig =
  | { readonly ok: true; readonly config: Configuration; readonly locate: Locate }
  | {
      readonly ok: false;
      readonly problems: readonly Problem[];
      /** What of the entries is sound all the same, so that it can be checked further. */
      readonly sound: readonly SoundParts[];
      readonly locate: Locate;
    };

/** The parts of an entry that are sound by themselves, whatever is wrong beside them. */
export interface SoundParts {
  /** Which entry of `issuers` it is. */
  readonly index: number;
  readonly issuer: IssuerPart | undefined;
  readonly keys: KeysPart;
  readonly rules: readonly Indexed<RoleRule>[];
  readonly validationRules: readonly Indexed<ValidationRule>[];
}

/** A rule and which one of its list it is. */
export interface Indexed<Rule> {
  readonly index: number;
  readonly rule: Rule;
}

/** Aliases may be used, but not to blow a small file up. */
const MAX_ALIAS_COUNT = 100;
const MAX_PROBLEMS = 100;

/**
 * Parses and validates the text of an issuers.yaml. Looks at nothing outside the text: files it names are read by
 * `loadPolicy`.
 *
 * @returns the configuration, or at most 100 problems in the order of the text. Never throws for any text.
 */
export function parseConfig(text: string): ParsedConfig {
  const counter = new LineCounter();
  const document = parseDocument(text, {
    lineCounter: counter,
    prettyErrors: false,
    stringKeys: true,
    // Not 'silent', which would also silence the error for a second document behind the first.
    logLevel: 'error',
  });
  const locate = createLocate(document, counter);
  const broken = describeYAMLErrors(document, counter);
  if (broken.length > 0 && !document.errors.every(({ code }) => code === 'DUPLICATE_KEY')) {
    return { ok: false, problems: broken, sound: [], locate: (path) => locate(path, false) };
  }
  let value: unknown;
  try {
    value = document.toJS({ maxAliasCount: MAX_ALIAS_COUNT });
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    const message = `Invalid YAML: ${escapeNonASCII(reason)}`;
    return {
      ok: false,
      problems: [...broken, { path: [], message, line: 1, column: 1 }],
      sound: [],
      locate: (path) => locate(path, false),
    };
  }

  const result = configurationSchema.safeParse(value, { reportInput: true });
  const unfit: Problem[] = [];
  checkWritten(value, (path, message, hint) => {
    unfit.push({ path, message, hint, ...locate(path, false) });
  });
  if (result.success && broken.length + unfit.length === 0) {
    return { ok: true, config: result.data, locate: (path) => locate(path, false) };
  }
  const wrong = (result.error?.issues ?? [])
    .flatMap((issue) => describeIssue(issue, knownKeysAt))
    .map(({ atKey, ...problem }) => ({ ...problem, ...locate(problem.path, atKey) }));
  return {
    ok: false,
    problems: sortProblems([...broken, ...wrong, ...unfit]),
    sound: findSoundParts(value),
    locate: (path) => locate(path, false),
  };
}

/** Puts problems into the order of the text, at most 100 of them. */
export function sortProblems(problems: readonly Problem[]): readonly Problem[] {
  return problems.toSorted((a, b) => a.line - b.line || a.column - b.column).slice(0, MAX_PROBLEMS);
}

function findSoundParts(value: unknown): SoundParts[] {
  const entries: unknown = isJSONObject(value) ? value['issuers'] : undefined;
  return (Array.isArray(entries) ? entries : []).map((entry: unknown, index): SoundParts => {
    const { issuer, keys, roles, claimValidationRules } = isJSONObject(entry) ? entry : {};
    return {
      index,
      issuer: issuerSchema.safeParse(issuer).data,
      keys: keysSchema.safeParse(keys).data,
      rules: findSoundRules(roles, (rule) => roleRuleSchema.safeParse(rule).data),
      validationRules: findSoundRules(
        claimValidationRules,
        (rule) => validationRuleSchema.safeParse(rule).data,
      ),
    };
  });
}

function findSoundRules<Rule>(
  rules: unknown,
  parse: (rule: unknown) => Rule | undefined,
): Indexed<Rule>[] {
  return (Array.isArray(rules) ? rules : []).flatMap((item: unknown, index) => {
    const rule = parse(item);
    return rule === undefined ? [] : [{ index, rule }];
  });
}

/** What is wrong with the text as YAML; also a tag that means nothing here (`!secret`), which must not be passed over. */
function describeYAMLErrors(document: Document.Parsed, counter: LineCounter): Problem[] {
  // One problem for each thing to say: what is nested too deeply is reported at every level.
  const problems = new Map<string, Problem>();
  for (const error of [...document.errors, ...document.warnings].slice(0, MAX_PROBLEMS)) {
    const { line, col } = counter.linePos(error.pos[0]);
    const message = explainYAMLError(error.message);
    problems.set(message === TOO_DEEP ? message : `${message} ${error.pos[0]}`, {
      path: [],
      message,
      line,
      column: col,
    });
  }
  return [...problems.values()];
}

const TOO_DEEP = 'Invalid YAML: nested too deeply';

function explainYAMLError(message: string): string {
  if (message === 'Map keys must be unique') {
    return 'Duplicate value: a key stands twice in the same mapping';
  }
  if (message.startsWith('Source contains multiple documents')) {
    return 'Invalid YAML: a second document begins here; expected only one';
  }
  // What the YAML library says when it is out of stack.
  return /call stack|[Ss]tack overflow/.test(message)
    ? TOO_DEEP
    : `Invalid YAML: ${escapeNonASCII(message)}`;
}

function createLocate(
  document: Document,
  counter: LineCounter,
): (path: ConfigPath, atKey: boolean) => { line: number; column: number } {
  return (path, atKey) => {
    const { line, col } = counter.linePos(offsetOf(document.contents, path, atKey));
    return { line: Math.max(line, 1), column: Math.max(col, 1) };
  };
}

/** Walks down a path; where it ends early, stays at the last key it met, which is where the reader has to look. */
function offsetOf(root: unknown, path: ConfigPath, atKey: boolean): number {
  let node = root;
  let offset = startOf(root) ?? 0;
  for (const [index, step] of path.entries()) {
    if (!isCollection(node)) {
      break;
    }
    let keyOffset: number | undefined;
    if (isMap(node)) {
      const pair = node.items.find(
        (item) => isPair(item) && isScalar(item.key) && item.key.value === step,
      );
      if (pair === undefined) {
        break;
      }
      keyOffset = startOf(pair.key);
      node = pair.value;
    } else {
      node = typeof step === 'number' ? node.items[step] : undefined;
    }
    const last = index === path.length - 1;
    // A value that is itself a block starts on the next line; its key is the better place to point at.
    const useKey = (last && atKey) || isCollection(node) || startOf(node) === undefined;
    offset = (useKey ? keyOffset : undefined) ?? startOf(node) ?? keyOffset ?? offset;
  }
  return offset;
}

function startOf(node: unknown): number | undefined {
  if (
    typeof node !== 'object' ||
    node === null ||
    !('range' in node) ||
    !Array.isArray(node.range)
  ) {
    return undefined;
  }
  const start: unknown = node.range[0];
  return typeof start === 'number' ? start : undefined;
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
