// The other side of an OpenID provider: a program that gets tokens of its own, and one that gets them for somebody in front of
// a browser, by the authorization code flow with PKCE (RFC 6749, RFC 7636). The browser is a few requests with cookies.
import { createHash, randomBytes } from 'node:crypto';

import { Agent, fetch, type Response } from 'undici';
import * as z from 'zod';

export interface OIDCClient extends AsyncDisposable {
  /** An access token of the client itself. */
  readonly getOwnToken: (request: {
    readonly client: string;
    readonly secret: string;
    readonly resource: string;
  }) => Promise<string>;
  /** The tokens of somebody who signs in. */
  readonly signIn: (request: {
    readonly client: string;
    readonly account: string;
    readonly resource?: string;
  }) => Promise<{ readonly idToken: string; readonly accessToken: string }>;
}

/** Where the client would listen for the browser to come back. */
export const REDIRECT_URI = 'http://127.0.0.1/callback';

const tokensSchema = z.object({ access_token: z.string(), id_token: z.optional(z.string()) });

/** @param certificateAuthority whom it trusts, PEM. */
export function createOIDCClient(provider: {
  readonly url: string;
  readonly certificateAuthority: string;
}): OIDCClient {
  const dispatcher = new Agent({ connect: { ca: provider.certificateAuthority } });

  const askForTokens = async (
    form: Readonly<Record<string, string>>,
    headers: Readonly<Record<string, string>> = {},
  ): Promise<z.infer<typeof tokensSchema>> => {
    const response = await fetch(`${provider.url}/token`, {
      dispatcher,
      method: 'POST',
      headers,
      body: new URLSearchParams(form),
    });
    const answer = await response.text();
    if (response.status !== 200) throw new Error(`no token: ${response.status} ${answer}`);
    return tokensSchema.parse(JSON.parse(answer));
  };

  /** Follows the provider's pages until it sends the browser back to the client. */
  const browse = async (start: URL, account: string): Promise<URL> => {
    const cookies = new Map<string, string>();
    let [url, body]: [URL, URLSearchParams | null] = [start, null];
    for (let steps = 0; steps < 10; steps += 1) {
      const response: Response = await fetch(url, {
        dispatcher,
        redirect: 'manual',
        method: body === null ? 'GET' : 'POST',
        body,
        headers: { cookie: [...cookies].map(([name, value]) => `${name}=${value}`).join('; ') },
      });
      const page = await response.text();
      for (const cookie of response.headers.getSetCookie()) {
        const [, name = '', value = ''] = /^([^=]+)=([^;]*)/.exec(cookie) ?? [];
        cookies.set(name, value);
      }
      const location = response.headers.get('location');
      if (location === null) {
        // A page that asks something: who one is, or whether one agrees.
        if (response.status !== 200) throw new Error(`no page: ${response.status} ${page}`);
        body = new URLSearchParams({ account });
        continue;
      }
      url = new URL(location, url);
      body = null;
      if (url.href.startsWith(REDIRECT_URI)) return url;
    }
    throw new Error(`the provider never sends the browser back: ${url.href}`);
  };

  return {
    getOwnToken: async ({ client, secret, resource }) => {
      const credentials = Buffer.from(`${client}:${secret}`).toString('base64');
      const { access_token: token } = await askForTokens(
        { grant_type: 'client_credentials', resource, scope: 'login' },
        { authorization: `Basic ${credentials}` },
      );
      return token;
    },
    signIn: async ({ client, account, resource }) => {
      const verifier = randomBytes(32).toString('base64url');
      const wanted = resource === undefined ? {} : { resource };
      const start = new URL(`${provider.url}/auth`);
      start.search = new URLSearchParams({
        client_id: client,
        response_type: 'code',
        redirect_uri: REDIRECT_URI,
        scope: resource === undefined ? 'openid groups' : 'openid groups login',
        code_challenge: createHash('sha256').update(verifier).digest('base64url'),
        code_challenge_method: 'S256',
        ...wanted,
      }).toString();
      const back = await browse(start, account);
      const code = back.searchParams.get('code');
      if (code === null) throw new Error(`no code: ${back.search}`);
      const tokens = await askForTokens({
        grant_type: 'authorization_code',
        client_id: client,
        redirect_uri: REDIRECT_URI,
        code,
        code_verifier: verifier,
        ...wanted,
      });
      return { idToken: tokens.id_token ?? '', accessToken: tokens.access_token };
    },
    [Symbol.asyncDispose]: async () => dispatcher.destroy(),
  };
}
