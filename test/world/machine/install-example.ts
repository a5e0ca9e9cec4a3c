// An issuers.yaml of packaging/examples on a database host of the tests, with the addresses of this machine in it.
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';

import type { DaemonHost } from '../../support/start-daemon-host.ts';

/** The folder of the examples. */
export const EXAMPLES = join(import.meta.dirname, '../../../packaging/examples');

export interface ExampleFile {
  readonly text: string;
  /** For the daemon alone. */
  readonly isSecret?: boolean;
}

/**
 * @param name such as `kubernetes-closed-api.yaml`.
 * @param replacements what stands in the example, each with what it is here; all must be there.
 * @param files the files that it names.
 */
export async function installExample(
  host: DaemonHost,
  name: string,
  replacements: Readonly<Record<string, string>>,
  files: Readonly<Record<string, ExampleFile>>,
): Promise<void> {
  let text = await readFile(join(EXAMPLES, name), 'utf8');
  for (const [old, replacement] of Object.entries(replacements)) {
    if (!text.includes(old)) throw new Error(`${old} is not in ${name}`);
    text = text.replaceAll(old, () => replacement);
  }
  for (const [file, { text: content, isSecret = false }] of Object.entries(files)) {
    await host.writeBeside(file, content, isSecret);
  }
  await host.installation.writeConfig(text);
}
