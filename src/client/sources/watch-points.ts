// Watches names in folders, and follows when they move.
import { type FSWatcher, watch as watchFolder } from 'node:fs';
import { stat } from 'node:fs/promises';
import { codeOf } from '../../code-of.ts';
import type { SourceWatcher } from '../token/token-source.ts';
import type { WatchPoint } from './find-watch-points.ts';

/** What is watched. */
export interface PointWatcher {
  /** Watches these and no others. Whatever changes after it resolves is told. */
  watch(points: readonly WatchPoint[]): Promise<void>;
  close(): void;
}

/** What of `watch` of `node:fs` is used here. */
export type WatchFolder = (
  folder: string,
  onEvent: (event: string, name: string | null) => void,
) => FSWatcher;

/** A folder that is watched. */
interface Watched {
  /** Device and inode: another folder may have taken its place. */
  readonly identity: string;
  readonly watcher: FSWatcher;
  readonly names: Set<string>;
}

/** Creates it, watching nothing. */
export function createPointWatcher(
  { onChange, onBlind }: SourceWatcher,
  watchIt: WatchFolder = watchFolder,
): PointWatcher {
  const watched = new Map<string, Watched>();
  /** Folders that cannot be watched; each is told once, and tried again at each look. */
  const blind = new Set<string>();
  let isClosed = false;
  const drop = (folder: string): void => {
    watched.get(folder)?.watcher.close();
    watched.delete(folder);
  };
  const open = (folder: string, identity: string, names: Set<string>): void => {
    try {
      const watcher = watchIt(folder, (_event, name) => {
        // Without a name it may be any.
        if (name === null || names.has(name)) {
          onChange();
        }
      });
      watcher.on('error', (error) => {
        drop(folder);
        tell(folder, error);
      });
      watched.set(folder, { identity, watcher, names });
      blind.delete(folder);
    } catch (error) {
      tell(folder, error);
    }
  };
  const tell = (folder: string, error: unknown): void => {
    if (!blind.has(folder)) {
      blind.add(folder);
      onBlind(...explain(folder, error));
    }
  };
  return {
    async watch(points) {
      const wanted = Map.groupBy(points, ({ folder }) => folder);
      for (const folder of watched.keys()) {
        if (!wanted.has(folder)) {
          drop(folder);
        }
      }
      for (const [folder, here] of wanted) {
        const identity = await identify(folder);
        const before = watched.get(folder);
        const names = new Set(here.map(({ name }) => name));
        if (before !== undefined && before.identity === identity) {
          before.names.clear();
          for (const name of names) {
            before.names.add(name);
          }
        } else if (!isClosed && identity !== undefined) {
          drop(folder);
          open(folder, identity, names);
        }
      }
    },
    close() {
      isClosed = true;
      for (const folder of watched.keys()) {
        drop(folder);
      }
    },
  };
}

async function identify(folder: string): Promise<string | undefined> {
  const stats = await stat(folder, { bigint: true }).catch(() => undefined);
  return stats === undefined ? undefined : `${stats.dev}:${stats.ino}`;
}

function explain(folder: string, error: unknown): [reason: string, hint: string] {
  const code = codeOf(error) ?? 'an unknown error';
  const limit = { ENOSPC: 'max_user_watches', EMFILE: 'max_user_instances' }[code];
  return [
    `${folder} cannot be watched (${code}); changes are seen late`,
    limit === undefined
      ? 'It is looked at every 30 seconds at the latest all the same.'
      : `Raise fs.inotify.${limit} of the host; until then it is looked at every 30 seconds at the latest.`,
  ];
}
