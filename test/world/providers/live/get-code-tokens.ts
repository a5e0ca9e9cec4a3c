// The authorization code flow with PKCE (RFC 7636) for somebody who is signed in already, and is asked nothing more.
import { createHash, randomBytes } from 'node:crypto';

import type { Answer, Asker } from './ask.ts';

/** Where the client would listen. */
export const REDIRECT_URI = 'http://127.0.0.1/callback';

export interface CodeFlow {
  readonly ask: Asker['ask'];
  readonly authorize: string;
  readonly token: string;
  readonly client: string;
  readonly scope: string;
  /** Of the session. */
  readonly cookie: string;
}

/** @returns what the token endpoint answers. Throws when the browser is not sent back. */
export async function getCodeTokens(flow: CodeFlow): Promise<Answer> {
  const verifier = randomBytes(32).toString('base64url');
  const start = new URL(flow.authorize);
  start.search = new URLSearchParams({
    client_id: flow.client,
    response_type: 'code',
    redirect_uri: REDIRECT_URI,
    scope: flow.scope,
    state: randomBytes(16).toString('base64url'),
    code_challenge: createHash('sha256').update(verifier).digest('base64url'),
    code_challenge_method: 'S256',
  }).toString();
  const answer = await flow.ask(start.href, { headers: { cookie: flow.cookie }, also: [302, 303] });
  const location = answer.headers.get('location') ?? '';
  const code = URL.canParse(location) ? new URL(location).searchParams.get('code') : null;
  if (code === null) throw new Error(`no code: ${answer.status} ${location} ${answer.text}`);
  return flow.ask(flow.token, {
    form: {
      grant_type: 'authorization_code',
      client_id: flow.client,
      redirect_uri: REDIRECT_URI,
      code,
      code_verifier: verifier,
    },
  });
}
