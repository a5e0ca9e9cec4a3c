// What `config check` says of files before they are where they belong: they are written to a folder that nobody else can enter,
// and looked at there.
import { chmodSync, mkdtempDisposableSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import type { Problem } from '../../config/problems.ts';
import { hostFiles } from '../../doctor/host/host-files.ts';
import { listServices, PAM_FOLDERS } from '../../doctor/pam/list-services.ts';
import { findWarnings } from '../../lint/find-warnings.ts';
import { loadPolicy } from '../../policy/load-policy.ts';
import type { Policy } from '../../policy/policy.ts';

/** A configuration that can be used, or what is wrong with it. */
export type CheckedFiles =
  | { readonly ok: true; readonly policy: Policy; readonly warnings: readonly Problem[] }
  | { readonly ok: false; readonly problems: readonly Problem[] };

/**
 * @param beside the other files, by name.
 * @param service the PAM service that is about to be there.
 */
export async function checkFiles(
  config: string,
  beside: ReadonlyMap<string, string>,
  service: string,
): Promise<CheckedFiles> {
  using folder = mkdtempDisposableSync(join(tmpdir(), 'pgtoken-init-'));
  for (const [name, text] of beside) {
    writeAs(join(folder.path, basename(name)), text);
  }
  const path = join(folder.path, 'issuers.yaml');
  writeAs(path, config);
  const loaded = await loadPolicy(path);
  if (!loaded.ok) {
    return { ok: false, problems: loaded.problems.map((one) => withoutFolder(one, folder.path)) };
  }
  const { policy, locate } = loaded;
  const services = [...new Set([...listServices(PAM_FOLDERS, { files: hostFiles }), service])];
  const warnings = await findWarnings(policy, locate, { services });
  return { ok: true, policy, warnings: warnings.map((one) => withoutFolder(one, folder.path)) };
}

function writeAs(path: string, text: string): void {
  writeFileSync(path, text, { flag: 'wx' });
  chmodSync(path, 0o644);
}

function withoutFolder(problem: Problem, folder: string): Problem {
  return { ...problem, message: problem.message.replaceAll(`${folder}/`, '') };
}
