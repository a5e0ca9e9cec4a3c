// Rules of issuers.yaml on `provision`: that it has something to do, and nothing to do with protected roles.
import { isJSONObject, type JSONObject } from '../../parse-json-object.ts';
import type { ReportProblem } from '../problems.ts';
import { type CrossCheck, has } from './cross-checks.ts';

/** What it may do, of which something has to be written. */
const ACTIONS = ['create', 'memberOf', 'connectionLimit', 'settings'];

/** The whole file. What needs the protected roles is in `compileIssuer`, which has their defaults. */
export const checkProvision: CrossCheck = (value, report) => {
  const entries: unknown = isJSONObject(value) ? value['issuers'] : undefined;
  for (const [index, entry] of (Array.isArray(entries) ? (entries as unknown[]) : []).entries()) {
    if (isJSONObject(entry) && isJSONObject(entry['provision'])) {
      checkEntry(entry, entry['provision'], (path, message, hint) => {
        report(['issuers', index, ...path], message, hint);
      });
    }
  }
};

function checkEntry(entry: JSONObject, provision: JSONObject, report: ReportProblem): void {
  const exceptions = entry['allowProtectedRoles'];
  if (Array.isArray(exceptions) && exceptions.length > 0) {
    report(
      ['provision'],
      'Invalid value: protected roles are never provisioned, and the entry has allowProtectedRoles',
      'Write another entry for these tokens, without provision.',
    );
  }
  const { memberOf } = provision;
  const names: unknown[] = Array.isArray(memberOf) ? memberOf : [];
  for (const [index, name] of names.entries()) {
    if (typeof name === 'string' && names.indexOf(name) !== index) {
      report(['provision', 'memberOf', index], `Duplicate value: ${JSON.stringify(name)}`);
    }
  }
}

/** As it was written, before defaults are filled in. */
export function checkProvisionActs({ provision }: JSONObject, report: ReportProblem): void {
  const acts = ACTIONS.filter(
    (key) =>
      isJSONObject(provision) &&
      has(provision, key) &&
      provision[key] !== false &&
      !isEmptyMap(provision[key]),
  );
  if (isJSONObject(provision) && acts.length === 0) {
    report(
      ['provision'],
      `Required value: one of ${ACTIONS.join(', ')}, as without it nothing is done`,
    );
  }
}

function isEmptyMap(value: unknown): boolean {
  return isJSONObject(value) && Object.keys(value).length === 0;
}
