// Bundles the command as `npm run build` does, into a folder of its own, and tells which packages got into it.
//
// What the package says about licences and components comes from the modules in the bundle, not from a list that
// somebody would have to keep.
import { rolldown } from 'rolldown';

import configs from '../../rolldown.config.ts';

/** The bundler's own helpers, which it writes into every bundle. */
const BUNDLER = 'rolldown';

/**
 * Writes the bundle to `folder`.
 *
 * @returns the folders of all npm packages that any module of it comes from, relative to the checkout, sorted
 */
export async function bundle(folder: string): Promise<readonly string[]> {
  const modules: string[] = [];
  // One after the other: the first one cleans the folder.
  for (const config of configs) {
    const { output } = config;
    if (output === undefined || Array.isArray(output)) {
      throw new Error('rolldown.config.ts has a bundle with no output, or several; expected one');
    }
    await using bundler = await rolldown(config);
    const written = await bundler.write({ ...output, dir: folder });
    modules.push(
      ...written.output.flatMap((file) => (file.type === 'chunk' ? file.moduleIds : [])),
    );
  }
  return [...new Set(modules.map(packageOf).filter((path) => path !== undefined))].toSorted();
}

function packageOf(module: string): string | undefined {
  if (module.startsWith('\0rolldown/')) {
    return `node_modules/${BUNDLER}`;
  }
  return /\/(node_modules\/(?:.+\/node_modules\/)?(?:@[^/]+\/)?[^/]+)\//.exec(module)?.[1];
}
