// Advice on a file that cannot be used.
import type { TrustedFile } from '../config/read-trusted-file.ts';

/** What to do about it. */
export function fileHint(file: Extract<TrustedFile, { ok: false }>): string {
  return file.missing
    ? 'Check the path; a relative one in issuers.yaml counts from the folder of that file.'
    : 'It must belong to root or to the user that runs pgtoken, and only its owner may write it.';
}
