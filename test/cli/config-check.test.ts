// pgtoken config check and config schema, as commands.
import { chmod, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { configurationJSONSchema } from '../../src/config/json-schema.ts';
import { runPgtoken } from '../support/run-pgtoken.ts';
import { createTemporaryFolder } from '../support/temporary-folder.ts';

const stack = new AsyncDisposableStack();
let folder: string;

beforeAll(async () => {
  folder = stack.use(await createTemporaryFolder('check')).path;
});

afterAll(async () => {
  await stack.disposeAsync();
});

async function place(name: string, text: string, mode = 0o644): Promise<string> {
  const path = join(folder, name);
  await writeFile(path, text);
  await chmod(path, mode);
  return path;
}

const entry = (audience: string, more = ''): string => `apiVersion: pgtoken/v1
issuers:
- name: a
  issuer:
    url: https://a.example.com
    audiences: [${audience}]
  roles: [{claim: sub}]
${more}`;
const BROKEN = entry('postgres').replace('[{claim: sub}]', '[{claim: sub, pattern: "("}]');

const WARNING =
  'issuers[0].issuer.audiences[0]: "vault" is the audience of HashiCorp Vault: whoever receives such a token there can log in here with it';
const HINT = 'Ask for tokens with an audience of their own, such as the name of this server.';

/** The exit status and what stands on standard output, which must be all there is. */
const checkJSON = async (file: string, ...more: string[]) => {
  const { status, stdout, stderr } = await runPgtoken(['config', 'check', '--json', ...more, file]);
  expect(stderr).toBe('');
  const answer: unknown = JSON.parse(stdout);
  return { status, answer };
};

describe('config check', () => {
  it.concurrent('tells warnings and their advice, and exits 0', async () => {
    const file = await place('warned.yaml', entry('vault'));
    expect(await runPgtoken(['config', 'check', file])).toEqual({
      status: 0,
      signal: undefined,
      stdout: `${file}:6:17: warning: ${WARNING}\n  HINT: ${HINT}\n${file}: ok, 1 issuer: a; 1 warning\n`,
      stderr: '',
    });
  });

  it.concurrent('exits 1 for a warning with --strict, and 0 without one', async () => {
    const warned = await place('strict.yaml', entry('vault'));
    expect(await runPgtoken(['config', 'check', '--strict', warned])).toMatchObject({
      status: 1,
      stdout: `${warned}:6:17: warning: ${WARNING}\n  HINT: ${HINT}\n`,
      stderr: `pgtoken: ${warned}: 1 warning\n`,
    });
    const good = await place('good.yaml', entry('postgres'));
    expect(await runPgtoken(['config', 'check', '--strict', good])).toEqual({
      status: 0,
      signal: undefined,
      stdout: `${good}: ok, 1 issuer: a\n`,
      stderr: '',
    });
  });

  it.concurrent('tells of a bearer token that cannot be read now, as a warning', async () => {
    const token = join(folder, 'no-token');
    const file = await place(
      'bearer.yaml',
      entry(
        'postgres',
        '  keys: {jwksURI: "https://a.example.com/k", bearerTokenFile: no-token}\n',
      ),
    );
    expect(await runPgtoken(['config', 'check', file])).toMatchObject({
      status: 0,
      stdout: [
        `${file}:8:63: warning: issuers[0].keys.bearerTokenFile: now ${token} (keys.bearerTokenFile) cannot be used: no such file`,
        '  HINT: Check it as the user that runs pgtoken; keys cannot be retrieved without it.',
        `${file}: ok, 1 issuer: a; 1 warning`,
        '',
      ].join('\n'),
    });
  });

  it.concurrent('writes JSON for scripts, with nothing beside it', async () => {
    const warned = await place('warned-json.yaml', entry('vault'));
    const broken = await place('broken-json.yaml', BROKEN);
    const warning = {
      line: 6,
      column: 17,
      path: 'issuers[0].issuer.audiences[0]',
      message: WARNING.slice(WARNING.indexOf(': ') + 2),
      hint: HINT,
    };
    expect(await checkJSON(warned)).toEqual({
      status: 0,
      answer: { file: warned, ok: true, issuers: ['a'], problems: [], warnings: [warning] },
    });
    expect(await checkJSON(warned, '--strict')).toEqual({
      status: 1,
      answer: { file: warned, ok: false, issuers: ['a'], problems: [], warnings: [warning] },
    });
    expect(await checkJSON(broken)).toEqual({
      status: 1,
      answer: {
        file: broken,
        ok: false,
        issuers: [],
        problems: [
          {
            line: 7,
            column: 33,
            path: 'issuers[0].roles[0].pattern',
            message:
              'Invalid value: not an RE2 regular expression: error parsing regexp: missing closing ): `(`',
            hint: 'RE2 has no look-around and no backreferences; single quotes keep YAML from reading backslashes.',
          },
        ],
        warnings: [],
      },
    });
  });
});

it.concurrent('a file that somebody else wrote has nothing told that a terminal would obey', async () => {
  const obeyed = String.raw`\e[2J\u009b31m\u202e`;
  const file = await place(
    'foreign.yaml',
    entry('postgres')
      .replace('[{claim: sub}]', `[{claim: sub, pattern: "[${obeyed}"}]`)
      .concat(`  keys: {jwksFile: "${obeyed}"}\n  allowProtectedRoles: ["${obeyed}"]\n`),
  );
  const shown = String.raw`\u001b[2J\u009b31m\u202e`;
  const { stdout } = await runPgtoken(['config', 'check', file]);
  expect(stdout).toMatch(/^[\n\x20-\x7e]+$/);
  expect(stdout).toContain(`allowProtectedRoles[0]: Invalid value: "${shown}": not used`);
  expect(stdout).toContain(`error parsing regexp: missing closing ]: \`[${shown}\``);
  expect(stdout).toContain(`${join(folder, shown)} cannot be used: no such file`);
  expect((await runPgtoken(['config', 'check', '--json', file])).stdout).toMatch(
    /^[\n\x20-\x7e]+$/,
  );
});

describe('config schema', () => {
  it.concurrent('prints the JSON Schema and nothing else', async () => {
    const { status, stdout, stderr } = await runPgtoken(['config', 'schema']);
    expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
    expect(JSON.parse(stdout)).toEqual(configurationJSONSchema());
    expect(
      stdout.startsWith('{\n  "$schema": "https://json-schema.org/draft/2020-12/schema",\n'),
    ).toBe(true);
  });
});
