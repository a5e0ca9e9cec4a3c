// What an attack is, and how to read the files of this folder. README.md here explains them.
import { access, glob, readFile } from 'node:fs/promises';
import { basename, join } from 'node:path';

import * as z from 'zod/mini';

import { POLICY_FOLDER as TOKEN_POLICY_FOLDER, vector } from '../tokens/vector.ts';

const attack = z.extend(vector, {
  /** What the attacker hopes for. */
  attempts: z.string(),
  /** Where the attack is described: an RFC with its section, a CVE, or what is commonly known. */
  reference: z.string(),
});

export type Attack = z.output<typeof attack>;

/** A file of attacks. */
export interface AttackFile {
  /** Its name without `.json`. */
  readonly name: string;
  readonly attacks: readonly Attack[];
}

/** The file of what looks like an attack and is granted, because it changes nothing. */
export const HARMLESS = 'harmless';

export const ATTACK_FOLDER = import.meta.dirname;

/** Where policies and the key sets that they name are: those of the attacks, and those of the tokens. */
export const POLICY_FOLDERS: readonly string[] = [
  join(ATTACK_FOLDER, 'policies'),
  TOKEN_POLICY_FOLDER,
];

/** The host that policies retrieve keys from; whoever uses them puts a server of its own in its place. */
export const KEY_HOST = 'https://keys.example.com';

/** Reads every file of attacks, in the order of their names. */
export async function loadAttackFiles(): Promise<readonly AttackFile[]> {
  const files: AttackFile[] = [];
  for await (const file of glob('*.json', { cwd: ATTACK_FOLDER })) {
    const text = await readFile(join(ATTACK_FOLDER, file), 'utf8');
    files.push({ name: basename(file, '.json'), attacks: z.array(attack).parse(JSON.parse(text)) });
  }
  return files.toSorted((a, b) => a.name.localeCompare(b.name));
}

/** The path of a policy by its name. */
export async function findPolicy(name: string): Promise<string> {
  for (const folder of POLICY_FOLDERS) {
    const path = join(folder, `${name}.yaml`);
    if (await isThere(path)) return path;
  }
  throw new Error(`no policy ${name}`);
}

async function isThere(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  );
}
