// `npm run release`: makes all that is published of a release, in build/release/VERSION, and says what a maintainer signs and uploads. It
// publishes nothing itself, and has no key.
import { execFileSync, spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { Command } from 'commander';
import * as z from 'zod/mini';
import { checkRelease } from './check-release.ts';
import { makeArchive } from './make-archive.ts';
import { renderProvenance, renderSums } from './render-provenance.ts';

const ROOT = join(import.meta.dirname, '../..');
const PINS = ['package-lock.json', 'packaging/runtime.sha256'];

const { rehearse, arm64, packages } = new Command('release')
  .description('Makes what is published of a release. Publishes nothing.')
  .option('--rehearse', 'make it all the same where something keeps it from being released', false)
  .option('--arm64', 'make the package for arm64 as well, cross-built', false)
  .option('--no-packages', 'only the archive of the sources, sums and provenance')
  .parse()
  .opts<{ readonly rehearse: boolean; readonly arm64: boolean; readonly packages: boolean }>();

const git = (...args: readonly string[]): string =>
  execFileSync('git', args, { cwd: ROOT, encoding: 'utf8' }).trimEnd();
const read = (path: string): string => readFileSync(join(ROOT, path), 'utf8');
const say = (line: string): void => void process.stderr.write(`release: ${line}\n`);

const { version } = z.looseObject({ version: z.string() }).parse(JSON.parse(read('package.json')));
const problems = checkRelease({
  version,
  changelog: read('CHANGELOG.md'),
  security: read('SECURITY.md'),
  debianChangelog: read('packaging/debian/changelog'),
  status: git('status', '--porcelain', '--untracked-files=all'),
  today: new Date().toISOString().slice(0, 10),
});
for (const { problem, hint } of problems) say(`${problem}\nHINT: ${hint}`);
if (problems.length > 0 && !rehearse) {
  say('nothing was made; --rehearse makes it all the same, for a trial');
  process.exit(1);
}

const name = `pgtoken-${version}`;
const commit = git('rev-parse', 'HEAD');
const folder = join(ROOT, 'build', rehearse ? 'rehearsal' : 'release', version);
const making = `${folder}.new`;
rmSync(making, { recursive: true, force: true });
mkdirSync(making, { recursive: true });

say(`the archive of the sources, of commit ${commit}`);
writeFileSync(join(making, `${name}.tar.gz`), makeArchive(ROOT, commit, name));
if (packages) {
  makePackage();
  makePackage('--postgresql', '18');
  if (arm64) makePackage('--arch', 'arm64');
  for (const file of readdirSync(making)) {
    if (/^pgtoken_.*\.deb$/.test(file)) {
      writeFileSync(
        join(making, file.replace(/deb$/, 'sbom.cdx.json')),
        readSBOM(join(making, file)),
      );
    }
  }
}
writeFileSync(
  join(making, `${name}.provenance.txt`),
  renderProvenance({
    version,
    commit,
    committed: git('show', '--no-patch', '--format=%cI', commit),
    tools: [
      ['node', process.version],
      ['git', git('--version').replace(/^git version /, '')],
      ['gzip', firstLine('gzip', '--version').replace(/^gzip /, '')],
    ],
    pins: PINS.map((path) => [path, sha256Of(readFileSync(join(ROOT, path)))] as const),
    options: [...(arm64 ? ['--arm64'] : []), ...(packages ? [] : ['--no-packages'])],
  }),
);
const sums = new Map(
  readdirSync(making).map((file) => [file, sha256Of(readFileSync(join(making, file)))] as const),
);
writeFileSync(join(making, 'SHA256SUMS'), renderSums(sums));
rmSync(folder, { recursive: true, force: true });
renameSync(making, folder);

const shown = relative(ROOT, folder);
process.stdout.write(
  `${[...sums.keys(), 'SHA256SUMS']
    .toSorted()
    .map((file) => `${shown}/${file}`)
    .join('\n')}\n`,
);
process.stdout.write(
  rehearse
    ? '\nA rehearsal: sign and upload nothing of it.\n'
    : `
Sign, as a maintainer:
  git tag --sign v${version} --message 'pgtoken ${version}' ${commit}
  gpg --armor --detach-sign ${shown}/SHA256SUMS
Upload: the tag, and all files above with SHA256SUMS.asc. SHA256SUMS vouches for the others.
`,
);
if (packages && !arm64) {
  process.stdout.write(
    `\nNot made: the package for arm64. With --arm64 it is cross-built here; its validator takes npm run package -- --postgresql 18\non a machine of arm64.\n`,
  );
}

function makePackage(...options: readonly string[]): void {
  const args = ['--output', making, '--buildinfo', ...options];
  // It says itself what it does and how long that takes.
  const { status } = spawnSync(join(ROOT, 'packaging/package.sh'), args, {
    stdio: ['ignore', 'ignore', 'inherit'],
  });
  if (status !== 0) {
    say(`packaging/package.sh ${args.join(' ')} has failed`);
    process.exit(1);
  }
}

/** The list of components that is in the package, which is of its bundle and its runtime. */
function readSBOM(file: string): Buffer {
  const tar = execFileSync('dpkg-deb', ['--fsys-tarfile', file], { maxBuffer: 1024 ** 3 });
  return execFileSync('tar', ['--extract', '--to-stdout', './usr/share/pgtoken/sbom.cdx.json'], {
    input: tar,
  });
}

function firstLine(command: string, ...args: readonly string[]): string {
  return execFileSync(command, args, { encoding: 'utf8' }).split('\n').at(0) ?? '';
}

function sha256Of(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex');
}
