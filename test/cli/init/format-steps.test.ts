// The commands that root is given to copy.
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import { describe, expect, it } from 'vitest';

import { formatSteps } from '../../../src/cli/init/format-steps.ts';
import { findKind } from '../../../src/init/kinds.ts';
import type { Plan } from '../../../src/init/plan/plan.ts';
import { run } from '../../support/run.ts';
import { createTemporaryFolder } from '../../support/temporary-folder.ts';

const kind = findKind('okta');
if (kind === undefined) throw new Error('there is no kind okta');
const LINE = 'hostssl all all all pam pamservice=s';
const PLAN: Plan = {
  kind,
  service: 's',
  files: [],
  warnings: [],
  issuers: [],
  notes: [],
  roles: ['a'],
  hasOtherRoles: false,
  provision: false,
  secrets: [],
  hbaLine: LINE,
  hbaPlaces: [],
  daemonPlaces: [],
};
const PLACE = { file: '/a/pg_hba.conf', root: '/a/pg_hba.conf', above: 2, has: false };
const MAIN = { port: 5432, socketFolder: '/var/run/postgresql' };

/** Without the breaks of lines. */
const stepsOf = (over: Partial<Plan>): string =>
  formatSteps({ ...PLAN, ...over }).replaceAll(/\n {3}(?! )|(?<=\S)\n(?=\S)/g, ' ');

describe('steps', () => {
  it('are plain psql where there is one server, on 5432', () => {
    const steps = stepsOf({ hbaPlaces: [{ ...PLACE, server: MAIN }] });
    expect(steps).toContain(`  runuser -u postgres -- psql -c 'CREATE ROLE "a" LOGIN'\n`);
    expect(steps).toContain(`  sed -i '2i ${LINE}' /a/pg_hba.conf\n`);
    expect(steps).toContain("  runuser -u postgres -- psql -c 'SELECT pg_reload_conf()'\n");
  });

  it.each([
    [{ port: 5433, socketFolder: '/var/run/postgresql' }, 'psql -p 5433 -c'],
    [{ port: 5432, socketFolder: '/tmp/a b' }, "psql -h '/tmp/a b' -p 5432 -c"],
  ])('name the server that psql would not find: %j', (server, psql) => {
    expect(stepsOf({ hbaPlaces: [{ ...PLACE, server }] })).toContain(psql);
  });

  it('say for each of several servers which it is', () => {
    const steps = stepsOf({
      hbaPlaces: [
        { ...PLACE, server: MAIN },
        { ...PLACE, file: '/b/pg_hba.conf', server: { ...MAIN, port: 5433 } },
        { ...PLACE, file: '/c/pg_hba.conf', server: undefined },
      ],
    });
    expect(steps).toContain('1. Make the roles of the server on port 5432');
    expect(steps).toContain(`psql -p 5432 -c 'CREATE ROLE "a" LOGIN'`);
    expect(steps).toContain('3. Make the roles of the server on port 5433');
    expect(steps).toContain(`psql -p 5433 -c 'SELECT pg_reload_conf()'`);
    expect(steps).toContain('5. Write this line above line 2 of /c/pg_hba.conf');
    expect(steps).toContain('no server that runs reads it now');
    expect(steps).not.toContain('6. ');
  });

  it('have roles made at login by what docs/operate/roles.md says', async () => {
    const steps = stepsOf({
      provision: true,
      hbaPlaces: [{ ...PLACE, above: 5, server: MAIN }],
      daemonPlaces: [{ ...PLACE, above: 1, server: MAIN }],
    });
    const sql =
      'pgtoken database sql --provision | runuser -u postgres -- psql -v ON_ERROR_STOP=1\n';
    expect(await readFile('docs/operate/roles.md', 'utf8')).toContain(sql);
    const order = [
      "sed -i '1i local all pgtoken peer' /a/pg_hba.conf\n",
      '  pgtoken database sql --provision\n',
      sql,
      `sed -i '5i ${LINE}'`,
    ].map((part) => steps.indexOf(part));
    expect(order).not.toContain(-1);
    expect(order).toEqual(order.toSorted((a, b) => a - b));
  });

  it.each([
    ['above a line', 1, 'local all all peer\n', 'X\nlocal all all peer\n'],
    ['at the end', undefined, 'local all all peer\n', 'local all all peer\n\nX\n'],
    ['behind a line without an end', undefined, 'local all all peer', 'local all all peer\nX\n'],
    [
      'behind a line that goes on',
      undefined,
      'local all all peer \\\n',
      'local all all peer \\\n\nX\n',
    ],
  ])(
    'write what they say %s, whatever is in the path and the line',
    async (_where, above, before, text) => {
      await using folder = await createTemporaryFolder('steps');
      const root = join(folder.path, "a b;touch owned;$(touch owned)'c");
      await mkdir(root);
      const file = join(root, 'pg_hba.conf');
      await writeFile(file, before);
      const line = String.raw`hostssl "it's \n $(id)" all all pam pamservice=s`;
      const steps = formatSteps({
        ...PLAN,
        hbaLine: line,
        hbaPlaces: [{ file, root: file, above, has: false, server: MAIN }],
      });
      const [command = ''] = /^ {2}(?:sed|printf) .*$/m.exec(steps) ?? [];
      expect(await run('/bin/sh', ['-c', command], { cwd: folder.path })).toMatchObject({
        status: 0,
        stderr: '',
      });
      expect(await readFile(file, 'utf8')).toBe(text.replace('X', () => line));
    },
  );
});
