// All kinds of issuers that `pgtoken init` knows.
import type { Kind } from './kind.ts';
import { KUBERNETES_KINDS } from './kinds/kubernetes.ts';
import { PEOPLE_KINDS } from './kinds/people.ts';
import { WORKLOAD_KINDS } from './kinds/workloads.ts';

/** In the order in which they are shown. */
export const KINDS: readonly Kind[] = [...KUBERNETES_KINDS, ...PEOPLE_KINDS, ...WORKLOAD_KINDS];

/** @returns undefined where there is none of that name. */
export function findKind(name: string): Kind | undefined {
  return KINDS.find((kind) => kind.name === name);
}

/** Kinds that an issuer's URL may be one of; none where it could be any. */
export function recogniseKinds(issuer: string): readonly Kind[] {
  if (!URL.canParse(issuer)) {
    return [];
  }
  const url = new URL(issuer);
  return KINDS.filter((kind) => kind.isIssuer?.(url) === true);
}
