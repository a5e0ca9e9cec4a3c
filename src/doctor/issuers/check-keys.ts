// The keys that logins are verified with while an issuer is away: those that the daemon keeps on disk.
import type { Issuer } from '../../policy/policy.ts';
import { remoteKeysOf } from '../../issuer-keys/remote-keys.ts';
import { formatSeconds } from '../../values/units.ts';
import { nameStaleLimit, staleLimit } from '../../keys/key-owner.ts';
import type { KeyCache } from '../../keys/key-record.ts';
import { toPrintable } from '../../protocol/format-reply.ts';
import { fault, ok, type Finding } from '../finding.ts';
import type { Host } from '../host/host.ts';

/** @param folder of the cache, for messages. */
export function checkKeys(
  issuers: readonly Issuer[],
  cache: Pick<KeyCache, 'read'>,
  folder: string,
  { clock }: Pick<Host, 'clock'>,
): readonly Finding[] {
  return issuers.map((issuer) => {
    const { keySource, name } = issuer;
    if (keySource.kind === 'pinned') {
      return ok('keys', name, `${countKeys(keySource.keySet.keys.length)}, pinned`);
    }
    const { owner } = remoteKeysOf(issuer, keySource);
    const record = cache.read(name, owner.source);
    if (record === undefined || record.keySet.keys.length === 0) {
      return fault(
        'keys-none',
        name,
        `none in ${folder} that may be used${explain(record?.lastError)}`,
        'The daemon writes them there: it must run, reach the issuer, and own the folder (mode 0755).',
      );
    }
    const age = clock() - record.fetchedAt;
    const held = `${countKeys(record.keySet.keys.length)}, retrieved ${formatSeconds(age)} ago`;
    const limit = staleLimit(record, owner);
    const limitKey = nameStaleLimit(limit, owner);
    if (age > limit) {
      return fault(
        'keys-stale',
        name,
        `${held}; expected at most ${formatSeconds(limit)} (${limitKey})${explain(record.lastError)}`,
        'Logins are refused until the daemon retrieves them again: see what keeps it from that.',
      );
    }
    return record.lastError === undefined
      ? ok('keys', name, held)
      : fault(
          'keys-outdated',
          name,
          `${held}${explain(record.lastError)}`,
          `They serve until ${formatSeconds(limit)} after they were retrieved (${limitKey}).`,
        );
  });
}

function countKeys(count: number): string {
  return `${count} ${count === 1 ? 'key' : 'keys'}`;
}

function explain(lastError: string | undefined): string {
  return lastError === undefined ? '' : `; the last attempt failed: ${toPrintable(lastError)}`;
}
