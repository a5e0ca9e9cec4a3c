import { findProcesses } from '../support/find-processes.ts';
import { poll } from '../support/poll.ts';
import type { PgtokenHost } from '../support/start-pgtoken-host.ts';

/** Waits until no process of the installation is left. PostgreSQL may tell its client before it has reaped them all. */
export async function expectNothingLeft(host: PgtokenHost): Promise<void> {
  await poll(`no process of ${host.installation.folder}`, async () => {
    const left = await findProcesses(({ commandLine }) =>
      commandLine.includes(`${host.installation.folder}/`),
    );
    return left.length === 0 || undefined;
  });
}
