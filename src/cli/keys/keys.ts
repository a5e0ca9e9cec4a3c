// `pgtoken keys`: the keys that logins are verified with. The daemon writes what it holds to its cache on disk after
// every retrieval, so that this needs no way of its own into the daemon.
import type { JWK } from 'jose';
import type { Issuer } from '../../policy/policy.ts';
import { remoteKeysOf } from '../../issuer-keys/remote-keys.ts';
import { systemClock } from '../../clock.ts';
import { NO_ISSUER } from '../../config/checks/no-issuer.ts';
import { formatSeconds } from '../../values/units.ts';
import { createDiskKeyCache } from '../../keys/disk-key-cache.ts';
import { isWithin, type KeyOwner, nameStaleLimit, staleLimit } from '../../keys/key-owner.ts';
import type { KeyCache, KeyRecord } from '../../keys/key-record.ts';
import { algorithmsOf } from '../../keys/formats/algorithms-of.ts';
import { toPrintable } from '../../protocol/format-reply.ts';
import { formatJSON } from '../output/format-json.ts';
import { count, loadPolicyOrReport } from '../output/report.ts';

/** The options of `pgtoken keys`. */
export interface KeysOptions {
  readonly config: string;
  readonly cacheDir: string;
  readonly json: boolean;
}

/** The keys of one issuer entry; times in Unix seconds. */
interface KeyReport {
  readonly issuer: string;
  readonly pinned: boolean;
  readonly keys: readonly { readonly kid: string | null; readonly algorithms: readonly string[] }[];
  readonly fetchedAt: number | null;
  readonly nextRefreshAt: number | null;
  readonly lastError: string | null;
  /** Why no login is verified with the keys, where there are some; null where they are used. */
  readonly notUsed: string | null;
}

/** Prints the keys of every issuer. @returns the exit status. */
export async function showKeys(options: KeysOptions): Promise<number> {
  const policy = await loadPolicyOrReport(options.config, process.stderr);
  if (policy === undefined) {
    return 2;
  }
  // Both its own and another user's: this only shows, it lets nobody in.
  const cache = createDiskKeyCache({ folder: options.cacheDir, sharedFolder: options.cacheDir });
  const now = systemClock();
  const reports = policy.issuers.map((issuer) => reportOn(issuer, cache, now));
  process.stdout.write(options.json ? formatJSON(reports) : formatReports(reports, options, now));
  return reports.length > 0 && reports.every(hasUsableKeys) ? 0 : 1;
}

function hasUsableKeys({ keys, notUsed }: KeyReport): boolean {
  return keys.length > 0 && notUsed === null;
}

function reportOn(issuer: Issuer, cache: KeyCache, now: number): KeyReport {
  const { keySource, name } = issuer;
  if (keySource.kind === 'pinned') {
    return {
      issuer: name,
      pinned: true,
      keys: keySource.keySet.keys.map(describeKey),
      fetchedAt: null,
      nextRefreshAt: null,
      lastError: null,
      notUsed: null,
    };
  }
  const { owner } = remoteKeysOf(issuer, keySource);
  const record = cache.read(name, owner.source);
  return {
    issuer: name,
    pinned: false,
    keys: record?.keySet.keys.map(describeKey) ?? [],
    // 0 where there is a record only of what went wrong.
    fetchedAt: record === undefined || record.fetchedAt === 0 ? null : record.fetchedAt,
    // While it fails it is tried again and again, which is not written down.
    nextRefreshAt: record?.lastError === undefined ? (record?.nextRefreshAt ?? null) : null,
    lastError: record?.lastError ?? null,
    notUsed: record === undefined ? null : explainUnused(record, owner, now),
  };
}

/** As logins have it (`keysWithin`): too old, or from the future. */
function explainUnused(record: KeyRecord, owner: KeyOwner, now: number): string | null {
  const limit = staleLimit(record, owner);
  const age = now - record.fetchedAt;
  if (record.keySet.keys.length === 0 || isWithin(age, limit)) {
    return null;
  }
  return age < 0
    ? 'they are from the future, as if the clock had been set back'
    : `${nameStaleLimit(limit, owner)} is ${formatSeconds(limit)}`;
}

function describeKey(key: JWK): KeyReport['keys'][number] {
  return { kid: key.kid ?? null, algorithms: algorithmsOf(key) };
}

function formatReports(
  reports: readonly KeyReport[],
  { config, cacheDir }: KeysOptions,
  now: number,
): string {
  return reports.length === 0
    ? `${config}: ${NO_ISSUER.message}\n  HINT: ${NO_ISSUER.hint}\n`
    : reports.map((report) => formatReport(report, cacheDir, now)).join('\n');
}

function formatReport(report: KeyReport, cacheDir: string, now: number): string {
  const lines = [
    `${report.issuer}: ${count(report.keys.length, 'key')}${formatTimes(report, cacheDir, now)}`,
  ];
  if (!report.pinned && report.fetchedAt === null && report.lastError === null) {
    lines.push(
      '  HINT: The daemon writes them there once it has them. See systemctl status pgtoken; pgtoken doctor asks the issuer.',
    );
  }
  // Issuers choose these texts, and this goes to a terminal.
  if (report.lastError !== null) {
    lines.push(`  last attempt failed: ${toPrintable(report.lastError)}`);
  }
  for (const { kid, algorithms } of report.keys) {
    lines.push(`  ${kid === null ? '(no kid)' : toPrintable(kid)}  ${algorithms.join(' ')}`);
  }
  return `${lines.join('\n')}\n`;
}

function formatTimes(report: KeyReport, cacheDir: string, now: number): string {
  if (report.pinned) {
    return ', pinned';
  }
  if (report.fetchedAt === null) {
    return `, none kept in ${cacheDir}`;
  }
  const age = `, retrieved ${formatSeconds(now - report.fetchedAt)} ago`;
  if (report.notUsed !== null) {
    return `${now < report.fetchedAt ? '' : age}, not used any more: ${report.notUsed}`;
  }
  if (report.nextRefreshAt === null) {
    return age;
  }
  const due = report.nextRefreshAt - now;
  return `${age}, next refresh ${due >= 0 ? `in ${formatSeconds(due)}` : `was due ${formatSeconds(due)} ago`}`;
}
