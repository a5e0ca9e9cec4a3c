// Rules of issuers.yaml that tie several keys of one part together.
//
// They must not be silenced by another problem beside them: each looks only at what has the type it needs and leaves the
// rest to the schema. What must be known as it was written, before defaults are filled in, is in check-raw-config.ts.
import * as z from 'zod/mini';
import { isJSONObject, type JSONObject } from '../../parse-json-object.ts';
import { claimRuleNames } from '../../claim-rules/claim-rule-kinds.ts';
import { checkSplit } from './check-split.ts';
import type { ReportProblem } from '../problems.ts';
import { normalizeType } from '../../values/token-type.ts';
import { formatDuration } from '../../values/units.ts';

/** Looks at a value of unknown shape and reports what does not fit together. */
export type CrossCheck = (value: unknown, report: ReportProblem) => void;

/** A cross-check as a check of a schema. */
export const crossCheck = <T>(check: CrossCheck) =>
  z.check<T>(
    (payload) => {
      check(payload.value, (path, message, hint) => {
        const params = hint === undefined ? {} : { hint };
        const { value: input } = payload;
        payload.issues.push({ code: 'custom', path: [...path], message, input, params });
      });
    },
    // Also when something inside was wrong already: all problems are reported at once.
    { when: () => true },
  );

/** `issuer`: one identity, one source for the CA, a match policy where there are several audiences. */
export const checkIssuer: CrossCheck = (value, report) => {
  if (!isJSONObject(value)) {
    return;
  }
  if (has(value, 'url') && has(value, 'spiffeTrustDomain')) {
    report(
      ['spiffeTrustDomain'],
      'Invalid value: only one of url and spiffeTrustDomain may be written',
    );
  }
  if (!has(value, 'url') && !has(value, 'spiffeTrustDomain')) {
    report(
      ['url'],
      'Required value: expected the iss of the tokens, or spiffeTrustDomain instead of url',
      'The claims of a token are its middle part: cut -d. -f2 token | basenc --base64url -d.',
    );
  }
  if (has(value, 'certificateAuthority') && has(value, 'certificateAuthorityFile')) {
    report(
      ['certificateAuthorityFile'],
      'Invalid value: only one of certificateAuthority and certificateAuthorityFile may be written',
    );
  }
  reportDuplicates(value, 'audiences', report);
  const { audiences } = value;
  if (Array.isArray(audiences) && audiences.length > 1 && !has(value, 'audienceMatchPolicy')) {
    report(
      ['audienceMatchPolicy'],
      'Required value: must be MatchAny or MatchExact when there are several audiences',
      'MatchAny accepts a token for one of them, MatchExact only one for all of them.',
    );
  }
};

/** Where keys may come from, other than discovery. */
export const KEY_SOURCES = [
  'jwksURI',
  'jwksFile',
  'publicKeysFile',
  'spiffeBundleURL',
  'spiffeBundleFile',
] as const;

/** `keys`: exactly one source, and a token only for one that is asked. */
export const checkKeys: CrossCheck = (value, report) => {
  if (!isJSONObject(value)) {
    return;
  }
  const [first, second] = Object.keys(value).filter((key) =>
    KEY_SOURCES.some((one) => one === key),
  );
  if (first === undefined) {
    report(
      [],
      `Required value: exactly one of ${KEY_SOURCES.join(', ')}; leave keys out for discovery`,
    );
  } else if (second !== undefined) {
    report([second], `Invalid value: only one key source may be written, and ${first} is one`);
  }
  if (has(value, 'bearerTokenFile') && !has(value, 'jwksURI') && !has(value, 'spiffeBundleURL')) {
    report(
      ['bearerTokenFile'],
      'Invalid value: not used, as it is sent to jwksURI or spiffeBundleURL, and neither is written',
    );
  }
};

/** `token`: nothing twice in a list. */
export const checkToken: CrossCheck = (value, report) => {
  if (!isJSONObject(value)) {
    return;
  }
  for (const key of ['algorithms', 'requiredClaims', 'requiredScopes', 'boundTo']) {
    reportDuplicates(value, key, report);
  }
  reportDuplicates(value, 'types', report, normalizeType);
};

/** A rule on a claim: exactly one demand. */
export const checkValidationRule: CrossCheck = (value, report) => {
  if (!isJSONObject(value)) {
    return;
  }
  const demands = claimRuleNames();
  const [first, second] = Object.keys(value).filter((key) => demands.includes(key));
  if (first === undefined) {
    report([], `Required value: exactly one of ${demands.join(', ')}`);
  } else if (second !== undefined) {
    report([second], `Invalid value: only one demand may be written, and ${first} is one`);
  }
  for (const key of demands) {
    reportDuplicates(value, key, report);
  }
  checkSplit(value, claimRuleNames('literal'), report, claimRuleNames('unused'));
};

/** `deny`: nothing twice. */
export const checkDeny: CrossCheck = (value, report) => {
  if (isJSONObject(value)) {
    for (const key of ['subjects', 'tokenIDs', 'keyIDs']) {
      reportDuplicates(value, key, report);
    }
  }
};

/** `pam`: nothing twice. */
export const checkPAM: CrossCheck = (value, report) => {
  if (isJSONObject(value)) {
    reportDuplicates(value, 'services', report);
    reportDuplicates(value, 'sources', report);
  }
};

/** `cache`: maxStale is at least refreshInterval, and maxStaleUnauthorized at most maxStale. */
export const checkCache: CrossCheck = (value, report) => {
  if (!isJSONObject(value)) {
    return;
  }
  const { refreshInterval, maxStale, maxStaleUnauthorized } = value;
  if (
    typeof refreshInterval === 'number' &&
    typeof maxStale === 'number' &&
    maxStale < refreshInterval
  ) {
    report(
      ['maxStale'],
      `Invalid value: ${formatDuration(maxStale)}: must be at least refreshInterval, ${formatDuration(refreshInterval)}`,
    );
  }
  if (
    typeof maxStaleUnauthorized === 'number' &&
    typeof maxStale === 'number' &&
    maxStaleUnauthorized > maxStale
  ) {
    report(
      ['maxStaleUnauthorized'],
      `Invalid value: ${formatDuration(maxStaleUnauthorized)}: must be at most maxStale, ${formatDuration(maxStale)}`,
    );
  }
};

/** A role rule: `role` says who is meant; groups are only where a pattern is. */
export const checkRoleRule: CrossCheck = (value, report) => {
  if (!isJSONObject(value)) {
    return;
  }
  const selects = has(value, 'equals') || has(value, 'pattern');
  if (has(value, 'equals') && has(value, 'pattern')) {
    report(['pattern'], 'Invalid value: only one of equals and pattern may be written');
  }
  if (has(value, 'role') && !selects) {
    report(
      ['role'],
      "Invalid value: a role needs equals or pattern beside it, which say for whom it is; pattern: '.*' means everybody",
    );
  }
  if (has(value, 'equals') && !has(value, 'role')) {
    report(['equals'], 'Invalid value: equals needs role beside it, which says what is permitted');
  }
  for (const key of ['replace', 'shorten']) {
    if (has(value, key) && value[key] !== false && has(value, 'equals')) {
      report([key], 'Invalid value: nothing comes from the claim when equals is written');
    }
  }
  checkSplit(value, ['trimPrefix', 'trimSuffix', 'equals'], report);
  if (!has(value, 'pattern')) {
    for (const [index, role] of rolesOf(value['role']).entries()) {
      if (typeof role === 'string' && /\\[0-9]/.test(role)) {
        report(
          Array.isArray(value['role']) ? ['role', index] : ['role'],
          'Invalid value: \\1 stands for a group of pattern, and there is no pattern',
        );
      }
    }
  }
};

/** The whole file: no two entries, and no two servers, of one name. */
export const checkNames: CrossCheck = (value, report) => {
  if (!isJSONObject(value)) {
    return;
  }
  for (const list of ['servers', 'issuers']) {
    const items: unknown = value[list];
    const names = (Array.isArray(items) ? items : []).map((item: unknown) =>
      isJSONObject(item) ? item['name'] : undefined,
    );
    for (const index of duplicatesIn(names)) {
      report([list, index, 'name'], `Duplicate value: ${JSON.stringify(names[index])}`);
    }
  }
};

/** An entry: `review` is for tokens of an API server, and `revoked` needs it. */
export const checkReview: CrossCheck = (value, report) => {
  if (!isJSONObject(value)) {
    return;
  }
  const { issuer, sessions } = value;
  if (has(value, 'review') && isJSONObject(issuer) && has(issuer, 'spiffeTrustDomain')) {
    report(
      ['review'],
      'Invalid value: no API server knows the tokens of a trust domain; expected issuer.url beside it',
      'Delete it: an API server reviews the tokens of its own service accounts.',
    );
  }
  const ends: unknown = isJSONObject(sessions) ? sessions['end'] : undefined;
  const index = Array.isArray(ends) ? ends.indexOf('revoked') : -1;
  if (index !== -1 && !has(value, 'review')) {
    report(
      ['sessions', 'end', index],
      'Invalid value: "revoked": needs review, the API server that is asked',
    );
  }
};

function rolesOf(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [value];
}

/** Reports what stands twice in a list of values that are no objects. */
function reportDuplicates(
  value: JSONObject,
  key: string,
  report: ReportProblem,
  normalize = (text: string): string => text,
): void {
  const list: unknown = value[key];
  if (Array.isArray(list)) {
    const items = list.map((item: unknown) => (typeof item === 'string' ? normalize(item) : item));
    // More are never told, and each takes memory.
    for (const index of duplicatesIn(items).slice(0, 100)) {
      report([key, index], `Duplicate value: ${JSON.stringify(list[index])}`);
    }
  }
}

function duplicatesIn(values: readonly unknown[]): number[] {
  const seen = new Set<unknown>();
  return values.flatMap((value, index) => {
    if (typeof value !== 'string' && typeof value !== 'number' && typeof value !== 'boolean') {
      return [];
    }
    const isDuplicate = seen.has(value);
    seen.add(value);
    return isDuplicate ? [index] : [];
  });
}

/** Whether an object has a key of its own. */
export function has(value: JSONObject, key: string): boolean {
  return Object.hasOwn(value, key) && value[key] !== undefined;
}
