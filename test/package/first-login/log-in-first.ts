// The first login, as docs/start/first-login.md has it: in a fresh system, with what that page says and with what the commands on it
// print, and with nothing else. Tells how many commands that is, and how long each takes.
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import { readPage } from '../../docs/read-markdown.ts';
import { createCertificateAuthority } from '../../support/certificate-authority.ts';
import { startClusterIssuer } from '../machine/cluster-issuer.ts';
import { bootMachine } from '../machine/machine.ts';
import type { Suite } from '../machine/root-folder.ts';

/** A command that was typed. */
export interface TypedCommand {
  readonly command: string;
  readonly seconds: number;
  readonly stdout: string;
}

/** The name of the issuer, and of the host, on that page. */
const ISSUER = 'k8s-oidc.example.com';
const HOST = 'db.example.com';

/** The commands of the page, in order; undefined stands for those that `pgtoken init` prints. */
export function readCommands(): readonly (string | undefined)[] {
  const { blocks } = readPage('docs/start/first-login.md');
  const commands = blocks
    .filter(({ language }) => language === 'sh')
    .map(({ text }) => text.trim().replaceAll('\\\n', ' '));
  // The token comes from where the issuer is.
  return commands
    .filter((command) => !command.startsWith('kubectl '))
    .flatMap((command) =>
      command.startsWith('pgtoken init') ? [command, undefined] : command.split('\n'),
    );
}

/** What is printed to be copied. */
export function readPrinted(stdout: string): readonly string[] {
  const [, steps = ''] = stdout.split('To do by hand:');
  const [own = ''] = steps.split('What doctor says');
  return [...own.matchAll(/^ {2}((?:runuser|sed|printf|pgtoken) .+)$/gm)].map(
    ([, command = '']) => command,
  );
}

/** @param deb the package. Throws where a command fails. @returns all that was typed. */
export async function logInFirst(suite: Suite, deb: string): Promise<readonly TypedCommand[]> {
  await using stack = new AsyncDisposableStack();
  const authority = stack.adopt(await createCertificateAuthority(), async (one) => one.close());
  const machine = stack.use(
    await bootMachine(suite, {
      hosts: [ISSUER, HOST],
      prepare: async (root) => {
        await root.put('/root', deb);
        // There is no network in the machine: what apt is going to install is downloaded before.
        await root.sh(
          'apt-get -q update; apt-get -q install -y --download-only /root/pgtoken_*.deb postgresql',
        );
        await writeFile(
          join(root.path, 'usr/local/share/ca-certificates/test.crt'),
          authority.certificate,
        );
        await root.sh('update-ca-certificates');
      },
    }),
  );
  const issuer = stack.use(await startClusterIssuer(machine, ISSUER, authority));
  await writeFile(join(machine.root, 'root/token'), `${issuer.mint()}\n`);
  const typed: TypedCommand[] = [];
  for (const command of readCommands()) {
    const own = command === undefined ? readPrinted(typed.at(-1)?.stdout ?? '') : [command];
    for (const one of own) {
      const start = performance.now();
      const stdout = await machine.sh(`cd /root\n${one}`);
      typed.push({ command: one, seconds: (performance.now() - start) / 1000, stdout });
    }
  }
  return typed;
}

/** Seconds of all of them. */
export function timeOf(typed: readonly TypedCommand[]): number {
  return typed.reduce((sum, { seconds }) => sum + seconds, 0);
}
