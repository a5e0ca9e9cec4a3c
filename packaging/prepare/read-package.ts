// What a package of node_modules says about itself: name, version, licence and who holds its copyright.
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

import * as z from 'zod/mini';

/** A package whose code is part of ours. */
export interface BundledPackage {
  /** Where it lies, relative to the checkout, such as `node_modules/jose`. */
  readonly path: string;
  readonly name: string;
  readonly version: string;
  /** An SPDX identifier. */
  readonly licence: string;
  /** One line each. */
  readonly copyright: readonly string[];
  /** The file with the licence, whole. */
  readonly licenceText: string;
  /** A NOTICE file, which Apache-2.0 wants passed on; most packages have none. */
  readonly notice: string | undefined;
}

const manifestSchema = z.looseObject({
  name: z.string(),
  version: z.string(),
  license: z.string(),
  author: z.optional(z.union([z.string(), z.looseObject({ name: z.string() })])),
});

/** Reads one. Throws where it has no licence, or nobody to name as its author: then a person has to look. */
export function readPackage(checkout: string, path: string): BundledPackage {
  const folder = join(checkout, path);
  const text = readFileSync(join(folder, 'package.json'), 'utf8');
  const { name, version, license, author } = manifestSchema.parse(JSON.parse(text));
  const licenceText = readFileIn(folder, /^(?:licen[cs]e|copying)\b/i);
  if (licenceText === undefined) {
    throw new Error(`${path} has no licence file`);
  }
  const copyright = copyrightLines(licenceText);
  if (copyright.length === 0 && author !== undefined) {
    copyright.push(typeof author === 'string' ? author : author.name);
  }
  if (copyright.length === 0) {
    throw new Error(`${path} names nobody who holds its copyright`);
  }
  const notice = readFileIn(folder, /^notice\b/i);
  return { path, name, version, licence: license, copyright, licenceText, notice };
}

function readFileIn(folder: string, name: RegExp): string | undefined {
  const [found] = readdirSync(folder)
    .filter((file) => name.test(file))
    .toSorted();
  return found === undefined ? undefined : readFileSync(join(folder, found), 'utf8');
}

/** `Copyright (c) 2018 Filip Skokan`, without the word; not the sentences of a licence that speak of copyright. */
function copyrightLines(text: string): string[] {
  return text
    .split('\n')
    .map(
      (line) =>
        /^\s*copyright (?:\(c\) )?((?!notice|owner|license|\[yyyy\])\S.*)$/i.exec(line)?.[1],
    )
    .filter((line) => line !== undefined)
    .map((line) => line.trim());
}
