// What a token of Kubernetes is bound to, and whether the API server still has it. For open sessions, whose tokens nobody keeps.
import { type Claims, findClaim } from '../claims/claim.ts';
import type { JSONObject } from '../parse-json-object.ts';

/** An object without which an API server no longer accepts the token. */
export interface BoundObject {
  readonly kind: 'pods' | 'serviceaccounts';
  readonly namespace: string;
  readonly name: string;
  readonly uid: string;
}

/** How it stands. `unknown`: nothing that could be told is. */
export type ObjectState = 'there' | 'gone' | 'unknown';

/** How it stands as far as is known, or why that is not. */
export type ObjectAnswer =
  | { readonly state: Exclude<ObjectState, 'unknown'> }
  | {
      readonly state: 'unknown';
      readonly reason: string;
      readonly hint?: string | undefined;
      /** Whether it says nothing of other objects: the API server answers, and this answer is of no use. */
      readonly isOfThisAlone: boolean;
    };

/** Names of Kubernetes (RFC 1123 subdomains), which are put into an address. */
const NAME = /^[a-z0-9](?:[-a-z0-9.]{0,251}[a-z0-9])?$/;

/** An API server accepts a token for so long after the time at which what it is bound to was to be gone, in seconds. */
const LEEWAY = 60;

/**
 * The pod and the service account of a token, as far as it names them. Not a secret or a node: who may read those may read too
 * much.
 */
export function boundObjectsOf(claims: Claims): BoundObject[] {
  const namespace = findClaim(claims, '/kubernetes.io/namespace');
  return (
    [
      ['pods', '/kubernetes.io/pod'],
      ['serviceaccounts', '/kubernetes.io/serviceaccount'],
    ] as const
  ).flatMap(([kind, at]) => {
    const [name, uid] = [findClaim(claims, `${at}/name`), findClaim(claims, `${at}/uid`)];
    return isName(namespace) && isName(name) && typeof uid === 'string' && uid !== ''
      ? [{ kind, namespace, name, uid }]
      : [];
  });
}

function isName(value: unknown): value is string {
  return typeof value === 'string' && NAME.test(value);
}

/** Where it is, below the address of an API server. */
export function pathOf({ kind, namespace, name }: BoundObject): string {
  return `/api/v1/namespaces/${namespace}/${kind}/${name}`;
}

/**
 * Reads the answer to a GET of it. Gone is only what the API server says so of by its name, what has another uid, and what was to
 * be gone a minute ago, as for the token itself: until then a pod that shuts down keeps its sessions.
 *
 * @param status of the answer: 200 or 404; all others are unknown.
 * @param now Unix time in seconds.
 */
export function readObject(
  object: BoundObject,
  status: number,
  answer: JSONObject,
  now: number,
): ObjectState {
  if (status === 404) {
    return isNotFound(object, answer) ? 'gone' : 'unknown';
  }
  const [name, namespace, uid, deletedAt] = ['name', 'namespace', 'uid', 'deletionTimestamp'].map(
    (member) => findClaim(answer, `/metadata/${member}`),
  );
  if (
    status !== 200 ||
    name !== object.name ||
    namespace !== object.namespace ||
    typeof uid !== 'string'
  ) {
    return 'unknown';
  }
  if (uid !== object.uid) {
    return 'gone';
  }
  const deletion = typeof deletedAt === 'string' ? Date.parse(deletedAt) : NaN;
  return deletion / 1000 < now - LEEWAY ? 'gone' : 'there';
}

/** Whether it is the word of an API server, and about this object: a proxy that knows no such address answers 404 too. */
function isNotFound({ kind, name }: BoundObject, answer: JSONObject): boolean {
  const expected = [
    ['kind', 'Status'],
    ['apiVersion', 'v1'],
    ['reason', 'NotFound'],
    ['/details/kind', kind],
    ['/details/name', name],
  ] as const;
  return expected.every(([member, value]) => findClaim(answer, member) === value);
}
