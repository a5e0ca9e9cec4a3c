// Names for the completion of shells: entries, services and roles of issuers.yaml, and kinds of issuers. Whatever is in the way,
// there are no names then, and no word about it: somebody is in the middle of a line.
import { resolve } from 'node:path';
import { parseConfig } from '../../config/parse-config.ts';
import type { Configuration } from '../../config/schema/schema.ts';
import { hostFiles } from '../../doctor/host/host-files.ts';
import { listServices, PAM_FOLDERS } from '../../doctor/pam/list-services.ts';
import { KINDS } from '../../init/kinds.ts';
import { isDerivedRole } from '../../roles/is-derived-role.ts';
import { DEFAULT_CONFIG } from '../pam-arguments.ts';

/** What no shell takes for anything else. */
const PLAIN = /^[\w.:@/+-]{1,200}$/;
const MOST_NAMES = 1000;

/** @param words of the line, for --config. */
export function complete(what: string, words: readonly string[]): void {
  const names = [...new Set(findNames(what, words))].filter((name) => PLAIN.test(name));
  process.stdout.write(
    names
      .toSorted()
      .slice(0, MOST_NAMES)
      .map((name) => `${name}\n`)
      .join(''),
  );
}

function findNames(what: string, words: readonly string[]): readonly string[] {
  switch (what) {
    case 'kinds':
      return KINDS.map(({ name }) => name);
    case 'entries':
      return readConfig(words).issuers.map(({ name }) => name);
    case 'servers':
      return readConfig(words).servers.map(({ name }) => name);
    case 'services':
      return [
        ...readConfig(words).issuers.flatMap(({ pam }) => pam.services ?? []),
        ...listServices(PAM_FOLDERS, { files: hostFiles }),
      ];
    case 'roles':
      return readConfig(words).issuers.flatMap(({ roles }) =>
        roles.flatMap((rule) => (isDerivedRole(rule) ? [] : [rule.role ?? []].flat())),
      );
    default:
      return [];
  }
}

type Known = Pick<Configuration, 'issuers' | 'servers'>;

function readConfig(words: readonly string[]): Known {
  const text = hostFiles.readText(findConfig(words));
  const parsed = text.ok ? parseConfig(text.value) : undefined;
  return parsed?.ok === true ? parsed.config : { issuers: [], servers: [] };
}

/** bash takes `--config=FILE` apart at the sign, zsh and fish do not. */
function findConfig(words: readonly string[]): string {
  const at = words.findLastIndex((word) => /^--config(?:=|$)/.test(word));
  const [option = '', ...more] = at === -1 ? [] : words.slice(at);
  const [next] = more.filter((word) => word !== '=');
  const named = option.includes('=') ? option.slice(option.indexOf('=') + 1) : next;
  return named === undefined || named === '' ? DEFAULT_CONFIG : resolve(named);
}
