// Which folders tell that a file is another one now, and under which names.
//
// A watch is on an inode, and not on a path: one on the file itself would go on about the file that is gone. A file of a
// Kubernetes volume is a link through the link `..data`, which is what the kubelet replaces; so each link on the way
// counts, and the file at its end. Where the way breaks off, it is the folder that lacks the next step.
import { lstat, readlink } from 'node:fs/promises';
import { isAbsolute, join } from 'node:path';

/** A name in a folder. */
export interface WatchPoint {
  readonly folder: string;
  readonly name: string;
}

/** As many links as Linux follows. */
const MAX_LINKS = 40;

/** Finds them for a file that may be missing. Never rejects. @param path absolute. */
export async function findWatchPoints(path: string): Promise<readonly WatchPoint[]> {
  const points: WatchPoint[] = [];
  const steps = stepsOf(path);
  let folder = '/';
  let links = 0;
  for (let name = steps.shift(); name !== undefined; name = steps.shift()) {
    const here = join(folder, name);
    const kind = await kindOf(here);
    if (kind === 'link' && links < MAX_LINKS) {
      links += 1;
      points.push({ folder, name });
      const target = await readlink(here).catch(() => '');
      folder = isAbsolute(target) ? '/' : folder;
      steps.unshift(...stepsOf(target));
    } else if (kind === 'missing' || steps.length === 0) {
      points.push({ folder, name });
      break;
    } else {
      folder = here;
    }
  }
  return points;
}

function stepsOf(path: string): string[] {
  return path.split('/').filter((step) => step !== '' && step !== '.');
}

async function kindOf(path: string): Promise<'link' | 'missing' | 'other'> {
  try {
    return (await lstat(path)).isSymbolicLink() ? 'link' : 'other';
  } catch {
    return 'missing';
  }
}
