// The archive of the sources: what the commit has, and nothing of the checkout. The same commit gives the same bytes, as times are those
// of the commit. Compressed by GNU gzip, whose bytes are the same on every processor; those of zlib in Node need not be.
import { execFileSync } from 'node:child_process';

/** More than the sources ever have. */
const MOST_BYTES = 256 * 1024 * 1024;

/** @returns a .tar.gz, with all in the folder `NAME/`. */
export function makeArchive(checkout: string, commit: string, name: string): Buffer {
  const tar = execFileSync(
    'git',
    // What a user has told git about modes or line ends must not show.
    [
      '-c',
      'tar.umask=0022',
      '-c',
      'core.autocrlf=false',
      'archive',
      '--format=tar',
      `--prefix=${name}/`,
      commit,
    ],
    { cwd: checkout, maxBuffer: MOST_BYTES, env: { PATH: process.env['PATH'], LC_ALL: 'C' } },
  );
  return execFileSync('gzip', ['-9', '--no-name'], { input: tar, maxBuffer: MOST_BYTES });
}
