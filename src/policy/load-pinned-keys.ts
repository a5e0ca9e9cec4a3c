// Keys that stand in a file. It is held to more than what an issuer publishes: every key that would be left out is a
// problem, as an administrator wrote the file for this purpose.
import { resolve } from 'node:path';
import { SUPPORTED_ALGORITHMS } from '../values/algorithms.ts';
import type { ReportProblem } from '../config/problems.ts';
import { readTrustedFile } from '../files/read-trusted-file.ts';
import type { KeysPart } from '../config/schema/schema.ts';
import { MAX_CANDIDATES } from '../keys/find-keys.ts';
import { algorithmsOf } from '../keys/formats/algorithms-of.ts';
import { IS_PRIVATE } from '../keys/formats/parse-key.ts';
import {
  type KeySet,
  MAX_DOCUMENT_VALUES,
  type ParsedKeySet,
  parseKeySet,
} from '../keys/formats/parse-key-set.ts';
import { parseSPIFFEBundle } from '../keys/formats/parse-spiffe-bundle.ts';
import { parseJSONObject } from '../parse-json-object.ts';
import { fileHint } from './file-hint.ts';
import { MAX_REFERENCED_BYTES } from './limits.ts';

/** What a file with keys is: in which form, and how the form is told in messages. */
interface Form {
  readonly key: keyof NonNullable<KeysPart>;
  readonly name: string;
  readonly keys: string;
  readonly parse: (text: string) => ParsedKeySet | string | Promise<ParsedKeySet | string>;
  /** How to take a key out of the file. */
  readonly remove?: (index: number) => string;
}

const removeFromJSON = (index: number): string =>
  `Take it out of the file, for example with jq 'del(.keys[${index}])'.`;

const FORMS: readonly Form[] = [
  {
    key: 'jwksFile',
    name: 'key set',
    keys: 'keys',
    parse: (text) => parseJSON(text, parseKeySet),
    remove: removeFromJSON,
  },
  {
    key: 'spiffeBundleFile',
    name: 'SPIFFE bundle',
    keys: 'keys for JWT-SVIDs (use: jwt-svid)',
    parse: (text) => parseJSON(text, parseSPIFFEBundle),
    remove: removeFromJSON,
  },
  {
    key: 'publicKeysFile',
    name: 'file of public keys',
    keys: 'keys',
    // Loaded here, as it brings a library that nothing else of a decision needs.
    parse: async (text) =>
      (await import('../keys/formats/parse-public-keys.ts')).parsePublicKeys(text),
  },
];

const LEAKED = 'Whoever could read this file can sign tokens: have the issuer make another key.';

/**
 * Reads the pinned keys of an entry.
 *
 * @returns undefined where its keys are retrieved; no keys where the file cannot be used, which `report` has been told.
 */
export async function loadPinnedKeys(
  keys: KeysPart,
  folder: string,
  report: ReportProblem,
): Promise<KeySet | undefined> {
  const form = FORMS.find(({ key }) => keys?.[key] !== undefined);
  const name = form && keys?.[form.key];
  if (form === undefined || name === undefined) {
    return undefined;
  }
  const path = resolve(folder, name);
  const fail = (reason: string, hint?: string): KeySet => {
    report(['keys', form.key], `Invalid value: ${path}${reason}`, hint);
    return { keys: [] };
  };
  const file = readTrustedFile(path, { maxBytes: MAX_REFERENCED_BYTES });
  if (!file.ok) {
    return fail(` cannot be used: ${file.reason}`, fileHint(file));
  }
  const parsed = await form.parse(file.text);
  if (typeof parsed === 'string') {
    return fail(` is no ${form.name}: ${parsed}`);
  }
  const { keySet, rejected } = parsed;
  for (const { index, reason } of rejected) {
    fail(`: keys[${index}] ${reason}`, reason === IS_PRIVATE ? LEAKED : form.remove?.(index));
  }
  if (keySet.keys.length === 0 && rejected.length === 0) {
    fail(` has no ${form.keys}; expected at least one`);
  }
  for (const reason of findUntried(keySet)) {
    fail(`: ${reason}`);
  }
  return keySet;
}

function parseJSON(
  text: string,
  parse: (document: Exclude<ReturnType<typeof parseJSONObject>, string>) => ParsedKeySet | string,
): ParsedKeySet | string {
  const document = parseJSONObject(Buffer.from(text), MAX_DOCUMENT_VALUES);
  return typeof document === 'string' ? document : parse(document);
}

/** Keys without a name are tried one after the other, and only so many of them. */
function findUntried({ keys }: KeySet): string[] {
  const nameless = keys.filter((key) => key.kid === undefined);
  const crowded = SUPPORTED_ALGORITHMS.find(
    (algorithm) =>
      nameless.filter((key) => algorithmsOf(key).includes(algorithm)).length > MAX_CANDIDATES,
  );
  return crowded === undefined
    ? []
    : [`more than ${MAX_CANDIDATES} keys without kid for ${crowded}; expected at most that`];
}
