// Reads the Kubernetes examples: every file, every document, each member by a path.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';

import { parseAllDocuments } from 'yaml';

import { findClaim } from '../../src/claims/claim.ts';
import { isJSONObject, type JSONObject } from '../../src/parse-json-object.ts';
import { ROOT } from '../docs/read-markdown.ts';

export const FOLDER = join(ROOT, 'packaging', 'examples', 'kubernetes');

export function readExample(file: string): string {
  return readFileSync(join(FOLDER, file), 'utf8');
}

/** The documents of a YAML file; throws when there is anything wrong with it. */
export function readDocuments(file: string): readonly JSONObject[] {
  return parseAllDocuments(readExample(file)).map((document) => {
    const [problem] = [...document.errors, ...document.warnings];
    if (problem !== undefined) throw new Error(`${file}: ${problem.message}`);
    const value: unknown = document.toJS();
    if (!isJSONObject(value)) throw new Error(`${file} has a document that is no mapping`);
    return value;
  });
}

/** The object of a kind in a file; throws unless there is exactly one. */
export function readObject(file: string, kind: string): JSONObject {
  const [object, ...more] = readDocuments(file).filter((document) => document['kind'] === kind);
  if (object === undefined || more.length > 0) throw new Error(`${file}: not one ${kind}`);
  return object;
}

/** What stands at a path such as `/spec/template/spec/containers/0/image`; undefined when nothing does. */
export function at(value: unknown, path: string): unknown {
  return isJSONObject(value) ? findClaim(value, path) : undefined;
}

/** The list at a path; an empty one when there is none. */
export function listAt(value: unknown, path: string): readonly unknown[] {
  const list = at(value, path);
  return Array.isArray(list) ? list : [];
}
