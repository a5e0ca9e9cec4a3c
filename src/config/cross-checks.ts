// Rules of issuers.yaml that tie several keys together.
//
// They see the value as it was written, wrong types and all, because they must not be silenced by another problem
// beside them: each looks only at what has the type it needs and leaves the rest to the schema.

import { isJSONObject, type JSONObject } from '../parse-json-object.ts';
import { formatSeconds } from './units.ts';

/** Reports one problem: where, below the value being checked, and what. */
export type Report = (path: readonly (string | number)[], message: string) => void;

/** Looks at a value of unknown shape and reports what does not fit together. */
export type CrossCheck = (value: unknown, report: Report) => void;

/** `issuer`: one source for the CA; a match policy where there are several audiences; no audience twice. */
export const checkIssuer: CrossCheck = (value, report) => {
  if (!isJSONObject(value)) {
    return;
  }
  if (has(value, 'certificateAuthority') && has(value, 'certificateAuthorityFile')) {
    report(
      ['certificateAuthorityFile'],
      'Invalid value: only one of certificateAuthority and certificateAuthorityFile may be written',
    );
  }
  const audiences = value['audiences'];
  if (!Array.isArray(audiences)) {
    return;
  }
  reportDuplicates(audiences, (index) => [`audiences`, index], report);
  if (audiences.length > 1 && !has(value, 'audienceMatchPolicy')) {
    report(
      ['audienceMatchPolicy'],
      'Required value: must be MatchAny or MatchExact when there are several audiences',
    );
  }
};

/** `keys`: exactly one source. */
export const checkKeys: CrossCheck = (value, report) => {
  if (!isJSONObject(value)) {
    return;
  }
  const sources = Object.keys(value).filter((key) => KEY_SOURCES.includes(key));
  const [first, second] = sources;
  if (first === undefined) {
    report(
      [],
      `Required value: exactly one of ${KEY_SOURCES.join(', ')}; leave keys out for discovery`,
    );
  } else if (second !== undefined) {
    report([second], `Invalid value: only one key source may be written, and ${first} is one`);
  }
};

/** An entry: nothing is written that its key source would leave unused. */
export const checkIssuerEntry: CrossCheck = (value, report) => {
  if (!isJSONObject(value) || !isJSONObject(value['issuer']) || !isJSONObject(value['keys'])) {
    return;
  }
  const unused = ['discoveryURL'];
  if (has(value['keys'], 'jwksFile')) {
    unused.push('certificateAuthority', 'certificateAuthorityFile');
  }
  for (const key of unused) {
    if (has(value['issuer'], key)) {
      const source = Object.keys(value['keys']).join(', ');
      report(['issuer', key], `Invalid value: not used, as the keys come from ${source}`);
    }
  }
};

/** `token`: no algorithm twice. */
export const checkToken: CrossCheck = (value, report) => {
  if (isJSONObject(value) && Array.isArray(value['algorithms'])) {
    reportDuplicates(value['algorithms'], (index) => ['algorithms', index], report);
  }
};

/** `cache`: keys are never too old to use while they are too young to be retrieved again. */
export const checkCache: CrossCheck = (value, report) => {
  if (!isJSONObject(value)) {
    return;
  }
  const { refreshInterval, maxStale } = value;
  if (
    typeof refreshInterval === 'number' &&
    typeof maxStale === 'number' &&
    maxStale < refreshInterval
  ) {
    report(
      ['maxStale'],
      `Invalid value: must be at least refreshInterval, ${formatSeconds(refreshInterval)}`,
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
  if (has(value, 'replace') && has(value, 'equals')) {
    report(['replace'], 'Invalid value: nothing comes from the claim when equals is written');
  }
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

/** The whole file: no two entries of one name. */
export const checkIssuerNames: CrossCheck = (value, report) => {
  if (!isJSONObject(value) || !Array.isArray(value['issuers'])) {
    return;
  }
  const names = value['issuers'].map((entry: unknown) =>
    isJSONObject(entry) ? entry['name'] : undefined,
  );
  reportDuplicates(names, (index) => ['issuers', index, 'name'], report);
};

const KEY_SOURCES: readonly string[] = ['jwksURI', 'jwksFile'];

function rolesOf(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [value];
}

function reportDuplicates(
  values: readonly unknown[],
  pathOf: (index: number) => (string | number)[],
  report: Report,
): void {
  for (const [index, value] of values.entries()) {
    if (typeof value === 'string' && values.indexOf(value) < index) {
      report(pathOf(index), `Duplicate value: ${JSON.stringify(value)}`);
    }
  }
}

function has(value: JSONObject, key: string): boolean {
  return Object.hasOwn(value, key) && value[key] !== undefined;
}
