// A pg_hba.conf of these lines, examined for service x, whose PAM file is there.
import { checkHBAFiles } from '../../../src/doctor/check-hba-files.ts';
import type { Finding } from '../../../src/doctor/finding.ts';
import { fakeFiles, fakeWorld } from '../fake-world.ts';

/** @returns what is found, but for lines in order. */
export function checkLines(...lines: readonly string[]): readonly Finding[] {
  const files = fakeFiles({ '/etc/pam.d/x': { text: '' }, '/hba': { text: lines.join('\n') } });
  const plan = {
    file: '/hba',
    server: undefined,
    services: ['x'],
    folders: ['/etc/pam.d'],
    superuser: 'postgres',
  };
  return checkHBAFiles(plan, fakeWorld({ files })).findings.filter(({ level }) => level !== 'ok');
}

/** Those of one fault. */
export function findFault(fault: string, ...lines: readonly string[]): readonly Finding[] {
  return checkLines(...lines).filter((finding) => finding.fault === fault);
}
