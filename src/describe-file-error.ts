// Why a file cannot be read, in words: for whoever has named it, and knows its path.
import { codeOf } from './code-of.ts';
import { messageOf } from './message-of.ts';

/** @param error of the file system. @returns the reason, without the path; the system's code where there are no words for it. */
export function describeFileError(error: unknown): string {
  const code = codeOf(error);
  switch (code) {
    case 'ENOENT':
    case 'ENOTDIR':
      return 'no such file';
    case 'EACCES':
    case 'EPERM':
      return `user ID ${process.geteuid?.() ?? '?'} may not read it`;
    case 'EISDIR':
      return 'it is a folder';
    default:
      return code ?? messageOf(error);
  }
}
