// Bundles the command into dist/: few files to read at start, nothing else to install beside them.
//
// CommonJS, as importing a built-in module of Node in an ES module evaluates all of its lazy members, which costs a
// process of `pgtoken pam` more than its decision does.
import { createHash } from 'node:crypto';
import { globSync, readFileSync } from 'node:fs';
import { defineConfig, type Plugin } from 'rolldown';
import { escapeNonASCII } from './src/quote.ts';

/** Commander loads child_process for subcommands that are programs of their own; there are none, and it takes 5 ms. */
const withoutChildProcess: Plugin = {
  name: 'commander-without-child-process',
  transform(code, id) {
    if (!id.endsWith('/commander/lib/command.js')) {
      return undefined;
    }
    const line = "import childProcess from 'node:child_process';";
    if (!code.includes(line)) {
      throw new Error(`commander no longer says ${line}; look at what it does instead`);
    }
    return code.replace(line, 'const childProcess = undefined;');
  },
};

/**
 * Of zod only what is used, which is a tenth of it: who hands it over as a whole, as a value, has all of it in memory with the
 * messages of sixty languages.
 */
const withoutLanguages: Plugin = {
  name: 'zod-without-languages',
  generateBundle(_, bundle) {
    for (const file of Object.values(bundle)) {
      const found =
        file.type === 'chunk' && file.moduleIds.find((id) => id.includes('/zod/v4/locales/'));
      if (found) {
        throw new Error(
          `${found} is in the bundle; find who takes zod as a value, and not by its members`,
        );
      }
    }
  },
};

/** Where an escape would not mean its character: behind a backslash, and in a template that is taken raw. */
const NOT_ESCAPABLE = /\\[^\0-\x7f]|\braw`[^`]*[^\0-\x7f]/;

/** One character outside of ASCII, and V8 keeps two bytes of each that the file has. */
const inASCII: Plugin = {
  name: 'in-ascii',
  generateBundle(_, bundle) {
    for (const file of Object.values(bundle)) {
      if (file.type === 'chunk') {
        const [found] = NOT_ESCAPABLE.exec(file.code) ?? [];
        if (found !== undefined) {
          throw new Error(
            `${JSON.stringify(found)} cannot be escaped in the bundle; write \\u and four digits in the source`,
          );
        }
        file.code = file.code.replaceAll(/[^\0-\x7f]/g, (unit) => escapeNonASCII(unit));
      }
    }
  },
};

/** What `pgtoken init` begins with (src/init/shipped-texts.ts), by path. */
const TEXTS = [
  'packaging/etc/issuers.yaml',
  'packaging/pam.d/postgresql-k8s',
  'packaging/examples/kubernetes/issuers.yaml',
  ...globSync('packaging/examples/*.yaml').toSorted(),
];

/** As a text of JSON, which is read when it is wanted. */
function packTexts(): string {
  return JSON.stringify(
    Object.fromEntries(TEXTS.map((path) => [path, readFileSync(path, 'utf8')])),
  );
}

/** Names what this bundle is made from: the sources, the locked packages and this file. */
function nameBuild(): string {
  const hash = createHash('sha256');
  const packages = ['package.json', 'package-lock.json', 'rolldown.config.ts'];
  const files = [...packages, ...TEXTS, ...globSync('src/**/*.ts').toSorted()];
  for (const file of files) {
    hash.update(`${file}\0`).update(readFileSync(file)).update('\0');
  }
  return hash.digest('hex').slice(0, 16);
}

/** Everything but what a bundle begins with. */
function createBundle(input: Readonly<Record<string, string>>, cleanDir: boolean) {
  return defineConfig({
    plugins: [withoutChildProcess, withoutLanguages, inASCII],
    input,
    platform: 'node',
    transform: {
      define: {
        PGTOKEN_BUILD: JSON.stringify(nameBuild()),
        PGTOKEN_TEXTS: JSON.stringify(packTexts()),
      },
    },
    logLevel: 'warn',
    output: {
      dir: 'dist',
      format: 'cjs',
      cleanDir,
      entryFileNames: '[name].cjs',
      chunkFileNames: '[name]-[hash].cjs',
      // What each login loads is one file: to find and open another takes longer than to run it.
      codeSplitting: { groups: [{ name: 'login', tags: ['$initial'] }] },
      // Names stay, for the one line that a failure nobody foresaw leaves in a log.
      minify: { mangle: false, compress: true, codegen: { removeWhitespace: true } },
    },
  });
}

export default [
  createBundle({ pgtoken: 'src/cli/main.ts' }, true),
  // Apart, so that none loads anything of another.
  createBundle({ pgpass: 'src/cli/pgpass/main.ts' }, false),
  createBundle({ pooler: 'src/cli/pooler/main.ts' }, false),
];
