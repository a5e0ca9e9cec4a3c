// Notices that files have changed, however that is done: written in place, replaced, or a mounted ConfigMap switched.
//
// How a file stands is noted at once when it begins to be watched: what changes from that moment on is not missed, so that
// whoever reads the file after it need not wonder whether it is still the same. A change is reported once the files have stood
// still for a moment, so that what is being written is not read half.
import { type BigIntStats, statSync } from 'node:fs';
import { stat } from 'node:fs/promises';

/** Watches files until it is stopped. */
export interface FileWatcher {
  /** Watches these files and no others, the first one most closely. @returns whether one of them was not watched before. */
  watch(files: readonly string[]): boolean;
  stop(): void;
}

/** Who is told of what. */
export interface FileWatcherOptions {
  /** Called some time after a change of any of the files, when they stand still. */
  readonly onChange: () => void;
  /**
   * Called with those of the files whose link count is 0, whenever there are others than before: somebody has replaced them,
   * and this process still sees the old ones, as with a file that was mounted into a container by itself.
   */
  readonly onDetached: (files: readonly string[]) => void;
  /** Whether somebody waits for a change; then it looks more often. Default: nobody. */
  readonly isUrgent?: () => boolean;
}

/** How often the first file is looked at, in milliseconds. Polling sees every way of replacing a file; events do not. */
const INTERVAL = 400;
const URGENT_INTERVAL = 100;
/** All of them are looked at every so many times: there can be hundreds. */
const ROUNDS = 2;
/** For how long files must stand still, in milliseconds. */
const STILL = 200;

/** How a file stands. */
interface FileState {
  /** Differs where the file does, be it in content, place or rights; empty where it cannot be looked at. */
  readonly text: string;
  readonly isDetached: boolean;
}

/** Creates it, watching nothing. */
export function createFileWatcher(options: FileWatcherOptions): FileWatcher {
  const { onChange, onDetached, isUrgent = () => false } = options;
  /** How each file stood when it was last looked at. */
  let watched: ReadonlyMap<string, FileState> = new Map();
  let round = 0;
  /** Whether one has changed since the last report, and since the last look. */
  let hasChanged = false;
  let isStill = true;
  let detached: readonly string[] = [];
  let stopped = false;
  // Not by the main thread, which a file system that does not answer must not hold up.
  const look = async (): Promise<void> => {
    round += 1;
    const before = watched;
    const files = [...before.keys()];
    const now = new Map(before);
    for (const file of isStill && round % ROUNDS !== 0 ? files.slice(0, 1) : files) {
      // One after the other: such a file system holds one worker, and leaves the others to the logins.
      now.set(file, describeState(await stat(file, { bigint: true }).catch(() => undefined)));
    }
    if (stopped) {
      return;
    }
    // Other files may be watched by now; then the next look compares.
    if (watched === before) {
      watched = now;
      isStill = files.every((file) => before.get(file)?.text === now.get(file)?.text);
      hasChanged ||= !isStill;
    }
    if (isStill) {
      reportDetached();
      if (hasChanged) {
        hasChanged = false;
        onChange();
      }
    }
    const interval = isUrgent() ? URGENT_INTERVAL : INTERVAL;
    timer = setTimeout(() => void look(), isStill ? interval : STILL).unref();
  };
  /** Seen twice: a look between the two steps of a replacement would see what is over in a moment. */
  const reportDetached = (): void => {
    const files = [...watched].filter(([, state]) => state.isDetached).map(([file]) => file);
    if (files.join('\0') !== detached.join('\0')) {
      detached = files;
      onDetached(files);
    }
  };
  let timer = setTimeout(() => void look(), INTERVAL).unref();
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

function stateNow(file: string): FileState {
  try {
    return describeState(statSync(file, { bigint: true }));
  } catch {
    return describeState(undefined);
  }
}

function describeState(stats: BigIntStats | undefined): FileState {
  return stats === undefined
    ? { text: '', isDetached: false }
    : {
        text: [stats.dev, stats.ino, stats.size, stats.mtimeNs, stats.ctimeNs].join(' '),
        isDetached: stats.nlink === 0n,
      };
}
