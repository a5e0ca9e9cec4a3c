// What the examples of CloudNativePG clusters say, as far as pgtoken has to do with it.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';

import { parseAllDocuments } from 'yaml';
import * as z from 'zod/mini';

import { ROOT } from '../docs/read-markdown.ts';

const FOLDER = 'packaging/container/cloudnative-pg';

const itemSchema = z.strictObject({ key: z.string(), path: z.string() });
const sourceSchema = z.strictObject({
  configMap: z.strictObject({ name: z.string(), items: z.array(itemSchema) }),
});
const roleSchema = z.strictObject({
  name: z.string(),
  login: z._default(z.boolean(), false),
  inRoles: z._default(z.array(z.string()), []),
});
const metadataSchema = z.strictObject({ name: z.string(), namespace: z.string() });
const annotatedSchema = z.strictObject({
  ...metadataSchema.shape,
  annotations: z.optional(z.strictObject({ 'cnpg.io/podPatch': z.string() })),
});
const documentsSchema = z.tuple([
  z.strictObject({
    apiVersion: z.literal('v1'),
    kind: z.literal('ConfigMap'),
    metadata: metadataSchema,
    data: z.record(z.string(), z.string()),
  }),
  z.strictObject({
    apiVersion: z.literal('postgresql.cnpg.io/v1'),
    kind: z.literal('Cluster'),
    metadata: annotatedSchema,
    spec: z.strictObject({
      instances: z.number(),
      imageName: z.string(),
      storage: z.strictObject({ size: z.string() }),
      projectedVolumeTemplate: z.optional(z.strictObject({ sources: z.tuple([sourceSchema]) })),
      postgresql: z.strictObject({ pg_hba: z.array(z.string()) }),
      managed: z.strictObject({ roles: z.array(roleSchema) }),
    }),
  }),
]);

export interface Cluster {
  /** issuers.yaml, and where the server's container sees it, if it does. */
  readonly issuers: string;
  readonly path: string | undefined;
  /** The ConfigMap beside it: the text of each key. */
  readonly files: Readonly<Record<string, string>>;
  /** What changes its pods: a JSON patch. */
  readonly podPatch: unknown;
  readonly imageName: string;
  readonly hba: readonly string[];
  readonly roles: readonly z.infer<typeof roleSchema>[];
}

/** Throws where the example is other than the tests know it. */
export function readCluster(name = 'cluster.yaml'): Cluster {
  const text = readFileSync(join(ROOT, FOLDER, name), 'utf8');
  const [map, cluster] = documentsSchema.parse(
    parseAllDocuments(text).map((document) => document.toJS() as unknown),
  );
  const patch = cluster.metadata.annotations?.['cnpg.io/podPatch'];
  const [source] = cluster.spec.projectedVolumeTemplate?.sources ?? [];
  const [item] = source?.configMap.items ?? [];
  const issuers = map.data[item?.key ?? 'issuers.yaml'];
  if (
    (source !== undefined && source.configMap.name !== map.metadata.name) ||
    cluster.metadata.namespace !== map.metadata.namespace ||
    (source === undefined) === (patch === undefined) ||
    issuers === undefined
  ) {
    throw new Error(`${name}: the cluster does not mount the ConfigMap beside it`);
  }
  return {
    issuers,
    path: item === undefined ? undefined : `/projected/${item.path}`,
    files: map.data,
    podPatch: patch === undefined ? undefined : JSON.parse(patch),
    imageName: cluster.spec.imageName,
    hba: cluster.spec.postgresql.pg_hba,
    roles: cluster.spec.managed.roles,
  };
}
