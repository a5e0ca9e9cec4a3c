// The files of a first login: what they would have in them, and what is there already.
import { dirname, join } from 'node:path';
import { readFileSync } from 'node:fs';
import { splitCertificates } from '../../certificates/split-certificates.ts';
import { codeOf } from '../../code-of.ts';
import { describeFileError } from '../../describe-file-error.ts';
import { type Answers, optionNameOf } from '../answers.ts';
import type { InitProblem } from '../init-problem.ts';
import type { Kind } from '../kind.ts';
import { readShippedText, SHIPPED_TEXTS } from '../shipped-texts.ts';

/** What is there of a file. */
export type FileState =
  /** Nothing: it can be written. */
  | 'missing'
  /** issuers.yaml as the package brings it, which trusts nobody and has nothing of anybody's in it. */
  | 'as shipped'
  /** What would be written. */
  | 'same'
  /** Something else, which stays. */
  | 'other';

/** A file of the plan. */
export interface PlannedFile {
  readonly path: string;
  readonly text: string;
  readonly state: FileState;
}

/** Where things go. */
export interface Places {
  readonly config: string;
  readonly pamDir: string;
  readonly service: string;
}

/** A file that is copied, with its text; by the name that issuers.yaml has for it. */
export type CopiedFiles = ReadonlyMap<string, string>;

/** @returns issuers.yaml first. Throws for what the file system answers but that there is no such file. */
export function planFiles(
  config: string,
  copied: CopiedFiles,
  places: Places,
): readonly PlannedFile[] {
  const folder = dirname(places.config);
  return [
    planFile(places.config, config, readShippedText(SHIPPED_TEXTS.emptyConfig)),
    ...[...copied].map(([name, text]) => planFile(join(folder, name), text)),
    planFile(
      join(places.pamDir, places.service),
      readShippedText(SHIPPED_TEXTS.pamService).replaceAll('postgresql-k8s', places.service),
    ),
  ];
}

/** Whether it is to be written. */
export function isToBeWritten({ state }: PlannedFile): boolean {
  return state === 'missing' || state === 'as shipped';
}

/**
 * The files that issuers.yaml names and somebody has given the paths of.
 *
 * @param texts those that are known already, by the name of the parameter.
 */
export function copyFiles(
  kind: Kind,
  answers: Answers,
  nameOf: (example: string) => string,
  texts: ReadonlyMap<string, string>,
): CopiedFiles | InitProblem {
  const copied = new Map<string, string>();
  for (const parameter of kind.parameters) {
    const [path] = answers.get(parameter.name) ?? [];
    if (parameter.kind === 'file' && path !== undefined) {
      const text = texts.get(parameter.name) ?? readGivenFile(optionNameOf(parameter), path);
      if (typeof text !== 'string') {
        return text;
      }
      const isAuthority = parameter.name.startsWith('certificate-authority');
      copied.set(nameOf(parameter.replaces), isAuthority ? certificatesOf(text) : text);
    }
  }
  return copied;
}

/** @returns the certificates alone, without what stands around them, which may be anything; a text that has none as it is. */
export function certificatesOf(pem: string): string {
  const certificates = splitCertificates(pem);
  return certificates.length === 0 ? pem : `${certificates.join('\n')}\n`;
}

/** Reads a file that somebody has named. @param what it is, for messages. */
export function readGivenFile(what: string, path: string): string | InitProblem {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    return {
      problem: `${what} ${path} cannot be read: ${describeFileError(error)}`,
      hint: 'Name a file that is there and that you may read.',
    };
  }
}

function planFile(path: string, text: string, shipped?: string): PlannedFile {
  let found: string;
  try {
    found = readFileSync(path, 'utf8');
  } catch (error) {
    if (codeOf(error) === 'ENOENT') {
      return { path, text, state: 'missing' };
    }
    throw error;
  }
  const state = found === text ? 'same' : found === shipped ? 'as shipped' : 'other';
  return { path, text, state };
}
