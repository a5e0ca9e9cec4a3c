// The attacks that are tried through a real login: the first and the last of each kind that policy cluster can judge.
import { HARMLESS, loadAttackFiles } from '../vectors/attacks/attack.ts';
import { NOW } from '../vectors/tokens/mint.ts';

export const POLICY = 'cluster';

const isASCII = (text: string): boolean => Buffer.byteLength(text) === text.length;

export const possible = (await loadAttackFiles()).flatMap(({ name: file, attacks }) =>
  attacks
    // What PostgreSQL hands over as it was sent: it refuses an empty password itself.
    .filter(({ password }) => password !== '' && isASCII(password))
    .filter(({ policy, now }) => policy === POLICY && now === NOW)
    .map((attack) => ({ ...attack, file, title: `${file}: ${attack.name}` })),
);

const kinds = [...Map.groupBy(possible, ({ file, attempts }) => `${file} ${attempts}`).values()];

export const sample = kinds.flatMap((attacks) => [...new Set([attacks[0]!, attacks.at(-1)!])]);

/** Those that must be refused. */
export const refusedSample = sample.filter(({ file }) => file !== HARMLESS);
