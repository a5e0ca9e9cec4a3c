// How the process is called in ps, top and the journal: `pgtoken`, with its options, and not by the runtime it runs on.
import { writeFileSync } from 'node:fs';

/** @param args those of the command line, from the subcommand on. */
export function setProcessTitle(args: readonly string[]): void {
  process.title = ['pgtoken', ...args].join(' ');
  try {
    // The title has become the name as well, with as many of the options as fit.
    writeFileSync('/proc/self/comm', 'pgtoken');
  } catch {
    // A name that says less is no reason to end.
  }
}
