// npm run first-login: the first login in fresh systems of each release, with how long each command takes.
import { glob } from 'node:fs/promises';
import { join } from 'node:path';

import { createTemporaryFolder } from '../../support/temporary-folder.ts';
import { buildPackage } from '../machine/build-package.ts';
import { RELEASES } from '../machine/root-folder.ts';
import { logInFirst, timeOf } from './log-in-first.ts';

const folder = await createTemporaryFolder('first-login');
try {
  const kept = process.env['PGTOKEN_PACKAGES'];
  const [built] =
    kept === undefined || kept === '' ? [] : await Array.fromAsync(glob(`${kept}/current/*.deb`));
  const deb =
    built ??
    (await buildPackage(join(folder.path, 'built'), {
      watch: (text) => process.stderr.write(text),
    }));
  for (const { suite } of RELEASES) {
    process.stderr.write(`first-login: a fresh ${suite}\n`);
    const typed = await logInFirst(suite, deb);
    process.stdout.write(`${suite}: ${typed.length} commands, ${timeOf(typed).toFixed(0)} s\n`);
    for (const { command, seconds } of typed) {
      process.stdout.write(`${seconds.toFixed(1).padStart(7)} s  ${command}\n`);
    }
  }
} finally {
  await folder.remove();
}
