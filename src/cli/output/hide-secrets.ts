// What a wrong command line is complained of with, without what may be a secret in it: everybody can read a command line,
// but not everybody the log or the screen that the complaint ends up on.

import { hideTokens } from '../../hide-tokens.ts';

/** Takes values out of a complaint of the command line's library, and whatever reads like the beginning of a token. */
export function hideSecrets(complaint: string): string {
  return hideTokens(
    complaint
      .replace(/(but got \d+): .*\.$/ms, '$1')
      .replace(/(unknown option '[^=']+)=.*'$/ms, "$1'"),
  );
}
