// Objects that a token can be bound to, made as kubectl and the controllers make them.
import * as z from 'zod/mini';

import { poll } from '../../support/poll.ts';
import type { BoundObject } from './request-token.ts';
import type { ApiServer, ApiServerAnswer } from './start-api-server.ts';

const object = z.looseObject({ metadata: z.looseObject({ name: z.string(), uid: z.string() }) });

const list = z.looseObject({ items: z.array(z.unknown()) });

const volumes = z.looseObject({
  metadata: z.looseObject({ namespace: z.string() }),
  spec: z.looseObject({
    serviceAccountName: z.string(),
    volumes: z.array(
      z.looseObject({
        projected: z.optional(
          z.looseObject({
            sources: z.array(
              z.looseObject({
                serviceAccountToken: z.optional(
                  z.looseObject({ audience: z.string(), expirationSeconds: z.number() }),
                ),
              }),
            ),
          }),
        ),
      }),
    ),
  }),
});

export async function createNode(api: ApiServer, name: string): Promise<BoundObject> {
  return create(api, '/api/v1/nodes', 'Node', { metadata: { name } });
}

export async function createSecret(
  api: ApiServer,
  namespace: string,
  name: string,
): Promise<BoundObject> {
  return create(api, `/api/v1/namespaces/${namespace}/secrets`, 'Secret', { metadata: { name } });
}

export async function createPod(
  api: ApiServer,
  namespace: string,
  serviceAccountName: string,
  name: string,
): Promise<BoundObject> {
  return create(api, `/api/v1/namespaces/${namespace}/pods`, 'Pod', {
    metadata: { name },
    spec: { serviceAccountName, containers: [{ name: 'main', image: 'image.invalid/main' }] },
  });
}

/** Makes a namespace with these service accounts. */
export async function createAccounts(
  api: ApiServer,
  namespace: string,
  accounts: readonly string[],
): Promise<void> {
  await create(api, '/api/v1/namespaces', 'Namespace', { metadata: { name: namespace } });
  for (const name of accounts) {
    const path = `/api/v1/namespaces/${namespace}/serviceaccounts`;
    await create(api, path, 'ServiceAccount', { metadata: { name } });
  }
}

/** Puts a pod on a node, as the scheduler does. */
export async function assignNode(
  api: ApiServer,
  namespace: string,
  pod: string,
  node: string,
): Promise<void> {
  expectCreated(
    await api.ask(`/api/v1/namespaces/${namespace}/pods/${pod}/binding`, {
      method: 'POST',
      body: {
        apiVersion: 'v1',
        kind: 'Binding',
        metadata: { name: pod },
        target: { apiVersion: 'v1', kind: 'Node', name: node },
      },
    }),
  );
}

/** What the kubelet asks for a pod: the token of its projected volume. */
export interface PodToken {
  readonly namespace: string;
  readonly serviceAccount: string;
  readonly audiences: readonly string[];
  readonly expirationSeconds: number;
  readonly boundTo: BoundObject;
}

/** Waits until a namespace has that many pods. */
export async function untilPods(api: ApiServer, namespace: string, count: number): Promise<void> {
  await poll(
    `${count} pods in ${namespace}`,
    async () => {
      const answer = await api.ask(`/api/v1/namespaces/${namespace}/pods`);
      return list.parse(answer.json()).items.length === count ? true : undefined;
    },
    60_000,
  );
}

/** Waits until a deployment has a pod. @returns the request for the token of its only projected volume with one. */
export async function findPodToken(
  api: ApiServer,
  namespace: string,
  app: string,
): Promise<PodToken> {
  const path = `/api/v1/namespaces/${namespace}/pods?labelSelector=app%3D${app}`;
  const pod = await poll(
    `a pod of ${app}`,
    async () => list.parse((await api.ask(path)).json()).items[0],
    60_000,
  );
  const { metadata, spec } = volumes.parse(pod);
  const [source, ...more] = spec.volumes
    .flatMap(({ projected }) => projected?.sources ?? [])
    .flatMap(({ serviceAccountToken }) => serviceAccountToken ?? []);
  if (source === undefined || more.length > 0) throw new Error(`expected one token in ${app}`);
  return {
    namespace: metadata.namespace,
    serviceAccount: spec.serviceAccountName,
    audiences: [source.audience],
    expirationSeconds: source.expirationSeconds,
    boundTo: { kind: 'Pod', ...nameAndUID(pod) },
  };
}

async function create<Kind extends string>(
  api: ApiServer,
  path: string,
  kind: Kind,
  body: Readonly<Record<string, unknown>>,
): Promise<{ readonly kind: Kind; readonly name: string; readonly uid: string }> {
  const answer = await api.ask(path, {
    method: 'POST',
    body: { apiVersion: 'v1', kind, ...body },
  });
  expectCreated(answer);
  return { kind, ...nameAndUID(answer.json()) };
}

function nameAndUID(value: unknown): { readonly name: string; readonly uid: string } {
  const { name, uid } = object.parse(value).metadata;
  return { name, uid };
}

function expectCreated({ status, body }: ApiServerAnswer): void {
  if (status !== 201) throw new Error(`the API server answered ${status} ${body}`);
}
