// What the example of a CloudNativePG cluster says, as far as pgtoken has to do with it.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';

import { parseAllDocuments } from 'yaml';
import * as z from 'zod/mini';

import { ROOT } from '../docs/read-markdown.ts';

const PATH = 'packaging/container/cloudnative-pg/cluster.yaml';

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
    metadata: metadataSchema,
    spec: z.strictObject({
      instances: z.number(),
      imageName: z.string(),
      storage: z.strictObject({ size: z.string() }),
      projectedVolumeTemplate: z.strictObject({ sources: z.tuple([sourceSchema]) }),
      postgresql: z.strictObject({ pg_hba: z.array(z.string()) }),
      managed: z.strictObject({ roles: z.array(roleSchema) }),
    }),
  }),
]);

export interface Cluster {
  /** issuers.yaml, and where the pods see it. */
  readonly issuers: string;
  readonly path: string;
  readonly imageName: string;
  readonly hba: readonly string[];
  readonly roles: readonly z.infer<typeof roleSchema>[];
}

/** Throws where the example is other than the tests know it. */
export function readCluster(): Cluster {
  const text = readFileSync(join(ROOT, PATH), 'utf8');
  const [map, cluster] = documentsSchema.parse(
    parseAllDocuments(text).map((document) => document.toJS() as unknown),
  );
  const [{ configMap }] = cluster.spec.projectedVolumeTemplate.sources;
  const [item] = configMap.items;
  const issuers = map.data[item?.key ?? ''];
  if (
    configMap.name !== map.metadata.name ||
    cluster.metadata.namespace !== map.metadata.namespace ||
    item === undefined ||
    issuers === undefined
  ) {
    throw new Error(`${PATH}: the cluster does not mount the ConfigMap beside it`);
  }
  return {
    issuers,
    path: `/projected/${item.path}`,
    imageName: cluster.spec.imageName,
    hba: cluster.spec.postgresql.pg_hba,
    roles: cluster.spec.managed.roles,
  };
}
