// What attacks are tried against: the policies of all vectors, in a copy that nobody else may write, and a server from which
// those retrieve their keys that do not pin them.
import { chmod, copyFile, readdir, readFile, writeFile } from 'node:fs/promises';
import { createServer } from 'node:https';
import { join } from 'node:path';

import { createCertificateAuthority } from '../support/certificate-authority.ts';
import { startServer } from '../support/listen.ts';
import { negotiate } from '../support/negotiate.ts';
import { createTemporaryFolder } from '../support/temporary-folder.ts';
import { ATTACK_FOLDER, KEY_HOST, POLICY_FOLDERS } from '../vectors/attacks/attack.ts';

export interface AttackWorld extends AsyncDisposable {
  readonly folder: string;
  /** The path of a policy's issuers.yaml. */
  readonly configOf: (policy: string) => string;
}

/** Copies the policies and starts the server. */
export async function createAttackWorld(): Promise<AttackWorld> {
  await using stack = new AsyncDisposableStack();
  const authority = stack.use(await createCertificateAuthority());
  const folder = stack.use(await createTemporaryFolder('attacks'));
  const inside = (name: string): string => join(folder.path, name);

  const published = join(ATTACK_FOLDER, 'policies');
  const server = createServer(await authority.issue(), (request, response) => {
    const name = request.url?.slice(1) ?? '';
    const mediaType = 'application/jwk-set+json';
    if (!negotiate(request, response, mediaType)) return;
    readFile(join(published, name)).then(
      (bytes) => response.writeHead(200, { 'content-type': mediaType }).end(bytes),
      () => response.writeHead(404).end(),
    );
  });
  const { port } = stack.use(await startServer(server));
  const host = `https://127.0.0.1:${port}`;

  await writeFile(inside('ca.pem'), authority.certificate);
  await chmod(inside('ca.pem'), 0o644);
  for (const from of POLICY_FOLDERS) {
    for (const name of await readdir(from)) {
      const path = inside(name);
      if (name.endsWith('.yaml')) {
        const text = await readFile(join(from, name), 'utf8');
        await writeFile(path, text.replaceAll(KEY_HOST, host));
      } else {
        await copyFile(join(from, name), path);
      }
      await chmod(path, 0o644);
    }
  }
  const kept = stack.move();
  return {
    folder: folder.path,
    configOf: (policy) => inside(`${policy}.yaml`),
    [Symbol.asyncDispose]: async () => kept.disposeAsync(),
  };
}
