// A file that the server's user alone may read, such as a private key.
import { rm, writeFile } from 'node:fs/promises';

import { ownedByServerUser } from './as-server-user.ts';
import { runChecked } from './run-checked.ts';
import { serverRoot } from './server-root.ts';

/** Writes it, mode 0600, owned by the server's user. */
export async function writeSecret(path: string, text: string): Promise<void> {
  await writeFile(`${path}.new`, text, { mode: 0o600 });
  await runChecked('install', [
    '-m',
    '0600',
    ...ownedByServerUser(serverRoot()),
    `${path}.new`,
    path,
  ]);
  await rm(`${path}.new`);
}
