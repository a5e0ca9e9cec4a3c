// Bundles the command into dist/: few files to read at start, nothing else to install beside them.
//
// CommonJS, as importing a built-in module of Node in an ES module evaluates all of its lazy members, which costs a
// process of `pgtoken pam` more than its decision does.
import { defineConfig, type Plugin } from 'rolldown';

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

export default defineConfig({
  plugins: [withoutChildProcess],
  input: { pgtoken: 'src/cli/main.ts' },
  platform: 'node',
  logLevel: 'warn',
  output: {
    dir: 'dist',
    format: 'cjs',
    cleanDir: true,
    entryFileNames: '[name].cjs',
    chunkFileNames: '[name]-[hash].cjs',
    // Names stay, for the one line that a failure nobody foresaw leaves in a log.
    minify: { mangle: false, compress: true, codegen: { removeWhitespace: true } },
  },
});
