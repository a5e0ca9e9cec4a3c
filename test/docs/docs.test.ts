// Holds the documentation to what the code says: codes, messages, keys, defaults, options, metrics. What is written in one
// place and not in the other fails here.
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';

import { parsePgpassConfig } from '../../src/client/config/parse-pgpass-config.ts';
import { parsePoolerConfig } from '../../src/client/config/parse-pooler-config.ts';
import { createHealthAnswers } from '../../src/client/pooler/pooler-metrics.ts';
import { parseConfig } from '../../src/config/parse-config.ts';
import { formatProblem } from '../../src/config/problems.ts';
import { fault, FAULTS } from '../../src/doctor/finding.ts';
import { ERROR_CODES, refuse } from '../../src/errors.ts';
import { auditLine } from '../../src/log/audit-line.ts';
import { createMetrics } from '../../src/log/metrics.ts';
import { isJSONObject } from '../../src/parse-json-object.ts';
import { compileRoleRules } from '../../src/roles/compile-role-rules.ts';
import { createTemporaryFolder } from '../support/temporary-folder.ts';
import { RULE_TOOLS } from '../support/rule-tools.ts';
import { runPgtoken } from '../support/run-pgtoken.ts';
import { listKeys, readConfigurationPage, renderTables } from './configuration-tables.ts';
import { makeErrorExamples } from './error-examples.ts';
import { CLIENT_TABLES, readClientPage, renderClientTable } from './client-tables.ts';
import { codeSpans, readPage, ROOT, rowsOf } from './read-markdown.ts';

const errors = readPage('docs/reference/errors.md');
const configuration = readPage('docs/reference/configuration.md');
const daemon = readPage('docs/operate/daemon.md');
const doctor = readPage('docs/operate/doctor.md');
const pam = readPage('docs/start/pam.md');
const pgpass = readPage('docs/connect/pgpass.md');
const pooler = readPage('docs/connect/pooler.md');
const readme = readPage('README.md');

describe('docs/reference/errors.md', () => {
  const codes = Object.keys(ERROR_CODES);
  const outcomes: ReadonlyMap<string, string> = new Map(Object.entries(ERROR_CODES));
  const reserved = codes.filter((code) =>
    errors.sections.get(code)?.includes('This version never gives it.'),
  );

  it('has a section for every code and for no other, in the order of src/errors.ts', () => {
    const sections = [...errors.sections.keys()].filter((title) => title.startsWith('ERR_'));
    expect(sections).toEqual(codes);
  });

  it.each(codes)('says of %s on which side it is', (code) => {
    const [word] = /^\w+(?=\. )/m.exec(errors.sections.get(code) ?? '') ?? [];
    expect(word?.toLowerCase()).toBe(outcomes.get(code));
  });

  it('shows messages as the code writes them, and an example of every code that is given', async () => {
    const made = await makeErrorExamples();
    const shown = codes.flatMap((code) => examplesOf(errors.sections.get(code)));
    const misplaced = codes.flatMap((code) =>
      examplesOf(errors.sections.get(code)).filter((line) => line.split(' ')[1] !== code),
    );
    expect(misplaced).toEqual([]);
    const byModule = (line: string): boolean =>
      moduleMessages().some((pattern) => pattern.test(line));
    expect(shown.filter((line) => !made.has(line) && !byModule(line))).toEqual([]);
    expect([...made].filter((line) => !shown.includes(line))).toEqual([]);
    const without = codes.filter((code) => examplesOf(errors.sections.get(code)).length === 0);
    expect(without).toEqual(reserved);
  });

  it('calls reserved what no source gives', () => {
    const given = [
      ...readSources('src', '.ts'),
      ...readSources('pam', '.c'),
      ...readSources('oauth', '.c'),
    ]
      .filter(([path]) => path !== 'src/errors.ts')
      .flatMap(([, text]) => [...text.matchAll(/['"](ERR_[A-Z_]+)['"]/g)].map(([, code]) => code));
    expect(codes.filter((code) => !given.includes(code))).toEqual(reserved);
  });

  it('shows every message of module and validator once, and no other', () => {
    const patterns = moduleMessages();
    const shown = rowsOf(errors.sections.get('Messages of the module and the validator')).map(
      ([cell]) => codeSpans(cell)[0] ?? '',
    );
    expect(patterns.length).toBeGreaterThan(10);
    expect(shown.filter((line) => !patterns.some((pattern) => pattern.test(line)))).toEqual([]);
    const unshown = patterns.filter(
      (pattern) => shown.filter((line) => pattern.test(line)).length !== 1,
    );
    expect(unshown).toEqual([]);
  });
});

describe('docs/reference/configuration.md', () => {
  const keys = listKeys();
  const rows = new Map(
    configuration.rows
      .filter(([key = '', ...cells]) => /^`[\w[\].]+`$/.test(key) && cells.length === 3)
      .map(([key = '', ...cells]) => [key.slice(1, -1), cells] as const),
  );
  const headings = configuration.headings.flatMap(({ text }) => codeSpans(text));

  it('has the tables that npm run docs writes', () => {
    expect(readConfigurationPage()).toBe(renderTables(readConfigurationPage()));
  });

  it('documents every key of the schema, and no other', () => {
    const leaves = keys.filter(({ leaf }) => leaf).map(({ path }) => path);
    const groups = keys.filter(({ leaf }) => !leaf).map(({ path }) => path);
    expect([...rows.keys(), ...headings].toSorted()).toEqual([...leaves, ...groups].toSorted());
    expect(leaves.length).toBeGreaterThan(50);
  });

  it.each(keys.filter(({ path }) => rows.has(path)))(
    'has the default of $path that the schema has',
    ({ path, schema, required }) => {
      const [, cell = ''] = rows.get(path) ?? [];
      const [span] = codeSpans(cell);
      const documented: unknown = span === undefined ? cell : parse(span);
      const initial = schema.default === undefined ? 'none' : schema.default;
      expect(documented).toEqual(required ? 'required' : initial);
    },
  );

  const examples = configuration.blocks
    .filter(({ language }) => language === 'yaml')
    .map(({ text }) => ({ text, title: text.split('\n', 1)[0] }));

  it.each(examples)('has an example that is accepted: $title', ({ text }) => {
    expect(problemsOf(completeExample(text))).toEqual([]);
  });

  it('shows the problems of a file as they are told', () => {
    const [example] = configuration.blocks.filter(({ text }) => text.startsWith('issuers.yaml:'));
    const broken = `apiVersion: pgtoken/v1
issuers:
- name: homelab
  issuer:
    url: http://k8s-oidc.example.com
    audience: [postgres]
  token: {maxLifetime: 1 day}
  roles:
  - {claim: groups, equals: dba}
`;
    expect(example?.text.trimEnd().split('\n')).toEqual(problemsOf(broken));
  });

  it('shows warnings as they are told', async () => {
    const [example] = configuration.blocks.filter(({ text }) => text.includes(': warning: '));
    const text = `apiVersion: pgtoken/v1
issuers:
- name: ci
  issuer:
    url: https://token.actions.githubusercontent.com
    audiences: [sts.amazonaws.com]
  roles: [{claim: sub, trimPrefix: "repo:"}]
`;
    await using folder = await createTemporaryFolder('docs');
    const file = join(folder.path, 'issuers.yaml');
    writeFileSync(file, text, { mode: 0o644 });
    const { stdout } = await runPgtoken(['config', 'check', '--pam-dir', '/none', file]);
    const told = stdout
      .replaceAll(`${folder.path}/`, '')
      .split('\n')
      .filter((line) => !/: ok, /.test(line));
    expect(told).toEqual(example?.text.split('\n'));
  });

  const ruleRows = configuration.rows.filter(([rule = '']) => rule.startsWith('`{claim:'));

  it.each(ruleRows)('maps as it says: %s, %s', (ruleCell, valueCell, rolesCell) => {
    const [rule = ''] = codeSpans(ruleCell);
    const [value = ''] = codeSpans(valueCell);
    const text = completeExample(`roles:\n- ${rule}\n`);
    expect(problemsOf(text)).toEqual([]);
    const parsed = parseConfig(text);
    const rules = parsed.ok ? parsed.config.issuers[0]!.roles : [];
    const rolesOf = compileRoleRules(rules, RULE_TOOLS, (path, message) => {
      throw new Error(`${path.join('.')}: ${message}`);
    });
    // A plain value is text as it stands, a list is YAML.
    const claim: unknown = value.startsWith('[') ? parse(value) : value;
    expect(rolesOf(putClaim(rules[0]!.claim, claim))).toEqual(codeSpans(rolesCell));
  });

  it('has a table of rules', () => {
    expect(ruleRows.length).toBeGreaterThan(5);
  });
});

describe('README.md', () => {
  it('has an issuers.yaml that is accepted', () => {
    const [example, ...more] = readme.blocks.filter(({ language }) => language === 'yaml');
    expect(more).toEqual([]);
    expect(problemsOf(example?.text ?? '')).toEqual([]);
  });

  it('names every Debian package that packaging/bootstrap.sh installs', () => {
    const script = readFileSync(join(ROOT, 'packaging', 'bootstrap.sh'), 'utf8');
    const words = new Set(readme.text.split(/[\s,;]+/));
    for (const list of ['wanted', 'tests']) {
      const [, names = ''] = new RegExp(`^ *${list}='([^']+)'$`, 'm').exec(script) ?? [];
      expect(names.split(' ').length).toBeGreaterThan(1);
      expect(names.split(' ').filter((name) => !words.has(name))).toEqual([]);
    }
  });

  it('has a picture for light and dark, whose words are in the text beside it too', () => {
    const [, alternative = '', path = ''] = /!\[([^\]]+)\]\(([^)]+\.svg)\)/.exec(readme.text) ?? [];
    const picture = readFileSync(join(ROOT, path), 'utf8');
    expect(picture).toContain('@media (prefers-color-scheme: dark)');
    for (const word of [
      'client',
      'PostgreSQL',
      'daemon',
      'issuers.yaml',
      'issuer',
      'unix socket',
    ]) {
      expect([word, alternative.includes(word)]).toEqual([word, true]);
    }
    // It shows where it is, without anything from elsewhere.
    expect(picture).not.toMatch(/<script|<image|(?:href|src)=|@import|url\((?!#)/);
  });
});

describe('options', () => {
  const commands = [
    { command: ['init'], page: readPage('docs/start/init.md') },
    { command: ['pam'], page: pam },
    { command: ['serve'], page: daemon },
    { command: ['keys'], page: daemon },
    { command: ['explain'], page: readPage('docs/operate/explain.md') },
    { command: ['config', 'check'], page: configuration },
    { command: ['doctor'], page: doctor },
    { command: ['log'], page: readPage('docs/operate/log.md') },
    { command: ['status'], page: readPage('docs/operate/log.md') },
    { command: ['sessions'], page: readPage('docs/operate/sessions.md') },
    { command: ['sessions', 'end'], page: readPage('docs/operate/sessions.md') },
    { command: ['database', 'sql'], page: readPage('docs/operate/sessions.md') },
    { command: ['roles'], page: readPage('docs/operate/roles.md') },
    { command: ['roles', 'retire'], page: readPage('docs/operate/roles.md') },
    { command: ['database', 'apply'], page: readPage('docs/operate/roles.md') },
    { command: ['pgpass'], page: pgpass },
    { command: ['pooler'], page: pooler },
  ];

  it.each(commands)(
    'of $command are documented, with their defaults',
    async ({ command, page }) => {
      const documented = page.text.split(`| option of \`pgtoken ${command.join(' ')}\` |`)[1];
      const table = documented?.split('\n\n')[0] ?? '';
      const rows = rowsOf(`| option |${table}`).map(([option, initial]) => [
        codeSpans(option)[0],
        codeSpans(initial)[0],
      ]);
      const options = await readHelp(command);
      expect(options.length).toBeGreaterThan(1);
      expect(rows).toEqual(options);
    },
  );

  it('every command of the help is documented', async () => {
    const { stdout } = await runPgtoken(['--help']);
    const names = [...stdout.matchAll(/^ {2}(\w+)(?= {2,}| [[<])/gm)].map(([, name = '']) => name);
    expect(names.toSorted()).toEqual([
      'config',
      'database',
      'doctor',
      'explain',
      'help',
      'init',
      'keys',
      'log',
      'migrate',
      'pam',
      'pgpass',
      'pooler',
      'roles',
      'serve',
      'sessions',
      'status',
    ]);
    expect(await readHelp(['config', 'schema'])).toEqual([]);
    expect(configuration.text).toContain('`pgtoken config schema`');
    const { stdout: config } = await runPgtoken(['config', 'check', '--help']);
    expect(config).toContain('[file]');
    expect(configuration.text).toContain('Usage: pgtoken config check [options] [file]');
    expect(await readHelp(['migrate'])).toEqual([]);
    const { stdout: migrate } = await runPgtoken(['migrate', '--help']);
    expect(migrate).toContain('<line>');
    expect(readPage('docs/operate/migrate.md').text).toContain('Usage: pgtoken migrate <line>');
  });

  it('of the module are documented, with their defaults', () => {
    const source = readFileSync(join(ROOT, 'pam', 'options.c'), 'utf8');
    const known = [...source.matchAll(/\] = \{"(\w+)", "[^"]*", (?:"([^"]*)"|NULL)\}/g)].map(
      ([, name, initial]) => [initial === undefined ? name : `${name}=`, initial],
    );
    const rows = rowsOf(pam.sections.get('Options')).map(([option, initial]) => [
      codeSpans(option)[0],
      codeSpans(initial)[0],
    ]);
    expect(known.length).toBeGreaterThan(3);
    expect(rows).toEqual(known);
  });
});

describe('docs/operate/daemon.md', () => {
  it('has every metric with its type and labels, and no other', async () => {
    const status = new Map([['homelab', { keyCount: 1, age: 1 }]]);
    const metrics = createMetrics('0', () => status);
    const decided = { outcome: 'denied', code: 'ERR_KEY_UNKNOWN', issuer: 'homelab', via: 'pam' };
    metrics.countDecision(decided, 0.1);
    metrics.countFetch('homelab', 'keys');
    metrics.countReload(true);
    metrics.setConfig('0');
    metrics.watchSessions(() => ({
      sessions: new Map([['homelab', 1]]),
      servers: new Map([['main', true]]),
    }));
    metrics.countEnd('homelab', 'expired');
    metrics.countReview('homelab', 'yes');
    metrics.countRecheck('homelab', 'there');
    metrics.countProvision('homelab', {
      created: true,
      granted: [''],
      revoked: [],
      skipped: [],
      failed: '',
    });
    const text = await metrics.render();
    const made = [...text.matchAll(/^# TYPE (pgtoken_\w+) (\w+)$/gm)].map(
      ([, name = '', type = '']) => [name, type, ...labelsOf(text, name)].join(' '),
    );
    const documented = rowsOf(daemon.sections.get('Metrics')).map(([name, type, labels]) =>
      [...codeSpans(name), type, ...codeSpans(labels).toSorted()].join(' '),
    );
    expect(made.length).toBeGreaterThan(5);
    expect(documented.toSorted()).toEqual(made.toSorted());
  });

  it('has every member of the audit line, and no other', () => {
    const decision = refuse('ERR_KEY_UNKNOWN', '');
    const line = auditLine(
      { role: '', service: '', source: '' },
      { decision, issuer: '', token: undefined, verified: false },
      {
        at: new Date(0),
        ms: 0,
        delivered: true,
        request: { via: 'oauth', database: '', transport: 'tls' },
      },
    );
    const section = daemon.sections.get('The audit line')?.split('Other lines')[0];
    const documented = rowsOf(section).flatMap(([member]) => codeSpans(member));
    expect(documented.toSorted()).toEqual(['level', ...Object.keys(line)].toSorted());
    const [example] = daemon.blocks.filter(({ language }) => language === 'json');
    const shown: unknown = JSON.parse(example?.text ?? '{}');
    // Only with what was done in the database.
    const ofProvision = ['created', 'grantedRoles', 'revokedRoles', 'provisionError'];
    expect([...Object.keys(shown ?? {}), ...ofProvision].toSorted()).toEqual(
      [...documented, 'msg'].toSorted(),
    );
  });

  it('has every other line of the log with its level, and no other', () => {
    const sources = ['src/daemon', 'src/log', 'src/cli'].flatMap((folder) =>
      readSources(folder, '.ts'),
    );
    const logged = sources.flatMap(([, text]) =>
      [...text.matchAll(/logger\.(\w+)\((?:[^;]*?,\s*)?'([^']+)',?\s*\)/g)].map(
        ([, level, message]) => `${level} ${message}`,
      ),
    );
    const section = daemon.sections.get('The audit line')?.split('Other lines')[1];
    const documented = rowsOf(section).flatMap(([level, messages]) =>
      codeSpans(messages).map((message) => `${level} ${message}`),
    );
    expect(logged).toContain('info decision');
    expect([...documented, 'info decision'].toSorted()).toEqual([...new Set(logged)].toSorted());
  });
});

/** The lines that the log of a command on the client's side may have, by level. */
function findLogged(sources: readonly (readonly [string, string])[]): ReadonlySet<string> {
  return new Set(
    sources.flatMap(([, text]) =>
      [
        ...text.matchAll(/(?:\blog|\))\.(info|warn|error|fatal)\((?:[^;]*?,\s*)?'([^']+)',?\s*\)/g),
      ].map(([, level, message]) => `${level} ${message}`),
    ),
  );
}

describe.each(CLIENT_TABLES)('$page', (table) => {
  it('has the table that npm run docs writes', () => {
    expect(readClientPage(table)).toBe(renderClientTable(table, readClientPage(table)));
  });
});

describe.each([
  { page: pgpass, name: 'pgpass', other: 'pooler' },
  { page: pooler, name: 'pooler', other: 'pgpass' },
])('the log of pgtoken $name', ({ page, name, other }) => {
  it('has every line documented with its level, and no other', () => {
    const sources = ['src/client', `src/cli/${name}`, 'src/cli/client-program'].flatMap((folder) =>
      readSources(folder, '.ts').filter(([path]) => !path.startsWith(`src/client/${other}/`)),
    );
    const logged = findLogged(sources);
    const documented = rowsOf(page.sections.get('Health and log'))
      .filter(([level = '']) => /^(?:info|warn|error|fatal)$/.test(level))
      .flatMap(([level, messages]) => codeSpans(messages).map((message) => `${level} ${message}`));
    expect(logged.size).toBeGreaterThan(10);
    expect(documented.toSorted()).toEqual([...logged].toSorted());
  });
});

describe('docs/connect/pgpass.md', () => {
  it('has a pgpass.yaml that is accepted', () => {
    const [example, ...more] = pgpass.blocks.filter(({ language }) => language === 'yaml');
    expect(more).toEqual([]);
    const options = { folder: '/etc', defaultFile: '/.pgpass', once: false };
    expect(parsePgpassConfig(example?.text ?? '', options)).toMatchObject({ ok: true });
  });
});

describe('docs/connect/pooler.md', () => {
  it('has a pooler.yaml that is accepted', () => {
    const [example, ...more] = pooler.blocks.filter(({ language }) => language === 'yaml');
    expect(more).toEqual([]);
    expect(parsePoolerConfig(example?.text ?? '', '/etc')).toMatchObject({ ok: true });
  });

  it('has every metric with its type and labels, and no other', async () => {
    const pool = {
      clientsActive: 1,
      clientsWaiting: 1,
      serversActive: 1,
      serversIdle: 1,
      serversLogin: 1,
      maxWait: 1,
    };
    const tenant = {
      alias: 'a',
      host: '',
      port: 1,
      database: '',
      role: '',
      source: '',
      ready: true,
      issuedAt: 1,
      expiresAt: 1,
      fault: undefined,
      failures: 1,
      pool,
    };
    const pgbouncer = {
      up: true,
      pid: 1,
      fault: undefined,
      restarts: 1,
      reloads: 1,
      failedReloads: 1,
    };
    const answer = createHealthAnswers(() => ({ ready: true, pgbouncer, tenants: [tenant] }));
    const text = (await answer('/metrics'))?.body ?? '';
    const made = [...text.matchAll(/^# TYPE (pgtoken_\w+) (\w+)$/gm)].map(
      ([, name = '', type = '']) => [name, type, ...labelsOf(text, name)].join(' '),
    );
    const documented = rowsOf(pooler.sections.get('Metrics')).map(([name, type, labels]) =>
      [...codeSpans(name), type, ...codeSpans(labels).toSorted()].join(' '),
    );
    expect(made.length).toBeGreaterThan(5);
    expect(documented.toSorted()).toEqual(made.toSorted());
  });
});

describe('docs/operate/doctor.md', () => {
  it('has every fault with its level, in the order of src/doctor/finding.ts', () => {
    const documented = rowsOf(doctor.sections.get('Faults')).map(([name, level]) => [
      codeSpans(name)[0],
      level,
    ]);
    expect(documented).toEqual(Object.entries(FAULTS));
  });

  it('shows the members of the JSON as they are', () => {
    const [example] = doctor.blocks.filter(({ language }) => language === 'json');
    const shown: unknown = JSON.parse(example?.text ?? '{}');
    const finding = fault('hba-cleartext', '', '', '');
    expect(shown).toMatchObject({ findings: [{ topic: finding.topic, fault: finding.fault }] });
    const findings: unknown = isJSONObject(shown) ? shown['findings'] : undefined;
    const first: unknown = Array.isArray(findings) ? findings[0] : undefined;
    expect(Object.keys(first ?? {}).toSorted()).toEqual(Object.keys(finding).toSorted());
  });

  it('calls no fault by a name that no source gives, and leaves none out', () => {
    const given = readSources('src/doctor', '.ts')
      .filter(([path]) => path !== 'src/doctor/finding.ts')
      .flatMap(([, text]) =>
        [...text.matchAll(/'([a-z]+(?:-[a-z0-9]+)+)'/g)].map(([, name]) => name),
      );
    expect(Object.keys(FAULTS).filter((name) => !given.includes(name))).toEqual([]);
  });
});

describe('links', () => {
  const pages = readSources('', '.md').map(([path]) => path);

  it('there are pages', () => {
    expect(pages).toEqual(
      expect.arrayContaining(['README.md', 'docs/reference/errors.md', 'SECURITY.md']),
    );
  });

  it('of docs/README.md lead to every page below it', () => {
    const below = pages.filter((path) => path.startsWith('docs/') && path !== 'docs/README.md');
    const links = readPage('docs/README.md').links.map((link) => `docs/${link}`);
    expect(links.toSorted()).toEqual(expect.arrayContaining(below.toSorted()));
  });

  it.each(pages)('of %s lead somewhere', (path) => {
    const broken = readPage(path).links.filter((link) => !leadsSomewhere(path, link));
    expect(broken).toEqual([]);
  });
});

function examplesOf(section = ''): string[] {
  return section.split('\n').filter((line) => /^(?:denied|unavailable) /.test(line));
}

/** An example of the page as a whole file: itself, or what it is a part of. */
function completeExample(text: string): string {
  if (text.startsWith('apiVersion:')) return text;
  const issuers = `issuers:
- name: example
  issuer: {url: https://issuer.example.com, audiences: [postgres]}
  roles: [{claim: sub}]
`;
  if (/^(?:protectedRoles|servers):/.test(text)) return `apiVersion: pgtoken/v1\n${text}${issuers}`;
  const [name = ''] = text.split(':');
  const servers = /^(?:sessions|provision)$/.test(name)
    ? 'servers: [{name: main, connection: ""}]\n'
    : '';
  const entry = issuers.split('\n').filter((line) => !line.startsWith(`  ${name}:`));
  return `apiVersion: pgtoken/v1\n${servers}${entry.join('\n')}${text.replaceAll(/^/gm, '  ').trimEnd()}\n`;
}

function problemsOf(text: string): string[] {
  const parsed = parseConfig(text);
  return parsed.ok ? [] : parsed.problems.map((problem) => formatProblem('issuers.yaml', problem));
}

/** Claims that have a value at a name or, after a slash, along a path. */
function putClaim(selector: string, value: unknown): Record<string, unknown> {
  if (!selector.startsWith('/')) return { [selector]: value };
  const [name = '', ...rest] = selector.slice(1).split('/');
  return { [name]: rest.length === 0 ? value : putClaim(`/${rest.join('/')}`, value) };
}

/** The options of a command's help with their defaults, without --help. */
async function readHelp(command: readonly string[]): Promise<(string | undefined)[][]> {
  const { stdout } = await runPgtoken([...command, '--help']);
  const [, text = ''] = stdout.split('\nOptions:\n');
  const [list = ''] = text.split('\n\n');
  return list
    .replaceAll(/\n {4,}/g, ' ')
    .split('\n')
    .map((line) => [
      /^ +(?:-\w, )?(--[\w-]+(?: <[\w=]+>| \[\w+\])?)/.exec(line)?.[1],
      /\(default: "?([^"\s]+?)"?\)/.exec(line)?.[1],
    ])
    .filter(([option]) => option !== undefined && option !== '--help');
}

/** Everything that the module can say by itself, as patterns of whole lines. */
function moduleMessages(): RegExp[] {
  const text = [...readSources('pam', '.c'), ...readSources('oauth', '.c')]
    .map(([, source]) => source)
    .join('\n')
    // As it is in the module.
    .replaceAll(/" ADVICE_NO_DAEMON/g, 'Start pgtoken.socket, or set mode=exec."')
    // Neighbouring strings are one.
    .replaceAll(/"\s*\n\s*"/g, '');
  const refusals = [...text.matchAll(/"(ERR_[A-Z_]+)",\s*"((?:[^"\\]|\\.)+)"(?:,|\))/g)];
  const inTables = [...text.matchAll(/\{(\w+), "(ERR_[A-Z_]+)", "([^"]*)",\s*"([^"]*)"\}/g)].map(
    ([, errno, code, before, after]) =>
      `${code} ${before} %path${after}${errno === '0' ? '%s' : ''}`,
  );
  const inCalls = refusals
    .filter(({ index }) => !/\{\w+, $/.test(text.slice(0, index)))
    .map(([, code, format]) => `${code} ${format}`);
  return [...inTables, ...inCalls].map((format) => {
    const pattern = format
      .split(/(%[a-z]+)/)
      .map((part, at) =>
        at % 2 === 0
          ? RegExp.escape(part.replaceAll('\\"', '"'))
          : part === '%path'
            ? '/\\S+'
            : '.+',
      )
      .join('');
    return new RegExp(`^(?:denied|unavailable) ${pattern}$`);
  });
}

function labelsOf(metrics: string, name: string): string[] {
  const samples = metrics.matchAll(
    new RegExp(`^${name}(?:_(?:bucket|sum|count))?\\{([^}]*)\\}`, 'gm'),
  );
  const labels = [...samples].flatMap(([, list = '']) =>
    [...list.matchAll(/(\w+)="/g)].map(([, label = '']) => label),
  );
  return [...new Set(labels)].filter((label) => label !== 'le').toSorted();
}

/** The tracked kinds of files below a folder: path and text. */
function readSources(folder: string, ending: string): [string, string][] {
  const skipped = new Set(['node_modules', 'dist', 'build', '.git', 'coverage']);
  return readdirSync(join(ROOT, folder), { withFileTypes: true }).flatMap((entry) => {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) return skipped.has(entry.name) ? [] : readSources(path, ending);
    return path.endsWith(ending) ? [[path, readFileSync(join(ROOT, path), 'utf8')]] : [];
  });
}

function leadsSomewhere(from: string, link: string): boolean {
  if (/^(?:https?|mailto):/.test(link)) return true;
  const [file = '', anchor] = link.split('#');
  const path = file === '' ? from : join(dirname(from), file);
  if (!existsSync(join(ROOT, path))) return false;
  return (
    anchor === undefined || readPage(path).headings.some((heading) => heading.anchor === anchor)
  );
}
