// Asks a server of a test once, as an issuer is asked.
import type { Server } from 'node:net';

import { httpGetJSON, type HTTPAnswer, type HTTPGetOptions } from '../../src/issuers/http-get.ts';
import { createLookUp } from '../../src/issuers/look-up.ts';
import { createSecureContexts } from '../../src/issuers/secure-contexts.ts';
import { startServer } from '../support/listen.ts';

/** Starts the server for one request. @returns its answer, a failure without the address in front of the reason. */
export async function askServer(
  server: Server,
  certificateAuthority: string | undefined,
  options: Partial<HTTPGetOptions> = {},
): Promise<HTTPAnswer> {
  server.on('tlsClientError', () => undefined);
  await using running = await startServer(server);
  const answer = await httpGetJSON(`https://127.0.0.1:${running.port}/x`, {
    certificateAuthority,
    secureContexts: createSecureContexts(),
    lookUp: createLookUp(),
    signal: AbortSignal.timeout(20_000),
    maxResponseBytes: 1000,
    ...options,
  });
  return answer.kind === 'failed'
    ? { ...answer, reason: answer.reason.replace(/^\S+ /, '') }
    : answer;
}
