// Files that are mounted one by one, as into a container: when such a file is replaced, the one from before stays where it is
// mounted, without a name anywhere, and nobody here ever sees the new one.
import { fault, type Fault, type Finding } from '../finding.ts';
import type { Host } from './host.ts';

/** @returns a failure for each file that is in no folder any more. */
export function checkLinks(
  name: Extract<Fault, `${string}-unlinked`>,
  paths: readonly string[],
  { files }: Pick<Host, 'files'>,
): readonly Finding[] {
  return [...new Set(paths)].flatMap((path) => {
    const status = files.status(path);
    return status.ok && status.value.links === 0
      ? [
          fault(
            name,
            path,
            'its link count is 0: it was replaced or removed where it is mounted from, and what is seen here is the file from before',
            'Mount the folder that it is in, not the file alone, and start the container again.',
          ),
        ]
      : [];
  });
}
