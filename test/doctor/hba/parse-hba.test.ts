// pg_hba.conf as the doctor reads it, held against what a real PostgreSQL says it reads.
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import * as z from 'zod';

import {
  type AddressRange,
  parseMaskedRange,
  parseRange,
} from '../../../src/doctor/hba/parse-address.ts';
import { parseHBA, type HBAAddress, type HBARule } from '../../../src/doctor/hba/parse-hba.ts';
import { hostFiles } from '../../../src/doctor/host/host-files.ts';
import { startPostgresCluster, type PostgresCluster } from '../../support/postgres-cluster.ts';

/** How pg_hba_file_rules has a line. */
const rowSchema = z.object({
  line_number: z.int(),
  type: z.string().nullable(),
  database: z.array(z.string()).nullable(),
  user_name: z.array(z.string()).nullable(),
  address: z.string().nullable(),
  netmask: z.string().nullable(),
  auth_method: z.string().nullable(),
  options: z.array(z.string()).nullable(),
  error: z.string().nullable(),
});

const stack = new AsyncDisposableStack();
let cluster: PostgresCluster;
let file: string;

beforeAll(async () => {
  cluster = stack.use(await startPostgresCluster({ hba: [], pamServices: {} }));
  file = join(cluster.folder, 'data', 'pg_hba.conf');
});

afterAll(async () => {
  await stack.disposeAsync();
});

const GOOD = [
  'local all all peer',
  '# a comment',
  '   # another',
  '',
  'host all all 127.0.0.1/32 scram-sha-256 # behind a line',
  'host\tall\tall\t10.1.2.3\t255.255.0.0\treject',
  'host all all 10.1.2.3/8 reject',
  'host all all ::1/128 trust',
  'host all all fe80::1:2/64 reject',
  'host all all fe80:: ffff:ffff:: reject',
  'host all all ::ffff:1.2.3.4/128 reject',
  'host all all 1:2:3:4:5:6:7:8/127 reject',
  'host all all all reject',
  'host all all samehost reject',
  'host all all samenet reject',
  'host all all db.Example.com reject',
  'host all all .example.com reject',
  'host app,"all",reporting alice, bob,"Carol Jones" all reject',
  'host app, reporting +group all reject',
  'host a,b ,c all reject',
  'host "a""b" "x#y" all reject',
  'host replication,all "replication" all reject',
  'host all all all pam pamservice=postgresql-k8s',
  'host all all all pam "pamservice=with space"',
  'host all all all pam',
  'host sameuser samerole all reject',
  'host all \\',
  '  all \\',
  '  all reject',
  'host all all 0.0.0.0/0 reject',
  'host all all ::/0 reject',
];

const BAD = [
  'hosts all all all reject',
  'host all all reject',
  'host all',
  'host all all 10.0.0.0/33 reject',
  'host all all 10.0.0.0/x reject',
  'host all all 10.0.0.300/8 reject',
  'host all all 10.0.0.1 reject',
  'host all all 10.0.0.1 ::1 reject',
  'local all all',
];

async function askServer(): Promise<z.output<typeof rowSchema>[]> {
  const json = await cluster.sql(
    "select coalesce(json_agg(r order by line_number), '[]') from pg_hba_file_rules r",
  );
  return z.array(rowSchema).parse(JSON.parse(json));
}

const parse = (text: string): ReturnType<typeof parseHBA> =>
  parseHBA(file, text, {
    read: (path) => {
      const content = hostFiles.readText(path);
      return content.ok ? content.value : undefined;
    },
    list: (path) => hostFiles.list(path),
  });

const FIRST = 'local all postgres peer map=tester';

async function write(lines: readonly string[]): Promise<string> {
  const text = [FIRST, ...lines].map((line) => `${line}\n`).join('');
  await writeFile(file, text);
  return text;
}

/** A rule in the form of the view. */
function inShort(rule: HBARule): unknown {
  return {
    line: rule.line,
    type: rule.type,
    database: rule.databases.map(({ text }) => text),
    user: rule.users.map(({ text }) => text),
    address: rule.address === undefined ? undefined : addressInShort(rule.address),
    method: rule.method,
    options: rule.options.map(([name, value]) => `${name}=${value}`),
  };
}

function addressInShort(address: HBAAddress): unknown {
  switch (address.kind) {
    case 'all':
      return 'all';
    case 'named':
      return address.name;
    case 'range':
      return rangeInShort(address.range);
  }
}

function rangeInShort(range: AddressRange | undefined): unknown {
  return range === undefined ? 'no range' : `${range.family} ${range.first} ${range.bits}`;
}

function rowInShort(row: z.output<typeof rowSchema>): unknown {
  const { address, netmask } = row;
  const range =
    address === null
      ? undefined
      : netmask === null
        ? address.toLowerCase()
        : rangeInShort(parseMaskedRange(address, netmask));
  return {
    line: row.line_number,
    type: row.type,
    database: row.database,
    user: row.user_name,
    address: range,
    method: row.auth_method,
    options: row.options ?? [],
  };
}

describe('pg_hba.conf', () => {
  it('is read as PostgreSQL reads it', async () => {
    const parsed = parse(await write(GOOD));
    const rows = await askServer();
    expect(rows.flatMap(({ error }) => error ?? [])).toEqual([]);
    expect(parsed.problems).toEqual([]);
    expect(parsed.rules.map(inShort)).toEqual(rows.map(rowInShort));
  });

  it.each(BAD)('is wrong where PostgreSQL says so: %s', async (line) => {
    const parsed = parse(await write([line]));
    const errors = (await askServer()).filter(({ error }) => error !== null);
    expect(errors.map((row) => row.line_number)).toEqual([2]);
    expect(parsed.problems.map((problem) => problem.line)).toEqual([2]);
    expect(parsed.rules).toHaveLength(1);
  });

  it('takes lists of names from files', async () => {
    await writeFile(join(file, '..', 'admins'), 'anna, "Ben"\n# nobody else\n@more\n');
    await writeFile(join(file, '..', 'more'), 'chris\n');
    const parsed = parse(await write(['host all @admins,dora all reject']));
    const rows = await askServer();
    expect(rows.flatMap(({ error }) => error ?? [])).toEqual([]);
    expect(parsed.rules.map(inShort)).toEqual(rows.map(rowInShort));
    expect(parsed.rules[1]?.users.map(({ text }) => text)).toEqual([
      'anna',
      'Ben',
      'chris',
      'dora',
    ]);
  });
});

// PostgreSQL 16 and newer; the one here may be older.
describe('includes', () => {
  const files = new Map([
    ['/etc/db/one.conf', 'host one all all reject\ninclude two.conf\n'],
    ['/etc/db/two.conf', 'host two all all reject\n'],
    ['/etc/db/d/a.conf', 'host a all all reject\n'],
    ['/etc/db/d/b.conf', 'host b all all reject\n'],
    ['/etc/db/d/b.conf.old', 'host old all all reject\n'],
    ['/etc/db/loop.conf', 'include loop.conf\n'],
  ]);
  const read = (text: string): ReturnType<typeof parseHBA> =>
    parseHBA('/etc/db/pg_hba.conf', text, {
      read: (path) => files.get(path),
      list: () => ['a.conf', 'b.conf', 'b.conf.old', '.hidden.conf'],
    });

  it('are followed in place, and lines keep their file', () => {
    const { rules, problems } = read(
      'host first all all reject\ninclude one.conf\ninclude_dir d\ninclude_if_exists none.conf\nhost last all all reject\n',
    );
    expect(problems).toEqual([]);
    expect(rules.map((rule) => [rule.databases[0]?.text, rule.file, rule.line])).toEqual([
      ['first', '/etc/db/pg_hba.conf', 1],
      ['one', '/etc/db/one.conf', 1],
      ['two', '/etc/db/two.conf', 1],
      ['a', '/etc/db/d/a.conf', 1],
      ['b', '/etc/db/d/b.conf', 1],
      ['last', '/etc/db/pg_hba.conf', 5],
    ]);
  });

  it('that lead nowhere, or round in a circle, are problems', () => {
    expect(read('include none.conf\n').problems).toEqual([
      {
        file: '/etc/db/pg_hba.conf',
        line: 1,
        reason: 'includes /etc/db/none.conf, which cannot be read',
      },
    ]);
    expect(read('include loop.conf\n').problems).toEqual([
      {
        file: '/etc/db/loop.conf',
        line: 1,
        reason: 'includes /etc/db/loop.conf, deeper than 10 files',
      },
    ]);
  });

  it.each([
    ['include', 'include twice.conf\n'.repeat(50)],
    ['list', `host all ${Array.from({ length: 50 }, () => '@twice.conf').join(',')} all reject\n`],
  ])('that become more and more are given up, by %s', (_, text) => {
    let reads = 0;
    const { problems } = parseHBA('/etc/db/pg_hba.conf', text, {
      read: () => {
        reads += 1;
        return text;
      },
      list: () => [],
    });
    expect(problems).toEqual([
      { file: '/etc/db/pg_hba.conf', line: 1, reason: 'the files that it includes have no end' },
    ]);
    expect(reads).toBeLessThan(2000);
  });
});

describe('an address range', () => {
  it.each([
    ['10.0.0.0/8', '4 167772160 8'],
    ['10.1.2.3', '4 167838211 32'],
    ['::/0', '6 0 0'],
    ['10.0.0.0/8/8', 'no range'],
    ['10.0.0/8', 'no range'],
    ['10.0.0.256', 'no range'],
    [':::1', 'no range'],
    ['1:2:3', 'no range'],
    ['db.example.com', 'no range'],
    ['', 'no range'],
  ])('%s is %s', (text, short) => {
    expect(rangeInShort(parseRange(text))).toBe(short);
  });
});
