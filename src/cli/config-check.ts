// `pgtoken config check`: all problems of a configuration file.
import { count, loadPolicyOrReport } from './report.ts';

/** Checks a file and prints its problems to standard output. @returns the exit status, 0 or 1. */
export async function checkConfigFile(file: string): Promise<number> {
  const policy = await loadPolicyOrReport(file, process.stdout);
  if (policy === undefined) {
    return 1;
  }
  const names = policy.issuers.map((issuer) => issuer.name);
  const whose = names.length === 0 ? 'nobody can log in' : names.join(', ');
  process.stdout.write(`${file}: ok, ${count(names.length, 'issuer')}: ${whose}\n`);
  return 0;
}
