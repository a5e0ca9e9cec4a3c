// Advice on a file that cannot be used.
import type { TrustedFile } from '../files/read-trusted-file.ts';

/** What to do about it; undefined where the reason says all there is. */
export function fileHint({ fault }: Extract<TrustedFile, { ok: false }>): string | undefined {
  switch (fault) {
    case 'missing':
      return 'Check the path; a relative one in issuers.yaml counts from the folder of that file.';
    case 'unreadable':
      return 'Let this user read it and enter the folders above it, or run pgtoken as a user who may.';
    case 'untrusted':
      return 'It must belong to root or to the user that runs pgtoken, and only its owner may write it.';
    case 'unsupported':
      return undefined;
  }
}
