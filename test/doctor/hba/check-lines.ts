// pg_hba.conf as a test writes it, examined for service x, whose PAM file is there.
import { checkHBAFiles } from '../../../src/doctor/hba/check-hba-files.ts';
import type { Finding } from '../../../src/doctor/finding.ts';
import { loadHBAFiles } from '../../../src/doctor/hba/load-hba-files.ts';
import { fakeFiles, fakeHost, type FakeFile } from '../fake-host.ts';

/** @param named the file of --hba; default: where Debian has them. @returns all that is found. */
export function checkFiles(
  given: Readonly<Record<string, FakeFile>>,
  named?: string,
  services: readonly string[] = ['x'],
): readonly Finding[] {
  const host = fakeHost({ files: fakeFiles(given) });
  const loaded = loadHBAFiles({ named, processes: [], servers: [] }, host);
  const serviceExists = (name: string): boolean => name === 'x';
  return checkHBAFiles(loaded, { services, serviceExists, superuser: 'postgres' }, services, host)
    .findings;
}

/** @returns what is found in these lines. */
export function examineLines(...lines: readonly string[]): readonly Finding[] {
  return checkFiles({ '/hba': { text: lines.join('\n') } }, '/hba');
}

/** What is not in order. */
export function checkLines(...lines: readonly string[]): readonly Finding[] {
  return examineLines(...lines).filter(({ level }) => level !== 'ok');
}

/** Those of one fault. */
export function findFault(fault: string, ...lines: readonly string[]): readonly Finding[] {
  return checkLines(...lines).filter((finding) => finding.fault === fault);
}
