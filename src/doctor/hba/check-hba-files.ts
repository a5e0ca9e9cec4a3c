// All files of pg_hba.conf that are examined. Of several, those that have nothing to do with pgtoken are left alone.
import { checkHBA, findOwnLines, findPAMLines, type HBATerms, serviceOf } from './check-hba.ts';
import { checkLinks } from '../host/check-links.ts';
import { fault, type Finding } from '../finding.ts';
import { DEBIAN_CLUSTERS, isLoaded, type LoadedHBA } from './load-hba-files.ts';
import type { HBARule } from './parse-hba.ts';
import type { Host } from '../host/host.ts';

/** What was found, and the files that matter. */
export interface ExaminedHBA {
  readonly findings: readonly Finding[];
  readonly files: readonly LoadedHBA[];
  readonly rules: readonly HBARule[];
}

/**
 * @param expected the services that a line must name.
 * @returns findings of those that send logins to a service; where none does, of all.
 */
export function checkHBAFiles(
  loaded: readonly LoadedHBA[],
  terms: Omit<HBATerms, 'settings'>,
  expected: readonly string[],
  host: Pick<Host, 'files'>,
): ExaminedHBA {
  if (loaded.length === 0) {
    const finding = fault(
      'hba-unknown',
      'pg_hba.conf',
      `not looked at: none in ${DEBIAN_CLUSTERS}, and no server runs here that may be asked`,
      'Name it with --hba FILE, or let the server say where it is: --db CONNSTRING.',
    );
    return { findings: [finding], files: [], rules: [] };
  }
  const using = loaded.filter((file) => findOwnLines(rulesOf(file), terms.services).length > 0);
  const files = using.length > 0 ? using : loaded;
  const rules = files.flatMap(rulesOf);
  const unused = expected.filter((service) => findPAMLines(rules, [service]).length === 0);
  const findings = files.flatMap((file) =>
    isLoaded(file)
      ? [
          ...checkLinks('hba-unlinked', file.content.files, host),
          ...checkHBA(file.content, { ...terms, settings: settingsOf(file) }),
          ...unused.map((service) => explainUnused(file.path, service, file.content.rules)),
        ]
      : [file.content].filter((content) => 'level' in content),
  );
  return { findings, files, rules };
}

function explainUnused(path: string, service: string, rules: readonly HBARule[]): Finding {
  const named = [
    ...new Set(rules.filter(({ method }) => method === 'pam').map((rule) => serviceOf(rule))),
  ];
  const seen = named.length === 0 ? 'there is none with pam' : `pam lines name ${named.join(', ')}`;
  return fault(
    'hba-unused',
    path,
    `no line sends logins to PAM service ${service}; ${seen}`,
    `Write, above broader lines:\n  hostssl all all 0.0.0.0/0 pam pamservice=${service}`,
  );
}

function rulesOf(file: LoadedHBA): readonly HBARule[] {
  return isLoaded(file) ? file.content.rules : [];
}

function settingsOf({ server }: LoadedHBA): HBATerms['settings'] {
  return typeof server?.answer === 'object' ? server.answer.settings : undefined;
}
