// Notices that files have changed, however that is done: written in place, replaced, or a mounted ConfigMap switched.
import { unwatchFile, watchFile } from 'node:fs';

/** Watches files until told otherwise. */
export interface FileWatcher {
  /** Watches these files and no others. */
  watch(files: readonly string[]): void;
  stop(): void;
}

/** How often files are looked at, in milliseconds. Polling sees every way of replacing a file; events do not. */
const INTERVAL = 1000;

/** @param onChange called some time after a change of any of the files. */
export function createFileWatcher(onChange: () => void): FileWatcher {
  let watched: ReadonlySet<string> = new Set();
  const listener = (): void => {
    onChange();
  };
  const watch = (files: readonly string[]): void => {
    const next = new Set(files);
    for (const file of watched) {
      if (!next.has(file)) {
        unwatchFile(file, listener);
      }
    }
    for (const file of next) {
      if (!watched.has(file)) {
        watchFile(file, { interval: INTERVAL, persistent: false }, listener);
      }
    }
    watched = next;
  };
  return {
    watch,
    stop: () => {
      watch([]);
    },
  };
}
