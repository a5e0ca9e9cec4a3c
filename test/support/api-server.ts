// A Kubernetes API server as far as tokens are reviewed by it, as strict as kube-apiserver 1.37 was seen to be: it negotiates like
// go-restful, wants its own token and a right for each thing, takes JSON alone, keeps connections, answers 201 for yes and no
// alike, echoes the token, keeps a yes for ten seconds and a no never. Objects are created and deleted, as by kubectl; and there
// are switches for everything that goes wrong.
import { hash, randomUUID } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { createServer } from 'node:https';
import { text } from 'node:stream/consumers';

import * as z from 'zod/mini';

import type { CertificateAuthority } from './certificate-authority.ts';
import { startServer } from './listen.ts';
import { negotiate } from './negotiate.ts';

/** What goes wrong with the next requests. */
export type ApiFailure =
  | 'hang' // takes the request and never answers
  | 'reset' // ends the connection instead of an answer
  | 'unauthorized' // 401, as for a token of ours that has expired
  | 'forbidden' // 403, as for one that may do nothing
  | 'status-429'
  | 'status-500'
  | 'redirect' // to itself, where it would answer
  | 'html'
  | 'huge'; // a good answer, padded to two megabytes

/** What is asked for; its members are in the token of a pod too. */
interface NamedObject {
  readonly name: string;
  readonly uid: string;
}

/** An object that exists. */
interface StoredObject extends NamedObject {
  readonly kind: string;
  readonly namespace: string;
  deletionTimestamp?: string;
}

/** One request that was answered. */
export interface ApiRequestSeen {
  readonly method: string;
  readonly path: string;
  /** The body of a TokenReview without its token. */
  readonly audiences?: readonly string[];
}

export interface ApiServer extends AsyncDisposable {
  readonly url: string;
  readonly requests: readonly ApiRequestSeen[];
  /** Connections since the start. */
  readonly connections: () => number;
  /** The token that it knows, and what that permits. */
  readonly reviewer: {
    token: string;
    may: Set<'create tokenreviews' | 'get pods' | 'get serviceaccounts'>;
  };
  /** Creates an object. @returns its uid. */
  readonly create: (
    kind: 'pods' | 'serviceaccounts',
    namespace: string,
    name: string,
  ) => NamedObject;
  /** Deletes it at once, or says when it is to be gone. @returns its uid. */
  readonly delete: (
    kind: 'pods' | 'serviceaccounts',
    namespace: string,
    name: string,
    deletionTimestamp?: string,
  ) => string;
  /** Undoes a deletion. */
  readonly restore: (
    kind: 'pods' | 'serviceaccounts',
    namespace: string,
    name: string,
    uid: string,
  ) => void;
  /** The claim `kubernetes.io` of a token of a pod. */
  readonly claimsOf: (namespace: string, serviceAccount: string, pod?: string) => object;
  readonly fail: (failure: ApiFailure | undefined, path?: 'tokenreviews' | 'objects') => void;
  /** Changes good answers to TokenReviews before they are sent; the text wins where there is one. */
  readonly alter: (change: ((review: Record<string, unknown>) => unknown) | undefined) => void;
  /** Holds answers back until what it returns is called. */
  readonly hold: () => () => void;
  /** Forgets each yes, as after ten seconds. */
  readonly forget: () => void;
}

const review = z.strictObject({
  apiVersion: z.literal('authentication.k8s.io/v1'),
  kind: z.literal('TokenReview'),
  spec: z.strictObject({ token: z.string(), audiences: z.optional(z.array(z.string())) }),
});
const boundTo = z.object({ name: z.string(), uid: z.string() });
const claims = z.object({
  aud: z.union([z.string(), z.array(z.string())]),
  sub: z.string(),
  exp: z.number(),
  'kubernetes.io': z.object({
    namespace: z.string(),
    serviceaccount: boundTo,
    pod: z.optional(boundTo),
  }),
});

const CACHE = 10_000;
const JSON_TYPE = 'application/json';
const PARTIAL = 'application/json;as=PartialObjectMetadata;g=meta.k8s.io;v=v1';

/**
 * Starts one. It does not verify signatures: who asks about a forged token has made a mistake, and gets a yes here.
 *
 * @param port default: one that is free.
 */
export async function startApiServer(
  authority: CertificateAuthority,
  port = 0,
): Promise<ApiServer> {
  const objects = new Map<string, StoredObject>();
  const requests: ApiRequestSeen[] = [];
  const kept = new Map<string, number>();
  const reviewer: ApiServer['reviewer'] = {
    token: 'reviewer-token-of-the-tests',
    may: new Set(['create tokenreviews', 'get pods', 'get serviceaccounts']),
  };
  let failure: ApiFailure | undefined;
  let failing: 'tokenreviews' | 'objects' | undefined;
  let change: ((review: Record<string, unknown>) => unknown) | undefined;
  let held: Promise<void> | undefined;
  let connections = 0;

  const keyOf = (kind: string, namespace: string, name: string): string =>
    `${kind}/${namespace}/${name}`;
  const send = (response: ServerResponse, status: number, body: unknown): void => {
    const payload = typeof body === 'string' ? body : JSON.stringify(body);
    response
      .writeHead(status, {
        'content-type': JSON_TYPE,
        'content-length': Buffer.byteLength(payload),
      })
      .end(payload);
  };
  const sendStatus = (
    response: ServerResponse,
    code: number,
    reason: string,
    details: object = {},
  ): void => {
    send(response, code, {
      kind: 'Status',
      apiVersion: 'v1',
      metadata: {},
      status: 'Failure',
      message: reason,
      reason,
      details,
      code,
    });
  };

  /** Why a token is not accepted. */
  const refuse = (token: string, audiences: readonly string[]): string | undefined => {
    const payload = Buffer.from(token.split('.')[1] ?? '', 'base64url').toString();
    const { success, data } = claims.safeParse(payload.startsWith('{') ? JSON.parse(payload) : 0);
    if (!success) return 'invalid bearer token';
    const { aud, exp, 'kubernetes.io': bound } = data;
    if (![aud].flat().some((one) => audiences.includes(one))) {
      return `token audiences ${JSON.stringify(aud)} is invalid for the target audiences ${JSON.stringify(audiences)}`;
    }
    if (exp + 60 < Date.now() / 1000) return 'service account token has expired';
    for (const [kind, named] of [
      ['serviceaccounts', bound.serviceaccount],
      ['pods', bound.pod],
    ] as const) {
      if (named === undefined) continue;
      const found = objects.get(keyOf(kind, bound.namespace, named.name));
      if (found === undefined) {
        return kind === 'pods'
          ? 'service account token has been invalidated'
          : `serviceaccounts "${named.name}" not found`;
      }
      if (found.uid !== named.uid) {
        return `${kind} UID (${found.uid}) does not match claim (${named.uid})`;
      }
      const deleted = found.deletionTimestamp;
      if (deleted !== undefined && Date.parse(deleted) < Date.now() - 60_000) {
        return 'service account token has been invalidated';
      }
    }
    return undefined;
  };

  const answerReview = async (
    request: IncomingMessage,
    response: ServerResponse,
  ): Promise<void> => {
    if (!(request.headers['content-type'] ?? '').startsWith(JSON_TYPE)) {
      sendStatus(response, 415, 'UnsupportedMediaType');
      return;
    }
    const parsed = review.safeParse(JSON.parse(await text(request)));
    if (!parsed.success || parsed.data.spec.token === '') {
      sendStatus(response, 400, 'BadRequest');
      return;
    }
    const { token, audiences = ['https://kubernetes.default.svc.cluster.local'] } =
      parsed.data.spec;
    requests.push({ method: 'POST', path: request.url ?? '', audiences });
    const id = hash('sha256', `${token} ${audiences.join(' ')}`);
    const isKept = Date.now() - (kept.get(id) ?? 0) < CACHE;
    const error = isKept ? undefined : refuse(token, audiences);
    if (error === undefined && !isKept) kept.set(id, Date.now());
    const {
      aud,
      sub,
      'kubernetes.io': bound,
    } = claims.parse(
      error === undefined
        ? JSON.parse(Buffer.from(token.split('.')[1] ?? '', 'base64url').toString())
        : {
            aud: [],
            sub: '',
            exp: 0,
            'kubernetes.io': { namespace: '', serviceaccount: { name: '', uid: '' } },
          },
    );
    const answer: Record<string, unknown> = {
      kind: 'TokenReview',
      apiVersion: 'authentication.k8s.io/v1',
      metadata: {},
      spec: { token, audiences },
      status:
        error === undefined
          ? {
              authenticated: true,
              user: {
                username: sub,
                uid: bound.serviceaccount.uid,
                groups: ['system:serviceaccounts', 'system:authenticated'],
                extra: { 'authentication.kubernetes.io/pod-name': [bound.pod?.name ?? ''] },
              },
              audiences: audiences.filter((one) => [aud].flat().includes(one)),
            }
          : { user: {}, error: `[invalid bearer token, ${error}]` },
    };
    const altered = change === undefined ? answer : change(answer);
    const isPadded = failure === 'huge' && failing !== 'objects';
    send(response, 201, isPadded ? { ...answer, padding: 'x'.repeat(2 ** 21) } : altered);
  };

  const answerObject = (
    request: IncomingMessage,
    response: ServerResponse,
    [namespace = '', kind = '', name = '']: readonly string[],
  ): void => {
    requests.push({ method: request.method ?? '', path: request.url ?? '' });
    if (failure === 'huge') {
      send(response, 200, { padding: 'x'.repeat(2 ** 21) });
      return;
    }
    const found = objects.get(keyOf(kind, namespace, name));
    if (found === undefined) {
      sendStatus(response, 404, 'NotFound', { name, kind });
      return;
    }
    const isPartial = (request.headers.accept ?? '').split(',')[0] === PARTIAL;
    send(response, 200, {
      kind: isPartial ? 'PartialObjectMetadata' : 'Pod',
      apiVersion: isPartial ? 'meta.k8s.io/v1' : 'v1',
      metadata: {
        name,
        namespace,
        uid: found.uid,
        resourceVersion: '1',
        ...(found.deletionTimestamp === undefined
          ? {}
          : { deletionTimestamp: found.deletionTimestamp, deletionGracePeriodSeconds: 30 }),
      },
    });
  };

  const answer = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const { method = '', url = '' } = request;
    const isReview = url === '/apis/authentication.k8s.io/v1/tokenreviews';
    const [, ...object] =
      /^\/api\/v1\/namespaces\/([^/]+)\/(pods|serviceaccounts)\/([^/]+)$/.exec(url) ?? [];
    await held;
    const isFailing = failing === undefined || (failing === 'tokenreviews') === isReview;
    switch (isFailing ? failure : undefined) {
      case 'hang':
        return;
      case 'reset':
        request.socket.destroy();
        return;
      case 'unauthorized':
        sendStatus(response, 401, 'Unauthorized');
        return;
      case 'forbidden':
        sendStatus(response, 403, 'Forbidden');
        return;
      case 'status-429':
        sendStatus(response, 429, 'TooManyRequests');
        return;
      case 'status-500':
        sendStatus(response, 500, 'InternalError');
        return;
      case 'redirect':
        response.writeHead(307, { location: url }).end();
        return;
      case 'html':
        response.writeHead(200, { 'content-type': 'text/html' }).end('<html>sign in</html>');
        return;
      default:
    }
    if (request.headers.authorization !== `Bearer ${reviewer.token}`) {
      sendStatus(response, 401, 'Unauthorized');
    } else if (isReview && method === 'POST') {
      if (!reviewer.may.has('create tokenreviews')) sendStatus(response, 403, 'Forbidden');
      else if (negotiate(request, response, JSON_TYPE)) await answerReview(request, response);
    } else if (object.length === 3 && method === 'GET') {
      const right = `get ${object[1] === 'pods' ? 'pods' : 'serviceaccounts'}` as const;
      if (!reviewer.may.has(right)) sendStatus(response, 403, 'Forbidden');
      else answerObject(request, response, object);
    } else {
      sendStatus(response, 404, 'NotFound');
    }
  };

  const server = createServer(await authority.issue(), (request, response) => {
    answer(request, response).catch((error: unknown) => {
      response.destroy(error instanceof Error ? error : undefined);
    });
  });
  server.on('tlsClientError', () => undefined).on('secureConnection', () => (connections += 1));
  const running = await startServer(server, port);
  return {
    url: `https://127.0.0.1:${running.port}`,
    requests,
    connections: () => connections,
    reviewer,
    create(kind, namespace, name) {
      const object = { kind, namespace, name, uid: randomUUID() };
      objects.set(keyOf(kind, namespace, name), object);
      return { name, uid: object.uid };
    },
    delete(kind, namespace, name, deletionTimestamp) {
      const found = objects.get(keyOf(kind, namespace, name));
      if (found === undefined) throw new Error(`there is no ${kind} ${namespace}/${name}`);
      if (deletionTimestamp === undefined) objects.delete(keyOf(kind, namespace, name));
      else found.deletionTimestamp = deletionTimestamp;
      return found.uid;
    },
    restore(kind, namespace, name, uid) {
      objects.set(keyOf(kind, namespace, name), { kind, namespace, name, uid });
    },
    claimsOf(namespace, serviceAccount, pod) {
      const nameOf = (kind: string, name: string): NamedObject => {
        const found = objects.get(keyOf(kind, namespace, name));
        if (found === undefined) throw new Error(`there is no ${kind} ${namespace}/${name}`);
        return { name, uid: found.uid };
      };
      return {
        namespace,
        serviceaccount: nameOf('serviceaccounts', serviceAccount),
        ...(pod === undefined ? {} : { pod: nameOf('pods', pod) }),
      };
    },
    fail(next, path) {
      [failure, failing] = [next, path];
    },
    alter(next) {
      change = next;
    },
    hold() {
      const { promise, resolve } = Promise.withResolvers<undefined>();
      held = promise.then(() => undefined);
      return () => {
        held = undefined;
        resolve(undefined);
      };
    },
    forget() {
      kept.clear();
    },
    [Symbol.asyncDispose]: async () => {
      server.closeAllConnections();
      await running[Symbol.asyncDispose]();
    },
  };
}
