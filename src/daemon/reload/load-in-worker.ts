// Loads the configuration without holding up logins: a thread of its own reads and checks it, which takes most of a second for
// hundreds of entries; this one only makes it ready to decide by, with pauses in between.
import { dirname } from 'node:path';
import { Worker } from 'node:worker_threads';
import { compilePolicy } from '../../policy/compile-policy.ts';
import { type LoadedPolicy, loadPolicy } from '../../policy/load-policy.ts';
import type { LoadFollowedPolicy } from './follow-config.ts';
import { LOAD_POLICY } from './load-policy-command.ts';

/** What comes back: a policy is code, and stays where it was made. */
export type ReadPolicy = { readonly files: readonly string[] } & (
  | Pick<Extract<LoadedPolicy, { ok: true }>, 'ok' | 'text' | 'config'>
  | Pick<Extract<LoadedPolicy, { ok: false }>, 'ok' | 'problems'>
);

/** What loads a file, in the place of `loadPolicy`. */
export interface PolicyLoader {
  readonly load: LoadFollowedPolicy;
  /** Whether a thread is there still: one that waits for a disk keeps the process from its end. */
  readonly isReading: () => boolean;
}

/** Milliseconds that a thread has: a disk, or a file that is no file, may hold it for ever. */
const LIMIT = 30_000;

/** @param program that the thread runs: the one of this process. @param limit in milliseconds. */
export function createPolicyLoader(program: string, limit = LIMIT): PolicyLoader {
  let threads = 0;
  const readInThread = async (path: string): Promise<ReadPolicy> => {
    const thread = new Worker(program, { argv: [LOAD_POLICY, path] });
    threads += 1;
    const { promise, resolve, reject } = Promise.withResolvers<ReadPolicy>();
    thread.once('message', resolve);
    thread.once('error', reject);
    thread.once('exit', (status) => {
      threads -= 1;
      reject(new Error(`the thread that loads the configuration ended with ${status}`));
    });
    const timer = setTimeout(() => {
      reject(new Error(`the configuration was not read within ${limit / 1000} s`));
    }, limit);
    try {
      return await promise;
    } finally {
      clearTimeout(timer);
      void thread.terminate();
    }
  };
  return {
    isReading: () => threads > 0,
    async load(path, isInForce) {
      // Nobody can log in yet, so that nobody is held up, and without a thread it is there sooner.
      if (!isInForce) {
        return loadPolicy(path);
      }
      const read = await readInThread(path);
      if (!read.ok) {
        return read;
      }
      let isValid = true;
      const policy = await compilePolicy(read.config, dirname(path), () => {
        isValid = false;
      });
      // A file that it names has changed in between; what is wrong with it is said where it stands.
      return isValid ? { ...read, policy } : loadPolicy(path);
    },
  };
}
