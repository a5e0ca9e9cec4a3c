// Discovery documents: keys are taken from where a document of the issuer itself leads, over HTTPS, and from nowhere else.
import * as z from 'zod/mini';

import { fetchKeySet } from '../../../src/issuers/fetch-key-set.ts';
import type { FetchResult } from '../../../src/keys/fetch-result.ts';
import { createMint } from '../../vectors/tokens/mint.ts';
import { demand, type FuzzTarget } from '../fuzz-target.ts';
import { answerOK, startRawHTTPSServer } from '../raw-https-server.ts';

/** Stands for the server's own origin in the corpus and the dictionary, as its port is another one each time. */
const ORIGIN = 'https://issuer.example';
const PATH = '/.well-known/openid-configuration';

export const discovery: FuzzTarget = {
  name: 'discovery',
  seeds: async () =>
    [
      { issuer: ORIGIN, jwks_uri: `${ORIGIN}/keys` },
      {
        issuer: ORIGIN,
        jwks_uri: `${ORIGIN}/keys?x=1`,
        id_token_signing_alg_values_supported: ['RS256'],
      },
      { issuer: 'https://attacker.example', jwks_uri: `${ORIGIN}/keys` },
      { issuer: ORIGIN, jwks_uri: `http${ORIGIN.slice(5)}/keys` },
      { issuer: ORIGIN, jwks_uri: [`${ORIGIN}/keys`] },
      { issuer: ORIGIN },
    ].map((document) => Buffer.from(JSON.stringify(document))),
  maxBytes: 4000,
  async open() {
    const server = await startRawHTTPSServer();
    const { publicKey } = await createMint();
    const keys = Buffer.from(JSON.stringify({ keys: [publicKey('cluster-es256')] }));
    const discover = async (document: Uint8Array): Promise<FetchResult> => {
      server.answer(async (request, socket) => {
        const isDiscovery = request.startsWith(`GET ${PATH} `);
        await answerOK(isDiscovery ? document : keys)(request, socket);
      });
      const { origin, certificateAuthority } = server;
      const discoveryURL = `${origin}${PATH}`;
      return fetchKeySet(
        { kind: 'discovery', issuerURL: origin, discoveryURL },
        { certificateAuthority, timeout: 10 },
      );
    };
    const { origin } = server;
    const good = await discover(
      Buffer.from(JSON.stringify({ issuer: origin, jwks_uri: `${origin}/keys` })),
    );
    demand(good.kind === 'keys', 'a good document leads to keys');
    return {
      async run(input) {
        const body = Buffer.from(
          input.toString('latin1').replaceAll(ORIGIN, server.origin),
          'latin1',
        );
        const goal = whereTo(body, server.origin);
        // What leads to another server would be asked there.
        if (goal === 'elsewhere') return;
        const result = await discover(body);
        demand(result.kind !== 'keys' || goal === 'keys', 'keys come from where it leads alone');
        demand(
          server.requests.length === (result.kind === 'keys' ? 2 : 1),
          'nothing is asked but the document and the keys that it leads to',
        );
        if (result.kind === 'failed') {
          demand(/^[\x20-\x7e]{1,1000}$/.test(result.reason), 'a failure is told in ASCII');
        }
      },
      [Symbol.asyncDispose]: async () => server[Symbol.asyncDispose](),
    };
  },
};

/**
 * Where a document can lead, by another reading of it than that of the source. What can lead to keys need not: it may be
 * refused for its form.
 */
function whereTo(body: Buffer, origin: string): 'keys' | 'nowhere' | 'elsewhere' {
  let document: unknown;
  try {
    document = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(body));
  } catch {
    return 'nowhere';
  }
  const found = z.object({ issuer: z.literal(origin), jwks_uri: z.string() }).safeParse(document);
  const uri = found.data?.jwks_uri ?? '';
  if (!/^https:\/\/[!-~]+$/.test(uri) || /[@\\]/.test(uri) || !URL.canParse(uri)) return 'nowhere';
  return uri.startsWith(`${origin}/`) ? 'keys' : 'elsewhere';
}
