// An issuer whose clock is off: discovery document and keys like those of a real one, and a Date header of another time.
import { createServer } from 'node:https';

import type { CertificateAuthority } from '../support/certificate-authority.ts';
import { startServer } from '../support/listen.ts';
import { negotiate } from '../support/negotiate.ts';
import { createSigningKey } from '../support/signing-key.ts';

export interface OffClockIssuer extends AsyncDisposable {
  readonly url: string;
}

/** @param offset its clock minus ours in seconds; undefined for one that tells no time. */
export async function createOffClockIssuer(
  authority: CertificateAuthority,
  offset: number | undefined,
): Promise<OffClockIssuer> {
  const key = await createSigningKey('ES256', 'one');
  const server = createServer(await authority.issue(), (request, response) => {
    response.sendDate = false;
    if (offset !== undefined) {
      response.setHeader('date', new Date(Date.now() + offset * 1000).toUTCString());
    }
    const isDiscovery = request.url === '/.well-known/openid-configuration';
    const mediaType = isDiscovery ? 'application/json' : 'application/jwk-set+json';
    if (!negotiate(request, response, mediaType)) return;
    response.setHeader('content-type', mediaType);
    response.end(
      JSON.stringify(
        isDiscovery ? { issuer: url, jwks_uri: `${url}/keys` } : { keys: [key.publicJWK] },
      ),
    );
  });
  const running = await startServer(server);
  const url = `https://127.0.0.1:${running.port}`;
  return {
    url,
    [Symbol.asyncDispose]: async () => running[Symbol.asyncDispose](),
  };
}
