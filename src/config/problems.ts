// A problem in issuers.yaml, and how it is shown: `issuers.yaml:14:5: issuers[1].issuer.audiences: Required value: …`.
import type * as z from 'zod/mini';
import { escapeNonASCII, quote, quoteList } from '../quote.ts';
import type { ConfigPath } from './config-path.ts';
import { MERGE_KEY, MERGE_PROBLEM } from './yaml/merge-keys.ts';

/** One thing that is wrong, with its place in the text (both counted from 1). */
export interface Problem {
  readonly path: ConfigPath;
  readonly message: string;
  /** What to do about it, a whole sentence; where the message does not say it already. */
  readonly hint?: string | undefined;
  readonly line: number;
  readonly column: number;
}

/** Reports one problem: where, below what is looked at, what, and what to do about it. */
export type ReportProblem = (path: ConfigPath, message: string, hint?: string) => void;

/** More problems than these are not told. */
export const MAX_PROBLEMS = 100;

/** Puts problems into the order of the text, at most {@link MAX_PROBLEMS} of them. */
export function sortProblems(problems: readonly Problem[]): readonly Problem[] {
  return problems.toSorted((a, b) => a.line - b.line || a.column - b.column).slice(0, MAX_PROBLEMS);
}

/** Writes a problem as one line, the way compilers do, without its hint. */
export function formatProblem(file: string, problem: Problem, kind = ''): string {
  const path = formatPath(problem.path);
  return `${file}:${problem.line}:${problem.column}: ${kind}${path === '' ? '' : `${path}: `}${formatMessage(problem)}`;
}

/** The message of a problem, fit for a terminal: some repeat a path or a pattern of the file, which may be anybody's. */
export function formatMessage({ message }: Problem): string {
  return escapeNonASCII(message);
}

/** Writes a path as `issuers[1].issuer.audiences`; a key that is no plain name is quoted. */
export function formatPath(path: ConfigPath): string {
  return path
    .map((step, index) => {
      if (typeof step === 'number') {
        return `[${step}]`;
      }
      const name = /^[A-Za-z0-9_-]{1,80}$/.test(step) ? step : quote(step);
      return index === 0 ? name : `.${name}`;
    })
    .join('');
}

/** Where a union has a mapping, and a mapping is what was written: what is wrong in it. */
function meantBranch({
  errors,
  input,
}: z.core.$ZodIssueInvalidUnion): readonly z.core.$ZodIssue[] | undefined {
  const fitting = errors.filter((issues) =>
    issues.every(({ code, path }) => code !== 'invalid_type' || path.length > 0),
  );
  return isCollection(input) && !Array.isArray(input) && fitting.length === 1
    ? fitting[0]
    : undefined;
}

/** The advice that a check of ours has given. */
function hintOf({ params }: z.core.$ZodIssueCustom): { readonly hint?: string } {
  const hint: unknown = params?.['hint'];
  return typeof hint === 'string' ? { hint } : {};
}

/**
 * Turns one schema issue into problems in the words of Kubernetes' API validation.
 *
 * @param knownKeys the keys that the object at a path may have, for "did you mean".
 */
export function describeIssue(
  issue: z.core.$ZodIssue,
  knownKeys: (path: ConfigPath) => readonly string[],
): { path: ConfigPath; message: string; hint?: string; atKey: boolean }[] {
  const path = issue.path.map((step) => (typeof step === 'symbol' ? String(step) : step));
  switch (issue.code) {
    case 'unrecognized_keys':
      // More than are ever shown are not looked for in the text either.
      return issue.keys.slice(0, 100).map((key) => ({
        path: [...path, key],
        ...describeUnknown(key, knownKeys(path)),
        atKey: true,
      }));
    case 'invalid_key': {
      const message = issue.issues?.[0]?.message ?? 'not permitted';
      return [{ path, message: `Invalid key: ${message}`, atKey: true }];
    }
    case 'custom':
      // Cross-checks bring their own words; a plain refinement says only what the value must be.
      return [
        {
          path,
          message: /^[A-Z]/.test(issue.message)
            ? issue.message
            : `Invalid value: ${quote(issue.input)}: ${issue.message}`,
          ...hintOf(issue),
          atKey: false,
        },
      ];
    case 'invalid_value': {
      if (issue.input === undefined) {
        return [{ path, message: `Required value: ${supported(issue.values)}`, atKey: false }];
      }
      const candidates = issue.values.filter((value) => typeof value === 'string');
      const seen = typeof issue.input === 'string' ? issue.input : '';
      const isHMAC = path.at(-2) === 'algorithms' && /^HS\d/i.test(seen);
      const near =
        seen !== '' && candidates.length > 1 && !isHMAC ? didYouMean(seen, candidates) : '';
      return [
        {
          path,
          message: `Unsupported value: ${quote(issue.input)}: ${supported(issue.values)}${near}`,
          ...(isHMAC ? { hint: NO_HMAC } : {}),
          atKey: false,
        },
      ];
    }
    case 'invalid_union':
    case 'invalid_type': {
      const meant = issue.code === 'invalid_union' ? meantBranch(issue) : undefined;
      if (meant !== undefined) {
        return meant.flatMap((inner) =>
          describeIssue({ ...inner, path: [...issue.path, ...inner.path] }, knownKeys),
        );
      }
      // A union of ours brings words of its own.
      const expected =
        issue.message.startsWith('expected') || issue.code === 'invalid_union'
          ? issue.message
          : `expected ${TYPE_NAMES[issue.expected] ?? issue.expected}`;
      if (issue.input === undefined || issue.input === null) {
        return [
          {
            path,
            message: `Required value: ${expected}`,
            ...(path.length === 0 ? { hint: NOTHING_WRITTEN } : {}),
            atKey: false,
          },
        ];
      }
      const isLone = /^expected a list\b/.test(expected) && !isCollection(issue.input);
      return [
        {
          path,
          message: `Invalid type: ${expected}, got ${nameType(issue.input)}`,
          ...(isLone ? { hint: 'One value is written as a list too, in brackets: [value].' } : {}),
          atKey: false,
        },
      ];
    }
    default:
      return [
        {
          path,
          message: isEmpty(issue.input)
            ? `Required value: ${issue.message}`
            : `Invalid value: ${quote(issue.input)}: ${issue.message}`,
          atKey: false,
        },
      ];
  }
}

const NO_HMAC =
  'HMAC cannot be permitted, as it signs with a shared secret: have the issuer sign with a private key, such as by RS256.';
const NOTHING_WRITTEN =
  'The file is empty, or has comments alone: docs/reference/configuration.md has the common case, packaging/examples the providers.';

const TYPE_NAMES: Readonly<Record<string, string>> = {
  object: 'a mapping',
  record: 'a mapping',
  array: 'a list',
  string: 'text',
  int: 'a whole number',
};

function supported(values: readonly unknown[]): string {
  return values.length === 1
    ? `must be ${quote(values[0])}`
    : `must be one of ${quoteList(values, 20)}`;
}

function nameType(value: unknown): string {
  if (Array.isArray(value)) {
    return 'a list';
  }
  switch (typeof value) {
    case 'object':
      return 'a mapping';
    case 'string':
      return `text ${quote(value)}`;
    default:
      return `${typeof value} ${quote(value)}`;
  }
}

function isEmpty(value: unknown): boolean {
  return value === '' || (Array.isArray(value) && value.length === 0);
}

function isCollection(value: unknown): boolean {
  return typeof value === 'object' && value !== null;
}

function describeUnknown(
  seen: string,
  known: readonly string[],
): { readonly message: string; readonly hint?: string } {
  if (seen === MERGE_KEY) {
    return MERGE_PROBLEM;
  }
  const near = didYouMean(seen, known);
  if (near !== '') {
    return { message: `Unknown field${near}` };
  }
  return {
    message: `Unknown field${known.length === 0 ? '' : `, known here: ${[...known].toSorted().join(', ')}`}`,
    hint: 'docs/reference/configuration.md has every key; with pgtoken config schema an editor completes them.',
  };
}

function didYouMean(seen: string, known: readonly string[]): string {
  let best: string | undefined;
  let bestDistance = 1 + Math.floor(Math.min(seen.length, 24) / 3);
  for (const candidate of known) {
    const distance =
      candidate.toLowerCase() === seen.toLowerCase() ? 0 : editDistance(seen, candidate);
    if (distance < bestDistance) {
      best = candidate;
      bestDistance = distance;
    }
  }
  return best === undefined ? '' : `, did you mean "${best}"?`;
}

/** Levenshtein distance; what is longer than any key of ours counts as far. */
function editDistance(a: string, b: string): number {
  if (a.length > 64) {
    return 64;
  }
  let row = Array.from({ length: b.length + 1 }, (_, index) => index);
  for (const [i, unit] of Array.from(a).entries()) {
    let [diagonal, left] = [i, i + 1];
    row = row.map((above, j) => {
      const distance =
        j === 0 ? i + 1 : Math.min(left + 1, above + 1, diagonal + (unit === b[j - 1] ? 0 : 1));
      [diagonal, left] = [above, distance];
      return distance;
    });
  }
  return row[b.length] ?? 64;
}
