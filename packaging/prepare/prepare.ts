// Makes what the Debian package holds and the tree of the sources does not: prepare.ts FOLDER ARCHITECTURE CHANGELOG
//
//   dist/         the bundle
//   runtime/      node as released, and what it says about licences
//   man/          the man pages
//   completion/   for bash, zsh and fish
//   schema/       the JSON Schema of each file of ours
//   copyright     debian/copyright
//   sbom.cdx.json
//
// The same sources give the same bytes, whatever the machine.
import {
  copyFileSync,
  mkdirSync,
  mkdtempDisposableSync,
  readdirSync,
  readFileSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { pgpassJSONSchema } from '../../src/client/config/pgpass-json-schema.ts';
import { poolerJSONSchema } from '../../src/client/config/pooler-json-schema.ts';
import { configurationJSONSchema } from '../../src/config/schema/json-schema.ts';
import { bundle } from './bundle.ts';
import { findRuntime, isArchitecture, type Architecture } from './find-runtime.ts';
import { readChangelog } from './read-changelog.ts';
import { readHelp } from './read-help.ts';
import { readPackage } from './read-package.ts';
import { renderCompletion, type Shell, SHELLS } from './render-completion.ts';
import { renderCopyright } from './render-copyright.ts';
import { renderManPage } from './render-man-page.ts';
import { renderSBOM } from './render-sbom.ts';

const SCHEMAS = {
  issuers: configurationJSONSchema,
  pgpass: pgpassJSONSchema,
  pooler: poolerJSONSchema,
};
/** Under the names that the shells look for. */
const COMPLETIONS: Readonly<Record<Shell, string>> = {
  bash: 'pgtoken',
  zsh: '_pgtoken',
  fish: 'pgtoken.fish',
};
const CHECKOUT = join(import.meta.dirname, '..', '..');

async function prepare(
  folder: string,
  architecture: Architecture,
  changelog: string,
): Promise<void> {
  const read = (path: string): string => readFileSync(join(CHECKOUT, path), 'utf8');
  const write = (path: string, text: string): void => {
    writeFileSync(join(folder, path), text);
  };
  for (const name of ['runtime', 'man', 'completion', 'schema']) {
    mkdirSync(join(folder, name), { recursive: true });
  }
  const { version, date } = readChangelog(readFileSync(changelog, 'utf8'));
  const help = readHelp(CHECKOUT);

  const packages = (await bundle(join(folder, 'dist'))).map((path) => readPackage(CHECKOUT, path));

  using scratch = mkdtempDisposableSync(join(tmpdir(), 'pgtoken-runtime-'));
  const runtime = findRuntime(CHECKOUT, architecture, scratch.path);
  if (runtime.version !== process.versions.node) {
    throw new Error(`this is Node ${process.versions.node}; the package gets ${runtime.version}`);
  }
  copyFileSync(join(runtime.folder, 'bin', 'node'), join(folder, 'runtime', 'node'));
  copyFileSync(join(runtime.folder, 'LICENSE'), join(folder, 'runtime', 'notices'));

  write('copyright', renderCopyright(read('packaging/debian/copyright.head'), packages));
  // The parts of the runtime are told by the one that runs here, which is the same version.
  const parts = process.versions;
  write('sbom.cdx.json', renderSBOM({ version, packages, runtime: { ...runtime, parts } }));
  for (const shell of SHELLS) {
    const frame = read(`packaging/completion/pgtoken.${shell}`);
    write(`completion/${COMPLETIONS[shell]}`, renderCompletion(frame, help, shell));
  }
  for (const [name, schema] of Object.entries(SCHEMAS)) {
    write(`schema/${name}.schema.json`, `${JSON.stringify(schema(), undefined, 2)}\n`);
  }
  const sources = {
    version,
    date,
    help,
    configuration: read('docs/reference/configuration.md'),
    pam: read('docs/start/pam.md'),
  };
  for (const name of readdirSync(join(CHECKOUT, 'packaging', 'man'))) {
    write(`man/${name}`, renderManPage(read(`packaging/man/${name}`), sources));
  }
}

const [, , folder, architecture, changelog] = process.argv;
if (
  folder === undefined ||
  architecture === undefined ||
  !isArchitecture(architecture) ||
  changelog === undefined
) {
  process.stderr.write('usage: prepare.ts FOLDER amd64|arm64 CHANGELOG\n');
  process.exitCode = 2;
} else {
  await prepare(folder, architecture, changelog);
}
