// npm run first-login: the first login in fresh systems of each release, with how long each command takes.
import { createTemporaryFolder } from '../../support/temporary-folder.ts';
import { findOrBuildPackage } from '../machine/packages.ts';
import { RELEASES } from '../machine/root-folder.ts';
import { logInFirst, timeOf } from './log-in-first.ts';

const folder = await createTemporaryFolder('first-login');
try {
  const kept = process.env['PGTOKEN_PACKAGES'];
  const deb = await findOrBuildPackage(
    kept === undefined || kept === '' ? folder.path : kept,
    'current',
  );
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
