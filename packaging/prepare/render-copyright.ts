// debian/copyright in Debian's machine-readable form: our own part, and one paragraph for each library in the bundle, with
// its licence as its authors wrote it. What the runtime contains is told in a file of its own, the runtime's.
import type { BundledPackage } from './read-package.ts';

/** Licences whose text every Debian system has. */
const COMMON_LICENCES: ReadonlySet<string> = new Set(['Apache-2.0', 'GPL-2', 'GPL-3', 'MPL-2.0']);

/** @param head the paragraphs about our own files and the runtime */
export function renderCopyright(head: string, packages: readonly BundledPackage[]): string {
  return [head.trimEnd(), ...packages.map(renderPackage)].join('\n\n') + '\n';
}

function renderPackage(one: BundledPackage): string {
  const { path, name, version, copyright, licence, licenceText, licenceSource, notice } = one;
  const text = COMMON_LICENCES.has(licence)
    ? `On Debian systems the text of this licence is in /usr/share/common-licenses/${licence}.`
    : licenceText;
  return [
    `Files: ${path}/*`,
    `Copyright: ${copyright.join('\n           ')}`,
    `License: ${licence}`,
    indent(text),
    `Comment: ${name} ${version}, bundled into /usr/lib/pgtoken/dist. Its licence is from`,
    ` ${licenceSource}.`,
    ...(notice === undefined ? [] : [indent(notice)]),
  ].join('\n');
}

/** The lines of a field that goes on: each one space in, an empty one as a dot. */
function indent(text: string): string {
  return text
    .trim()
    .split('\n')
    .map((line) => (line.trim() === '' ? ' .' : ` ${line.trimEnd()}`))
    .join('\n');
}
