// Every attack through the whole pipeline, with its policy loaded from its file and the clock of its vector.
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';

import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { authorize } from '../../src/decide/authorize.ts';
import type { AuthorizeOptions } from '../../src/decide/authorize-options.ts';
import type { Decision } from '../../src/decide/decision.ts';
import { createKeysOf } from '../../src/issuer-keys/keys-of.ts';
import { createVerifiedTokens } from '../../src/decide/verified-tokens.ts';
import { loadPolicy } from '../../src/policy/load-policy.ts';
import type { Policy } from '../../src/policy/policy.ts';
import type { Trace, TraceStep } from '../../src/decide/trace.ts';
import { formatExplanation } from '../../src/cli/explain/format-explanation.ts';
import { formatProblem } from '../../src/config/problems.ts';
import type { KeyRecord } from '../../src/keys/key-record.ts';
import { formatReply } from '../../src/protocol/format-reply.ts';
import {
  ATTACK_FOLDER,
  type Attack,
  HARMLESS,
  loadAttackFiles,
} from '../vectors/attacks/attack.ts';
import { generateAttacks } from '../vectors/attacks/generate.ts';
import { createAttackWorld, type AttackWorld } from './create-attack-world.ts';
import { findPieces, piecesOf } from './find-pieces.ts';

const files = await loadAttackFiles();
const all = files.flatMap((file) => file.attacks);

/** A policy with what a daemon keeps for it. */
interface Host {
  readonly policy: Policy;
  readonly options: Omit<AuthorizeOptions, 'clock'>;
}

let world: AttackWorld;
const hosts = new Map<string, Promise<Host>>();

beforeAll(async () => {
  world = await createAttackWorld();
});

afterAll(async () => {
  await world[Symbol.asyncDispose]();
});

async function createHost(name: string): Promise<Host> {
  const loaded = await loadPolicy(world.configOf(name));
  if (!loaded.ok) {
    throw new Error(loaded.problems.map((problem) => formatProblem(name, problem)).join('\n'));
  }
  const records = new Map<string, KeyRecord>();
  const cache = {
    read: (issuer: string) => records.get(issuer),
    write: (issuer: string, record: KeyRecord) => void records.set(issuer, record),
  };
  const keysOf = createKeysOf({ cache, clock: () => 0 });
  return { policy: loaded.policy, options: { keysOf, verifiedTokens: createVerifiedTokens() } };
}

async function judge({ policy: name, now, request, password }: Attack, trace?: Trace) {
  const host = hosts.get(name) ?? createHost(name);
  hosts.set(name, host);
  const { policy, options } = await host;
  return authorize({ ...request, source: request.source, password }, policy, {
    ...options,
    clock: () => now,
    ...(trace === undefined ? {} : { trace }),
  });
}

async function decide(attack: Attack): Promise<Decision> {
  return (await judge(attack)).decision;
}

describe.each(files.filter(({ name }) => name !== HARMLESS))('refuses $name', ({ attacks }) => {
  it.each(attacks)('$name', async (attack) => {
    const decision = await decide(attack);
    expect(decision).toMatchObject({ granted: false, ...attack.expected });
    // Asked again it is the same: nothing is remembered of what was refused.
    expect(await decide(attack)).toEqual(decision);
  });
});

describe.each(files.filter(({ name }) => name === HARMLESS))('grants what is harmless', (file) => {
  it.each(file.attacks)('$name', async (attack) => {
    expect(await decide(attack)).toMatchObject({ ...attack.expected, role: attack.request.role });
  });
});

describe('a refusal', () => {
  it('holds no part of any token', async () => {
    for (const attack of all) {
      const text = formatReply(await decide(attack));
      expect(findPieces(attack.password, piecesOf(text)), `of ${attack.name}`).toEqual([]);
    }
  });

  it('is printable ASCII in one line of at most 500 bytes, whatever was sent', async () => {
    for (const attack of all) {
      expect(formatReply(await decide(attack)), `of ${attack.name}`).toMatch(
        /^[\x20-\x7e]{7,500}$/,
      );
    }
  });
});

describe('an explanation', () => {
  it('is printable ASCII, and holds no part of any token', async () => {
    for (const attack of all) {
      const steps: TraceStep[] = [];
      const decided = await judge(attack, (step) => steps.push(step));
      const { role, service, source: rhost } = attack.request;
      const login = { role, service, rhost, at: attack.now };
      const style = { columns: 1000, colour: false };
      const text = formatExplanation(
        { login, decided, session: undefined, roles: undefined, steps },
        style,
      );
      expect(text, `of ${attack.name}`).toMatch(/^[\n\x20-\x7e]+$/);
      const told = steps
        .map(({ step, expected, seen }) => `${step} ${expected} ${seen}`)
        .join('\n');
      expect(told, `of ${attack.name}`).toMatch(/^[\n\x20-\x7e]+$/);
      const pieces = piecesOf(text + told);
      expect(findPieces(attack.password, pieces), `of ${attack.name}`).toEqual([]);
    }
  });
});

describe('the files', () => {
  it('are what their recipes make', async () => {
    const stale: string[] = [];
    for (const [path, text] of await generateAttacks()) {
      if (text !== (await readFile(join(ATTACK_FOLDER, path), 'utf8'))) stale.push(path);
    }
    expect(stale).toEqual([]);
  });

  it('name each attack once, and hold none twice', () => {
    for (const { attacks } of files) {
      const names = attacks.map(({ name }) => name);
      expect(names.filter((name, index) => names.indexOf(name) < index)).toEqual([]);
    }
    const sent = all.map(({ policy, request, password }) =>
      JSON.stringify([policy, request, password]),
    );
    const twice = all.filter((_, index) => sent.indexOf(sent[index]!) < index);
    expect(twice.map(({ name, reference }) => `${reference}: ${name}`)).toEqual([]);
  });

  it('expect a refusal of all but what is harmless', () => {
    for (const { name, attacks } of files) {
      const grants = attacks.filter(({ expected }) => 'granted' in expected);
      expect(grants.length).toBe(name === HARMLESS ? attacks.length : 0);
    }
  });

  it('have an attack for every section of RFC 8725 on threats and practices', () => {
    const sections = [...range(2, 9), ...range(3, 12)];
    const cited = new Set(all.flatMap(({ reference }) => sectionsOf(reference)));
    expect(sections.filter((section) => !cited.has(section))).toEqual([]);
  });
});

function range(chapter: number, last: number): string[] {
  return Array.from({ length: last }, (_, index) => `${chapter}.${index + 1}`);
}

/** The sections of RFC 8725 that a reference names. */
function sectionsOf(reference: string): string[] {
  const [, list = ''] = /RFC 8725 sections? ([\d., and]+)/.exec(reference) ?? [];
  return list.match(/\d\.\d+/g) ?? [];
}
