// Notices that files have changed, however that is done: written in place, replaced, or a mounted ConfigMap switched.
//
// How a file stands is noted at once when it begins to be watched: what changes from that moment on is not missed, so that
// whoever reads the file after it need not wonder whether it is still the same.
import { type BigIntStats, statSync } from 'node:fs';
import { stat } from 'node:fs/promises';

/** Watches files until told otherwise. */
export interface FileWatcher {
  /** Watches these files and no others. @returns whether one of them was not watched before. */
  watch(files: readonly string[]): boolean;
  stop(): void;
}

/** How often files are looked at, in milliseconds. Polling sees every way of replacing a file; events do not. */
const INTERVAL = 1000;
/** How a file stands that is not there, or cannot be looked at. */
const NONE = '';

/** @param onChange called some time after a change of any of the files. */
export function createFileWatcher(onChange: () => void): FileWatcher {
  /** How each file stood when it was last looked at. */
  let watched: ReadonlyMap<string, string> = new Map();
  let stopped = false;
  // Not by the main thread, which a file system that does not answer must not hold up.
  const look = async (): Promise<void> => {
    const before = watched;
    const states: [file: string, state: string][] = [];
    for (const file of before.keys()) {
      // One after the other: such a file system holds one worker, and leaves the others to the logins.
      const stats = await stat(file, { bigint: true }).catch(() => undefined);
      states.push([file, describeState(stats)]);
    }
    if (stopped) {
      return;
    }
    // Other files may be watched by now; then the next look compares.
    if (watched === before) {
      watched = new Map(states);
      if (states.some(([file, state]) => before.get(file) !== state)) {
        onChange();
      }
    }
    timer.refresh();
  };
  const timer = setTimeout(() => void look(), INTERVAL);
  timer.unref();
  return {
    watch(files) {
      const before = watched;
      watched = new Map(files.map((file) => [file, before.get(file) ?? stateNow(file)]));
      return files.some((file) => !before.has(file));
    },
    stop() {
      stopped = true;
      clearTimeout(timer);
    },
  };
}

function stateNow(file: string): string {
  try {
    return describeState(statSync(file, { bigint: true }));
  } catch {
    return NONE;
  }
}

/** Differs where the file does, be it in content, place or rights. */
function describeState(stats: BigIntStats | undefined): string {
  return stats === undefined
    ? NONE
    : [stats.dev, stats.ino, stats.size, stats.mtimeNs, stats.ctimeNs].join(' ');
}
