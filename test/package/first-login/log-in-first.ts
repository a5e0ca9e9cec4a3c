// The first login, as docs/start/first-login.md has it: in a fresh system, with what that page says and with what the commands on it
// print, and with nothing else. Tells how many commands that is, and how long each takes.
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import { readPage } from '../../docs/read-markdown.ts';
import {
  type CertificateAuthority,
  createCertificateAuthority,
} from '../../support/certificate-authority.ts';
import { startClusterIssuer } from '../machine/cluster-issuer.ts';
import { bootMachine, type Machine } from '../machine/machine.ts';
import type { Suite } from '../machine/root-folder.ts';

/** A command that was typed. */
export interface TypedCommand {
  readonly command: string;
  readonly seconds: number;
  readonly stdout: string;
}

/** The name of the issuer, and of the host, on that page. */
export const ISSUER = 'k8s-oidc.example.com';
const HOST = 'db.example.com';

/** What it may take, at most. */
export const MOST_COMMANDS = 10;
/** Seconds; of the machine, not of whoever types. */
export const MOST_TIME = 300;

/** What is not on the page: the issuer, and how its tokens are had. */
export interface FirstIssuer extends AsyncDisposable {
  /** What the page calls the file `token`; undefined where a command of `commands` writes it. */
  readonly token: string | undefined;
}

/** A first login that is not the one of an issuer of the tests. */
export interface FirstLoginOptions {
  /** Starts the issuer in the machine's network, as `https://k8s-oidc.example.com`. */
  readonly startIssuer: (machine: Machine, authority: CertificateAuthority) => Promise<FirstIssuer>;
  /** What is typed. Default: what is on the page. */
  readonly commands?: readonly (string | undefined)[];
}

/** All commands of the page, in order. */
export function readPageCommands(): readonly string[] {
  const { blocks } = readPage('docs/start/first-login.md');
  return blocks
    .filter(({ language }) => language === 'sh')
    .map(({ text }) => text.trim().replaceAll('\\\n', ' '));
}

/** Those that are typed on the database host; undefined stands for those that `pgtoken init` prints. */
export function readCommands(): readonly (string | undefined)[] {
  // The token comes from where the issuer is.
  return readPageCommands()
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
export async function logInFirst(
  suite: Suite,
  deb: string,
  { startIssuer = startOwnIssuer, commands = readCommands() }: Partial<FirstLoginOptions> = {},
): Promise<readonly TypedCommand[]> {
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
  const { token } = stack.use(await startIssuer(machine, authority));
  if (token !== undefined) await writeFile(join(machine.root, 'root/token'), `${token}\n`);
  const typed: TypedCommand[] = [];
  for (const command of commands) {
    const own = command === undefined ? readPrinted(typed.at(-1)?.stdout ?? '') : [command];
    for (const one of own) {
      const start = performance.now();
      const stdout = await machine.sh(`cd /root\n${one}`);
      typed.push({ command: one, seconds: (performance.now() - start) / 1000, stdout });
    }
  }
  return typed;
}

async function startOwnIssuer(
  machine: Machine,
  authority: CertificateAuthority,
): Promise<FirstIssuer> {
  const issuer = await startClusterIssuer(machine, ISSUER, authority);
  return { token: issuer.mint(), [Symbol.asyncDispose]: issuer[Symbol.asyncDispose] };
}

/** Seconds of all of them. */
export function timeOf(typed: readonly TypedCommand[]): number {
  return typed.reduce((sum, { seconds }) => sum + seconds, 0);
}
