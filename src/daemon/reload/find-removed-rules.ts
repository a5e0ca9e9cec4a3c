// What a new configuration takes away of the old one: entries, and rules that keep tokens out or end their sessions. A file that
// lost its end, or a line too many, reads like a decision of the administrator; whoever reads the log should see it.
import { isDeepStrictEqual } from 'node:util';
import { quote } from '../../quote.ts';
import { formatSeconds } from '../../values/units.ts';
import type { Configuration, IssuerConfiguration } from '../../config/schema/schema.ts';

/** @returns each thing that is gone by its name, such as `entry prod: deny.subjects "alice"`, in the order of the old file. */
export function findRemovedRules(before: Configuration, after: Configuration): string[] {
  const known = new Set(before.issuers.map(({ name }) => name));
  const added = after.issuers.filter(({ name }) => !known.has(name));
  const kept = new Map(after.issuers.map((entry) => [entry.name, entry]));
  return [
    ...missing(before.protectedRoles, after.protectedRoles).map(
      (role) => `protectedRoles ${quote(role)}`,
    ),
    ...before.issuers.flatMap((entry) => {
      const next =
        kept.get(entry.name) ??
        // It may have another name now.
        added.find(({ issuer }) => isSameIssuer(issuer, entry.issuer));
      if (next === undefined) {
        return [`entry ${entry.name}`];
      }
      // Most are as they were, and logins wait meanwhile.
      return isDeepStrictEqual(entry, next)
        ? []
        : findRemoved(entry, next).map((rule) => `entry ${entry.name}: ${rule}`);
    }),
  ];
}

function isSameIssuer(a: IssuerConfiguration['issuer'], b: IssuerConfiguration['issuer']): boolean {
  return a.url === b.url && a.spiffeTrustDomain === b.spiffeTrustDomain;
}

function findRemoved(before: IssuerConfiguration, after: IssuerConfiguration): string[] {
  const removed = (
    name: string,
    valuesOf: (entry: IssuerConfiguration) => readonly unknown[] | undefined,
  ): string[] =>
    missing(valuesOf(before) ?? [], valuesOf(after) ?? []).map(
      (value) => `${name} ${quote(value)}`,
    );
  const dropped = (
    name: string,
    valueOf: (entry: IssuerConfiguration) => number | undefined,
  ): string[] => (valueOf(before) !== undefined && valueOf(after) === undefined ? [name] : []);
  /** A list of what is accepted, and more of it now. */
  const widened = (
    name: string,
    valuesOf: (entry: IssuerConfiguration) => readonly unknown[],
  ): string[] =>
    missing(valuesOf(after), valuesOf(before)).map(
      (value) => `${name} accepts ${quote(value)} now`,
    );
  /** A limit, and a higher one now. */
  const raised = (
    name: string,
    valueOf: (entry: IssuerConfiguration) => number | undefined,
  ): string[] => {
    const [old, next] = [valueOf(before), valueOf(after)];
    return old !== undefined && next !== undefined && next > old
      ? [`${name} is ${formatSeconds(next)}, was ${formatSeconds(old)}`]
      : [];
  };
  /** What was refused while nobody could be asked, and is let in now. */
  const forgiven = (
    name: string,
    valueOf: (entry: IssuerConfiguration) => 'deny' | 'allow' | undefined,
  ): string[] =>
    valueOf(before) === 'deny' && valueOf(after) === 'allow' ? [`${name} is allow, was deny`] : [];
  return [
    ...removed('deny.subjects', ({ deny }) => deny.subjects),
    ...removed('deny.tokenIDs', ({ deny }) => deny.tokenIDs),
    ...removed('deny.keyIDs', ({ deny }) => deny.keyIDs),
    ...dropped('deny.issuedBefore', ({ deny }) => deny.issuedBefore),
    ...removed('claimValidationRules', (entry) => entry.claimValidationRules),
    ...removed('token.requiredClaims', ({ token }) => token.requiredClaims),
    ...removed('token.requiredScopes', ({ token }) => token.requiredScopes),
    ...removed('token.boundTo', ({ token }) => token.boundTo),
    ...dropped('token.maxAge', ({ token }) => token.maxAge),
    ...raised('token.maxAge', ({ token }) => token.maxAge),
    ...raised('token.maxLifetime', ({ token }) => token.maxLifetime),
    ...widened('token.algorithms', ({ token }) => token.algorithms),
    ...widened('token.types', ({ token }) => token.types),
    ...raised('cache.maxStale', ({ cache }) => cache.maxStale),
    ...dropped('cache.maxStaleUnauthorized', ({ cache }) => cache.maxStaleUnauthorized),
    ...raised('cache.maxStaleUnauthorized', ({ cache }) => cache.maxStaleUnauthorized),
    ...removed('pam.services', ({ pam }) => pam.services),
    ...removed('pam.sources', ({ pam }) => pam.sources),
    ...removed('sessions.end', ({ sessions }) => sessions?.end),
    ...raised('sessions.grace', ({ sessions }) => sessions?.grace),
    ...raised('sessions.atLeast', ({ sessions }) => sessions?.atLeast),
    ...dropped('sessions.maxLifetime', ({ sessions }) => sessions?.maxLifetime),
    ...raised('sessions.maxLifetime', ({ sessions }) => sessions?.maxLifetime),
    ...dropped('review', ({ review }) => review?.cacheFor),
    ...raised('review.cacheFor', ({ review }) => review?.cacheFor),
    ...raised('review.recheckEvery', ({ review }) => review?.recheckEvery),
    ...forgiven('review.onError', ({ review }) => review?.onError),
    ...forgiven('provision.onError', ({ provision }) => provision?.onError),
    ...findOpenedRoles(before, after),
  ];
}

/** What a role rule wants to see in its claim. */
const SELECTORS = ['trimPrefix', 'trimSuffix', 'equals', 'pattern'] as const;

/** Role rules that want something of their claim, where a new one takes any value of it. */
function findOpenedRoles(before: IssuerConfiguration, after: IssuerConfiguration): string[] {
  const opened = new Set(
    missing(after.roles, before.roles)
      .filter((rule) => SELECTORS.every((selector) => rule[selector] === undefined))
      .map(({ claim }) => claim),
  );
  return missing(before.roles, after.roles)
    .filter(({ claim }) => opened.has(claim))
    .flatMap((rule) =>
      SELECTORS.flatMap((selector) =>
        rule[selector] === undefined
          ? []
          : [`roles on ${rule.claim}: ${selector} ${quote(rule[selector])}`],
      ),
    );
}

/** Those of the first list that are not in the second. Rules are compared as they are written. */
function missing<T>(before: readonly T[], after: readonly T[]): T[] {
  const known = new Set(after.map((value) => JSON.stringify(value)));
  return before.filter((value) => !known.has(JSON.stringify(value)));
}
