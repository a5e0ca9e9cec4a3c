// Writes the files that PgBouncer reads into the folder of the pooler, each as a whole, for nobody else to read.
import { join } from 'node:path';
import { removeLeftovers, writePgpass } from '../pgpass/write-pgpass.ts';
import { fault, type TokenFault } from '../token/client-token.ts';
import type { PoolerFiles } from './render-files.ts';

/** As they are read: pgbouncer.ini names the others. */
const ORDER = ['userlist.txt', 'hba.conf', 'pgbouncer.ini'] as const;

/** @returns undefined once they are there; otherwise some may be as they were. Never rejects. */
export async function writeFiles(
  folder: string,
  files: PoolerFiles,
): Promise<TokenFault | undefined> {
  for (const name of ORDER) {
    const path = join(folder, name);
    await removeLeftovers(path);
    // One character for each byte.
    const text = Buffer.from(files[name]).toString('latin1');
    const failed = await writePgpass(path, text, 0o600);
    if (failed !== undefined) {
      return fault(`${name}: ${failed.reason}`, failed.hint);
    }
  }
  return undefined;
}
