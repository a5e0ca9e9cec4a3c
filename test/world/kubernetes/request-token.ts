// Tokens of service accounts, asked for with the TokenRequest API as kubelet and kubectl do.
import * as z from 'zod/mini';

import type { ApiServer } from './start-api-server.ts';

export interface TokenOptions {
  readonly namespace: string;
  readonly serviceAccount: string;
  /** Default: `postgres`. */
  readonly audiences?: readonly string[];
  /** What is asked for, in seconds; the API server may give another lifetime. Default: 600. */
  readonly expirationSeconds?: number;
  /** What the token ends with. */
  readonly boundTo?: BoundObject;
}

export interface BoundObject {
  readonly kind: 'Pod' | 'Secret' | 'Node';
  readonly name: string;
  readonly uid: string;
}

export interface RequestedToken {
  readonly token: string;
  readonly header: Readonly<Record<string, unknown>>;
  readonly claims: Readonly<Record<string, unknown>>;
  /** What the answer says of its end. */
  readonly expirationTimestamp: string;
}

const answerSchema = z.looseObject({
  status: z.looseObject({ token: z.string(), expirationTimestamp: z.string() }),
});
const object = z.record(z.string(), z.unknown());

export async function requestToken(
  api: ApiServer,
  {
    namespace,
    serviceAccount,
    audiences = ['postgres'],
    expirationSeconds = 600,
    boundTo,
  }: TokenOptions,
): Promise<RequestedToken> {
  const path = `/api/v1/namespaces/${namespace}/serviceaccounts/${serviceAccount}/token`;
  const answer = await api.ask(path, {
    method: 'POST',
    body: {
      apiVersion: 'authentication.k8s.io/v1',
      kind: 'TokenRequest',
      spec: {
        audiences,
        expirationSeconds,
        ...(boundTo === undefined ? {} : { boundObjectRef: { apiVersion: 'v1', ...boundTo } }),
      },
    },
  });
  if (answer.status !== 201) throw new Error(`${path}: ${answer.status} ${answer.body}`);
  const { token, expirationTimestamp } = answerSchema.parse(answer.json()).status;
  return { ...decodeToken(token), token, expirationTimestamp };
}

/** Reads a token without checking anything of it. */
export function decodeToken(token: string): Pick<RequestedToken, 'header' | 'claims'> {
  const [header = '', claims = ''] = token.split('.');
  const read = (part: string) =>
    object.parse(JSON.parse(Buffer.from(part, 'base64url').toString('utf8')));
  return { header: read(header), claims: read(claims) };
}
