// docs/understand/compatibility.md is what the recorded results say.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';

import { expect, it } from 'vitest';

import type { Part } from './part.ts';
import { PARTS } from './parts.ts';
import { renderCompatibility } from './render-compatibility.ts';
import { readResult } from './results.ts';

const PART: Part = {
  name: 'example',
  title: 'An example',
  about: 'What is real.',
  prepare: async () => [],
};
const PEER = { what: 'server', version: '1.2', origin: 'built', passed: 3, failed: [] };
const render = (
  peers: readonly (typeof PEER | (Omit<typeof PEER, 'failed'> & { failed: string[] }))[],
) =>
  renderCompatibility([PART], () => ({
    pgtoken: '0.2.0',
    date: '2026-12-01',
    peers: [...peers],
    shown: { 'login.test.ts': ['a login is granted'] },
  }));

it('docs/understand/compatibility.md is made from the recorded results', () => {
  const page = readFileSync(
    join(import.meta.dirname, '../../docs/understand/compatibility.md'),
    'utf8',
  );
  expect(page).toBe(renderCompatibility(PARTS, readResult));
});

it('every part has been recorded, each peer with at least one test', () => {
  for (const { name } of PARTS) {
    const peers = readResult(name)?.peers ?? [];
    expect([name, peers.length > 0]).toEqual([name, true]);
    for (const { version, passed } of peers) expect([version, passed > 0]).toEqual([version, true]);
  }
});

it('a row has what was run, from where, by which command, when, and what came of it', () => {
  expect(render([PEER])).toContain(
    '| server | 1.2 | built | `npm run test:world -- example` | 2026-12-01 | all 3 tests pass |\n',
  );
});

it('what fails is named, and counted', () => {
  expect(render([{ ...PEER, failed: ['a login is granted'] }])).toContain(
    '| 3 of 4 tests pass; not: a login is granted |\n',
  );
});

it('what is not run is named, with the reason', () => {
  const page = renderCompatibility([{ ...PART, notRun: { 'A service': 'is not here' } }], () => ({
    pgtoken: '0.2.0',
    date: '2026-12-01',
    peers: [PEER],
    shown: {},
  }));
  expect(page).toContain('What is not run here:\n\n- A service: is not here\n');
});

it('what is shown in several cases is one sentence', () => {
  const page = renderCompatibility([PART], () => ({
    pgtoken: '0.2.0',
    date: '2026-12-01',
    peers: [PEER],
    shown: {
      'a.test.ts': ['it works (RS256)', 'it fails', 'it works (ES256)', 'it ends (in two words)'],
    },
  }));
  expect(page).toContain('- it works (RS256, ES256)\n- it fails\n- it ends (in two words)\n');
});

it('a group of very many tests is their number', () => {
  const page = renderCompatibility([PART], () => ({
    pgtoken: '0.2.0',
    date: '2026-12-01',
    peers: [PEER],
    shown: {
      'a.test.ts': [
        ...Array.from({ length: 101 }, (_, index) => `an attack > ${index}`),
        'it > works',
      ],
    },
  }));
  expect(page).toContain('- an attack: 101 tests\n- it works\n');
});

it('a part that was never recorded is left out', () => {
  expect(renderCompatibility([PART], () => undefined)).not.toContain('An example');
});
