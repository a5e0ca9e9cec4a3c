// Entries of a long issuers.yaml, as a host of many populations has them.
import { chmod, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createSigningKey } from '../test/support/signing-key.ts';

/** Makes entries with a pinned key and two role rules each. @param folder takes the files of their keys. */
export async function makeEntries(
  folder: string,
  count: number,
): Promise<readonly Readonly<Record<string, unknown>>[]> {
  const entries = [];
  for (let n = 0; n < count; n += 1) {
    const key = await createSigningKey('ES256', `key-${n}`);
    const jwksFile = join(folder, `jwks-${n}.json`);
    await writeFile(jwksFile, JSON.stringify({ keys: [key.publicJWK] }));
    await chmod(jwksFile, 0o644);
    entries.push({
      name: `cluster-${n}`,
      issuer: { url: `https://cluster-${n}.example.com`, audiences: ['postgres'] },
      keys: { jwksFile },
      roles: [
        { claim: 'sub', trimPrefix: 'system:serviceaccount:' },
        { claim: 'groups', pattern: `db-([a-z]+)-${n}`, role: String.raw`\1` },
      ],
    });
  }
  return entries;
}
