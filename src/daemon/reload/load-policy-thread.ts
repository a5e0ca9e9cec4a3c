// The thread that reads and checks the configuration for load-in-worker.ts.
import { parentPort } from 'node:worker_threads';
import { loadPolicy } from '../../policy/load-policy.ts';
import type { ReadPolicy } from './load-in-worker.ts';

/** Loads a file, and sends what came of it to the thread that asked. */
export async function sendLoadedPolicy(path: string): Promise<void> {
  const loaded = await loadPolicy(path);
  const read: ReadPolicy = loaded.ok
    ? { ok: true, text: loaded.text, config: loaded.config, files: loaded.files }
    : { ok: false, problems: loaded.problems, files: loaded.files };
  // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a thread has none
  parentPort?.postMessage(read);
}
