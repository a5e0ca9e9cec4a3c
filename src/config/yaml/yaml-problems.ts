// What is wrong with a text as YAML, before anything is asked about its meaning: in time and memory that grow with the text
// alone, and in words that a terminal can be shown.
import { type Document, isCollection, isPair, isScalar, type LineCounter } from 'yaml';
import { startOf } from './locate.ts';
import { MAX_PROBLEMS, type Problem } from '../problems.ts';
import { escapeNonASCII } from '../../quote.ts';

/** What is wrong with the text as YAML; also a tag that means nothing here (`!secret`), which must not be passed over. */
export function describeYAMLErrors(document: Document.Parsed, counter: LineCounter): Problem[] {
  // One problem for each thing to say: what is nested too deeply is reported at every level.
  const problems = new Map<string, Problem>();
  for (const error of [...document.errors, ...document.warnings].slice(0, MAX_PROBLEMS)) {
    const { line, col } = counter.linePos(error.pos[0]);
    const message = explainYAMLError(error.message);
    problems.set(message === TOO_DEEP ? message : `${message} ${error.pos[0]}`, {
      path: [],
      message,
      hint: HINTS.find(([about]) => about.test(message))?.[1],
      line,
      column: col,
    });
  }
  return [...problems.values()];
}

/** What to do about the mistakes that are made most. */
const HINTS: readonly (readonly [about: RegExp, hint: string])[] = [
  [
    /Nested mappings are not allowed|Block collections are not allowed within flow/,
    'A text that ends with ":", or has ": " in it, stands in quotes ("system:serviceaccount:"); or else the indentation is wrong.',
  ],
  [/Tabs? /, 'Indent with spaces.'],
  [/Invalid escape sequence/, 'Write it in single quotes, in which a backslash is a backslash.'],
  [
    /must start at the same column|Sequence item without|All (?:mapping|collection) items|Implicit keys need to be on a single line|Implicit map keys need/,
    'Compare the indentation with that of the lines above, and look for a missing ":" or quote.',
  ],
  [
    /Unresolved (?:tag|alias)|is reserved|Unexpected (?:scalar|flow-)|Plain value cannot start/,
    'Put texts with special characters into single quotes.',
  ],
];

const TOO_DEEP = 'Invalid YAML: nested too deeply';

/** How many values a text can hold at the most, if it is YAML: one for each character that can begin or end one. */
export function countValues(text: string): number {
  return text.match(/[\r\n,:?&*[{]|-[ \t]/g)?.length ?? 0;
}

/** The first keys that their mapping has already, in the order of the text, and where they stand. */
export function findDuplicateKeys(root: unknown): { key: unknown; offset: number }[] {
  const found: { key: unknown; offset: number }[] = [];
  const open: unknown[] = [root];
  while (open.length > 0) {
    const node = open.pop();
    const seen = new Set<unknown>();
    for (const item of isCollection(node) ? node.items : []) {
      if (!isPair(item)) {
        open.push(item);
        continue;
      }
      open.push(item.value);
      const key = isScalar(item.key) ? item.key.value : undefined;
      const offset = startOf(item.key);
      if (key !== undefined && offset !== undefined && seen.has(key)) {
        found.push({ key, offset });
      }
      seen.add(key);
    }
  }
  return found.toSorted((a, b) => a.offset - b.offset).slice(0, MAX_PROBLEMS);
}

function explainYAMLError(message: string): string {
  if (message.startsWith('Source contains multiple documents')) {
    return 'Invalid YAML: a second document begins here; expected only one';
  }
  // What the YAML library says when it is out of stack.
  return /call stack|[Ss]tack overflow/.test(message)
    ? TOO_DEEP
    : `Invalid YAML: ${toPrintable(message)}`;
}

/**
 * A message of the YAML library, made fit to be shown: it has parts of the text in it, which may be long, and may be made
 * for a terminal to obey.
 */
export function toPrintable(message: string): string {
  const shown = message.length <= MAX_SHOWN ? message : `${message.slice(0, MAX_SHOWN)}...`;
  return escapeNonASCII(shown);
}

const MAX_SHOWN = 200;
