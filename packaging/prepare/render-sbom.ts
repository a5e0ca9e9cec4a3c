// The components of the package as CycloneDX 1.5: the libraries in the bundle, the runtime, and what the runtime is made of.
// No random number and no time of making, so that two builds are the same.
import type { BundledPackage } from './read-package.ts';

/** What is listed. */
export interface Components {
  readonly version: string;
  readonly packages: readonly BundledPackage[];
  readonly runtime: {
    readonly version: string;
    /** SHA-256 of its binary as released, which the package strips of symbols, and its path in the Node.js project's archive. */
    readonly sha256: string;
    readonly path: string;
    /** `process.versions` of the runtime. */
    readonly parts: Readonly<Record<string, string | undefined>>;
  };
}

/** Entries of `process.versions` that are numbers of interfaces or of data, and no components. */
const NO_COMPONENTS: ReadonlySet<string> = new Set(['node', 'modules', 'napi', 'unicode']);

/** @returns the document, JSON with a line break at its end */
export function renderSBOM({ version, packages, runtime }: Components): string {
  const libraries = packages.map((one) => ({
    type: 'library',
    'bom-ref': packageURL(one.name, one.version),
    name: one.name,
    version: one.version,
    licenses: [{ license: { id: one.licence } }],
    purl: packageURL(one.name, one.version),
  }));
  const parts = Object.entries(runtime.parts)
    .filter(([name, its]) => !NO_COMPONENTS.has(name) && its !== undefined && its !== '')
    .map(([name, its]) => ({
      type: 'library',
      'bom-ref': `node/${name}@${its}`,
      name,
      version: its,
    }));
  const node = {
    type: 'platform',
    'bom-ref': `pkg:generic/node@${runtime.version}`,
    name: 'node',
    version: runtime.version,
    licenses: [{ license: { id: 'MIT' } }],
    purl: `pkg:generic/node@${runtime.version}`,
    components: parts,
    // Not `hashes`, which would be those of the file in the package.
    properties: [
      { name: 'pgtoken:released-binary', value: runtime.path },
      { name: 'pgtoken:released-binary:sha256', value: runtime.sha256 },
    ],
  };
  const self = `pkg:deb/debian/pgtoken@${version}`;
  const document = {
    bomFormat: 'CycloneDX',
    specVersion: '1.5',
    version: 1,
    metadata: {
      component: {
        type: 'application',
        'bom-ref': self,
        name: 'pgtoken',
        version,
        licenses: [{ license: { id: 'Apache-2.0' } }],
        purl: self,
      },
    },
    components: [...libraries, node],
    dependencies: [
      {
        ref: self,
        dependsOn: [...libraries, node].map((component) => component['bom-ref']),
      },
      { ref: node['bom-ref'], dependsOn: parts.map((part) => part['bom-ref']) },
    ],
  };
  return `${JSON.stringify(document, undefined, 2)}\n`;
}

function packageURL(name: string, version: string): string {
  return `pkg:npm/${name.replace('@', '%40')}@${version}`;
}
