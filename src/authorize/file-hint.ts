// Advice on a file that cannot be used.
import type { TrustedFile } from '../config/read-trusted-file.ts';

/** What to do about it; undefined where the reason says it. */
export function fileHint({ fault }: Extract<TrustedFile, { ok: false }>): string | undefined {
  switch (fault) {
    case 'missing':
      return 'Check the path; a relative one in issuers.yaml counts from the folder of that file.';
    case 'permission':
      return 'It must belong to root or to the user that runs pgtoken, and only its owner may write it.';
    case 'content':
      return undefined;
  }
}
