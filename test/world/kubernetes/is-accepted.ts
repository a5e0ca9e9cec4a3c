import * as z from 'zod/mini';

import type { ApiServer } from './start-api-server.ts';

/** Whether the API server itself accepts a token for audience postgres (TokenReview). */
export async function isAccepted(api: ApiServer, token: string): Promise<boolean> {
  const answer = await api.ask('/apis/authentication.k8s.io/v1/tokenreviews', {
    method: 'POST',
    body: {
      apiVersion: 'authentication.k8s.io/v1',
      kind: 'TokenReview',
      spec: { token, audiences: ['postgres'] },
    },
  });
  const { status } = z
    .looseObject({ status: z.looseObject({ authenticated: z.optional(z.boolean()) }) })
    .parse(answer.json());
  return status.authenticated === true;
}
