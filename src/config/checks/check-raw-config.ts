// Rules of issuers.yaml about what is written and what would come of it: that nothing stands there without effect. They
// see the file as it was written, before defaults are filled in.
import { isAlgorithm, isSVIDAlgorithm } from '../../values/algorithms.ts';
import { isJSONObject, type JSONObject } from '../../parse-json-object.ts';
import { checkIssuerURL } from './check-issuer-url.ts';
import { checkProvisionActs } from './check-provision.ts';
import { type CrossCheck, has, KEY_SOURCES } from './cross-checks.ts';
import type { ReportProblem } from '../problems.ts';
import { normalizeType, SVID_TYPES } from '../../values/token-type.ts';

const UNUSED = 'Delete it: whoever reads the file would think that it does something.';

/** Key sources of which nothing is retrieved. */
const PINNED = ['jwksFile', 'publicKeysFile', 'spiffeBundleFile'];

/** Checks the whole file. */
export const checkRawConfig: CrossCheck = (file, report) => {
  if (!isJSONObject(file) || !Array.isArray(file['issuers'])) {
    return;
  }
  const entries: readonly unknown[] = file['issuers'];
  for (const [index, entry] of entries.entries()) {
    if (isJSONObject(entry)) {
      const reportEntry: ReportProblem = (path, message, hint) => {
        report(['issuers', index, ...path], message, hint);
      };
      checkKeySource(entry, reportEntry);
      checkIssuerURL(entry, reportEntry);
      checkTrustDomain(entry, reportEntry);
      checkReplacements(entry, reportEntry);
      checkSessions(entry, reportEntry);
      checkRecheck(entry, reportEntry);
      checkProvisionActs(entry, reportEntry);
    }
  }
};

/** What counts with `expired` alone is written beside it. */
function checkSessions({ sessions }: JSONObject, report: ReportProblem): void {
  if (!isJSONObject(sessions)) {
    return;
  }
  const { end } = sessions;
  if (end !== undefined && (!Array.isArray(end) || end.includes('expired'))) {
    return;
  }
  for (const key of ['grace', 'atLeast', 'renew'].filter((one) => has(sessions, one))) {
    report(
      ['sessions', key],
      'Invalid value: not used, as end does not have expired',
      'Write end: [expired], or delete it: whoever reads the file would think that it does something.',
    );
  }
}

/** Nobody looks again at sessions that `revoked` does not end. */
function checkRecheck({ review, sessions }: JSONObject, report: ReportProblem): void {
  if (!isJSONObject(review) || !has(review, 'recheckEvery')) {
    return;
  }
  const end: unknown = isJSONObject(sessions) ? sessions['end'] : undefined;
  // What is no list has been told so.
  if (Array.isArray(end) ? !end.includes('revoked') : end === undefined) {
    report(
      ['review', 'recheckEvery'],
      'Invalid value: not used, as sessions.end does not have revoked',
      'Write sessions: {end: [revoked]}, or delete it: whoever reads the file would think that it does something.',
    );
  }
}

/** Nothing is written that the key source would leave unused. */
function checkKeySource(entry: JSONObject, report: ReportProblem): void {
  const { keys } = entry;
  if (!isJSONObject(keys)) {
    return;
  }
  const [source, ...others] = KEY_SOURCES.filter((key) => has(keys, key));
  if (source === undefined || others.length > 0) {
    return;
  }
  const issuer = isJSONObject(entry['issuer']) ? entry['issuer'] : {};
  const isPinned = PINNED.includes(source);
  // An API server that is asked has a certificate too, and may be behind the proxy.
  const isAsked = has(entry, 'review');
  const unused =
    isPinned && !isAsked
      ? ['discoveryURL', 'certificateAuthority', 'certificateAuthorityFile']
      : ['discoveryURL'];
  for (const key of unused.filter((one) => has(issuer, one))) {
    report(['issuer', key], `Invalid value: not used, as the keys come from ${source}`, UNUSED);
  }
  const { deny } = entry;
  if (source === 'publicKeysFile' && isJSONObject(deny) && hasItems(deny['keyIDs'])) {
    report(
      ['deny', 'keyIDs'],
      'Invalid value: keys of publicKeysFile have no kid, and whoever has one of them can sign under any',
      'Take the key out of the file.',
    );
  }
  for (const key of isPinned ? [...(isAsked ? [] : ['http']), 'cache'] : []) {
    if (has(entry, key)) {
      report([key], `Invalid value: not used, as the keys come from ${source}`, UNUSED);
    }
  }
  const http = isPinned && isAsked && isJSONObject(entry['http']) ? entry['http'] : {};
  for (const key of ['timeout', 'maxResponseBytes'].filter((one) => has(http, one))) {
    report(['http', key], `Invalid value: not used, as the keys come from ${source}`, UNUSED);
  }
}

/** A mapping that is read loses a key of this name without a word, as JavaScript has a meaning for it. */
function checkReplacements({ roles }: JSONObject, report: ReportProblem): void {
  for (const [index, rule] of (Array.isArray(roles) ? (roles as unknown[]) : []).entries()) {
    const replace = isJSONObject(rule) ? rule['replace'] : undefined;
    if (isJSONObject(replace) && has(replace, '__proto__')) {
      report(['roles', index, 'replace'], 'Invalid key: __proto__ cannot be replaced');
    }
  }
}

function hasItems(list: unknown): boolean {
  return Array.isArray(list) && list.length > 0;
}

/** Bundles belong to trust domains; what JWT-SVIDs cannot have is not written for one (JWT-SVID section 2). */
function checkTrustDomain(entry: JSONObject, report: ReportProblem): void {
  const { issuer, keys, token } = entry;
  if (!isJSONObject(issuer)) {
    return;
  }
  if (!has(issuer, 'spiffeTrustDomain')) {
    for (const key of ['spiffeBundleURL', 'spiffeBundleFile']) {
      if (isJSONObject(keys) && has(keys, key)) {
        report(
          ['keys', key],
          'Invalid value: a bundle is that of a trust domain; expected issuer.spiffeTrustDomain',
        );
      }
    }
    return;
  }
  if (!has(entry, 'keys')) {
    report(
      ['keys'],
      'Required value: a trust domain has no discovery document; expected spiffeBundleURL or another key source',
    );
  }
  if (isJSONObject(token)) {
    reportItems(token, 'algorithms', (name) => isAlgorithm(name) && !isSVIDAlgorithm(name), report);
    reportItems(token, 'types', (name) => !SVID_TYPES.includes(normalizeType(name)), report);
  }
}

function reportItems(
  token: JSONObject,
  key: string,
  isWrong: (item: string) => boolean,
  report: ReportProblem,
): void {
  const list: unknown = token[key];
  for (const [index, item] of (Array.isArray(list) ? (list as unknown[]) : []).entries()) {
    if (typeof item === 'string' && isWrong(item)) {
      report(
        ['token', key, index],
        `Invalid value: ${JSON.stringify(item)}: no token of a trust domain (JWT-SVID) may have it`,
      );
    }
  }
}
