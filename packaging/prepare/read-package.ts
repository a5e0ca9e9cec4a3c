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
  /** Its licence as its authors wrote it, whole. */
  readonly licenceText: string;
  /** The file that this text is from, or the part of a file. */
  readonly licenceSource: string;
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
  const found = findLicence(folder);
  if (found === undefined) {
    throw new Error(`${path} has no licence file, and no licence in its readme`);
  }
  const copyright = copyrightLines(found.text);
  if (copyright.length === 0 && author !== undefined) {
    copyright.push(typeof author === 'string' ? author : author.name);
  }
  if (copyright.length === 0) {
    throw new Error(`${path} names nobody who holds its copyright`);
  }
  return {
    path,
    name,
    version,
    licence: license,
    copyright,
    licenceText: found.text,
    licenceSource: found.source,
    notice: readFileIn(folder, /^notice\b/i)?.text,
  };
}

interface SourceText {
  readonly text: string;
  readonly source: string;
}

function readFileIn(folder: string, name: RegExp): SourceText | undefined {
  const [source] = readdirSync(folder)
    .filter((file) => name.test(file))
    .toSorted();
  return source === undefined
    ? undefined
    : { text: readFileSync(join(folder, source), 'utf8'), source };
}

/** A file of its own, or the section of the readme where authors without such a file have put the whole text. */
function findLicence(folder: string): SourceText | undefined {
  const file = readFileIn(folder, /^(?:licen[cs]e|copying)\b/i);
  if (file !== undefined) return file;
  const readme = readFileIn(folder, /^readme\b/i);
  const section = readme?.text
    .split(/^#+ +/m)
    .find((part) => /^licen[cs]e *\n/i.test(part))
    ?.replace(/^.*\n/, '')
    .trim();
  // "MIT" names a licence and is none: only one that says who holds the copyright and who may do what is taken.
  return readme !== undefined &&
    section !== undefined &&
    copyrightLines(section).length > 0 &&
    /\bpermission\b/i.test(section)
    ? { text: `${section}\n`, source: `the section on the licence in ${readme.source}` }
    : undefined;
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
