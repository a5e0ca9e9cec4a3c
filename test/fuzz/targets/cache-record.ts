// The key cache on disk: whatever a file of it holds, reading it does not throw, and no login gets keys from it that are not
// sound, of another source or too old.
import { chmod, mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import { isRefusal } from '../../../src/errors.ts';
import { createDiskKeyCache } from '../../../src/keys/disk-key-cache.ts';
import { getKeySet } from '../../../src/keys/get-key-set.ts';
import type { KeyOwner } from '../../../src/keys/key-owner.ts';
import { formatKeyRecord } from '../../../src/keys/key-record.ts';
import { algorithmsOf } from '../../../src/keys/formats/algorithms-of.ts';
import { createTemporaryFolder } from '../../support/temporary-folder.ts';
import { createMint, NOW } from '../../vectors/tokens/mint.ts';
import { demand, type FuzzTarget } from '../fuzz-target.ts';

const OWNER: KeyOwner = {
  name: 'cluster',
  source: 'jwks https://k8s.example.com/keys by the authorities of the system',
  refreshInterval: 600,
  maxStale: 86_400,
  unknownKeyCooldown: 30,
};

export const cacheRecord: FuzzTarget = {
  name: 'cache-record',
  seeds: async () => {
    const { publicKey } = await createMint();
    const keySet = { keys: [publicKey('cluster-es256'), publicKey('cluster-rs256')] };
    const record = { source: OWNER.source, fetchedAt: NOW - 60, attemptedAt: NOW - 60, keySet };
    return [
      record,
      { ...record, fetchedAt: NOW - 3600, lastError: 'connection refused', unknownKeyAt: NOW - 10 },
      { ...record, fetchedAt: NOW - 90_000, etag: 'https://k8s.example.com/keys "1"' },
      { ...record, fetchedAt: NOW + 60, nextRefreshAt: NOW + 600 },
      { ...record, fetchedAt: 0, keySet: { keys: [] }, lastError: 'no such name' },
      { ...record, source: 'jwks https://attacker.example.com/keys' },
    ].map((one) => Buffer.from(formatKeyRecord(one)));
  },
  maxBytes: 20_000,
  async open() {
    const folder = await createTemporaryFolder('fuzz');
    const cacheFolder = join(folder.path, 'cache');
    const file = join(cacheFolder, `${OWNER.name}.json`);
    await mkdir(cacheFolder, { mode: 0o755 });
    await chmod(cacheFolder, 0o755);
    const cache = createDiskKeyCache({ folder: cacheFolder });
    return {
      async run(input, random) {
        await writeFile(file, input, { mode: 0o644 });
        const record = cache.read(OWNER.name, OWNER.source);
        if (record !== undefined) {
          demand(record.source === OWNER.source, 'a record of another source is not used');
          demand(
            record.keySet.keys.every((key) => algorithmsOf(key).length > 0 && !('d' in key)),
            'its keys are sound',
          );
        }
        const wanted = { keyID: 'cluster-es256', algorithm: 'ES256' } as const;
        const keys = await getKeySet(OWNER, wanted, {
          // Seldom, as it waits for the disk.
          cache: random.chance(10) ? cache : { ...cache, write: () => undefined },
          clock: () => NOW,
          fetch: async () => ({ kind: 'failed', reason: 'connection refused' }),
        });
        if (isRefusal(keys)) {
          demand(keys.code === 'ERR_KEYS_UNAVAILABLE', 'without keys nobody decides');
        } else {
          const age = NOW - (record?.fetchedAt ?? Number.NaN);
          demand(age >= 0 && age <= OWNER.maxStale, 'keys that are used are not too old');
          demand(keys.keys.length > 0, 'keys that are used are there');
        }
        // What was written over it is a record again, or was left alone.
        const after = cache.read(OWNER.name, OWNER.source);
        demand(record === undefined || after !== undefined, 'a good record stays one');
      },
      [Symbol.asyncDispose]: folder.remove,
    };
  },
};
