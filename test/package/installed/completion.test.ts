// The completion as it is installed, in the shells themselves: what each of them offers for a line.
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';

import { writeIssuersYAML } from '../../support/write-issuers-yaml.ts';
import { makeRoot, RELEASES, type RootFolder } from '../machine/root-folder.ts';

/** What a shell offers for the end of a line. */
type Complete = (root: RootFolder, line: string) => Promise<readonly string[]>;

/** zsh at a terminal of its own: each match that is added is written to a file. */
const ZSH = `
zmodload zsh/zpty
cat >/tmp/zshrc <<'END'
autoload -Uz compinit
compinit -u -D
compadd() {
  local -a __offered
  if [[ " \${(j: :)@} " != *" -"[OAD]" "* ]]; then
    builtin compadd -A __offered "$@"
    (( ! $#__offered )) || print -rl -- "\${__offered[@]}" >>/tmp/offered
  fi
  builtin compadd "$@"
}
END
rm -f /tmp/offered
zpty shell 'PS1= zsh -f -i'
zpty -w shell 'source /tmp/zshrc; bindkey "^I" complete-word; LISTMAX=10000; zle-line-init() { touch /tmp/ready }; zle -N zle-line-init'
until_there() {
  for (( i = 0; i < 200; i++ )); do
    zpty -r -t shell >/dev/null || :
    [[ ! -e $1 ]] || return 0
    sleep 0.1
  done
  return 1
}
# Before its line editor runs, the terminal itself would read the keys.
until_there /tmp/ready || exit
zpty -w -n shell "$LINE"$'\\t'
zpty -w -n shell $'\\C-u'
zpty -w shell 'touch /tmp/done; exit'
until_there /tmp/done
`;

const SHELLS: Readonly<Record<string, Complete>> = {
  bash: async (root, line) => {
    const words = line.split(' ');
    const script = `. /usr/share/bash-completion/completions/pgtoken
COMP_WORDS=(${words.map((word) => `'${word}'`).join(' ')}); COMP_CWORD=${words.length - 1}
_pgtoken; printf '%s\\n' "\${COMPREPLY[@]}"`;
    return linesOf(await root.sh(`bash -euc '${script.replaceAll("'", String.raw`'\''`)}'`));
  },
  zsh: async (root, line) => {
    await writeFile(join(root.path, 'srv/complete.zsh'), ZSH);
    return linesOf(
      await root.sh(
        `rm -f /tmp/done /tmp/ready; LINE='${line}' zsh -f /srv/complete.zsh >&2; cat /tmp/offered 2>/dev/null || :`,
      ),
    );
  },
  fish: async (root, line) =>
    linesOf(await root.sh(`fish -c 'complete -C "${line}"'`)).map(
      (offered) => offered.split('\t')[0] ?? '',
    ),
};

function linesOf(text: string): readonly string[] {
  return [...new Set(text.split('\n').filter((line) => line !== ''))].toSorted();
}

describe.each(RELEASES)('on $suite', ({ suite }) => {
  let root: RootFolder;
  beforeAll(async () => {
    root = await makeRoot(suite, ['zsh', 'fish', 'ca-certificates']);
    await root.put('/srv', inject('packages').current);
    await root.sh('apt-get -q update; apt-get -q install -y /srv/pgtoken_*.deb');
    await writeFile(
      join(root.path, 'etc/pgtoken/issuers.yaml'),
      writeIssuersYAML([
        {
          name: 'people',
          issuer: { url: 'https://issuer.example.com', audiences: ['postgres'] },
          roles: [{ claim: 'groups', equals: 'dba', role: ['dba_ro', 'dba_rw'] }],
          pam: { services: ['postgresql-people'] },
        },
      ]),
    );
  });
  afterAll(async () => {
    await root?.remove();
  });

  describe.each(Object.keys(SHELLS))('%s', (shell) => {
    it.each<readonly [line: string, offered: readonly string[]]>([
      ['pgtoken expl', ['explain']],
      ['pgtoken roles ret', ['retire']],
      ['pgtoken explain --rh', ['--rhost']],
      ['pgtoken explain --role ', ['dba_ro', 'dba_rw']],
      ['pgtoken log --entry ', ['people']],
      ['pgtoken doctor --service ', ['postgresql-people']],
      ['pgtoken init key', ['keycloak']],
      ['pgtoken config check --config /etc/pgt', ['/etc/pgtoken']],
      ['pgtoken explain --rhost ', []],
    ])('offers for "%s": %j', async (line, offered) => {
      const found = (await SHELLS[shell]?.(root, line)) ?? [];
      const named = found.map((one) => one.replace(/\/$/, ''));
      // zsh offers the last part of a path.
      const wanted = offered.map((one) => (shell === 'zsh' ? (one.split('/').at(-1) ?? '') : one));
      expect(named).toEqual(wanted);
    });

    it('is silent where issuers.yaml cannot be read', async () => {
      const found = await SHELLS[shell]?.(root, 'pgtoken log --config /none --entry ');
      expect(found).toEqual([]);
    });
  });
});
