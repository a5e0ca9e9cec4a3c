// Why there is no token.
import type { TokenResult } from '../../src/client/token/client-token.ts';

/** The reason; `a token` where there is one. */
export function reasonOf(result: TokenResult): string {
  return result.ok ? 'a token' : result.reason;
}
