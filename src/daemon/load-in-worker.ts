// Loads the configuration without holding up logins: a thread of its own reads and checks it, which takes most of a second for
// hundreds of entries; this one only makes it ready to decide by, with pauses in between.
import { dirname } from 'node:path';
import { Worker } from 'node:worker_threads';
import { compilePolicy } from '../authorize/compile-policy.ts';
import { type LoadedPolicy, loadPolicy } from '../authorize/load-policy.ts';
import type { LoadFollowedPolicy } from './follow-config.ts';
import { LOAD_POLICY } from './load-policy-command.ts';

/** What comes back: a policy is code, and stays where it was made. */
export type ReadPolicy = { readonly files: readonly string[] } & (
  | Pick<Extract<LoadedPolicy, { ok: true }>, 'ok' | 'text' | 'config'>
  | Pick<Extract<LoadedPolicy, { ok: false }>, 'ok' | 'problems'>
);

/** @param program that the thread runs: the one of this process. @returns what loads a file, in the place of `loadPolicy`. */
export function createPolicyLoader(program: string): LoadFollowedPolicy {
  return async (path, isInForce) => {
    // Nobody can log in yet, so that nobody is held up, and without a thread it is there sooner.
    if (!isInForce) {
      return loadPolicy(path);
    }
    const read = await readInThread(program, path);
    if (!read.ok) {
      return read;
    }
    let isValid = true;
    const policy = await compilePolicy(read.config, dirname(path), () => {
      isValid = false;
    });
    // A file that it names has changed in between; what is wrong with it is said where it stands.
    return isValid ? { ...read, policy } : loadPolicy(path);
  };
}

async function readInThread(program: string, path: string): Promise<ReadPolicy> {
  const thread = new Worker(program, { argv: [LOAD_POLICY, path] });
  try {
    return await new Promise<ReadPolicy>((resolve, reject) => {
      thread.once('message', resolve);
      thread.once('error', reject);
      thread.once('exit', (status) => {
        reject(new Error(`the thread that loads the configuration ended with ${status}`));
      });
    });
  } finally {
    void thread.terminate();
  }
}
