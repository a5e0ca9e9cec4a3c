// What a stack can come to, held against what the real libpam makes of it, with the module in it: stacks of every kind of control,
// with includes and substacks, each with a grant, a denial, and no decision.
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { isDeepStrictEqual } from 'node:util';

import * as fc from 'fast-check';
import { beforeAll, expect, it } from 'vitest';

import { findSuccess, isOurModule } from '../../../src/doctor/pam/evaluate-stack.ts';
import { parsePAMService } from '../../../src/doctor/pam/parse-pam-service.ts';
import {
  build,
  fakeDaemon,
  field,
  loginSteps,
  pam,
  shipped,
  temporaryFolder,
} from '../../pam/support.ts';

const RUNS = 300;
const ANSWERS = {
  granted: { reply: 'granted', code: 'success' },
  denied: { reply: 'denied ERR_TOKEN_EXPIRED it expired', code: 'auth_err' },
  unavailable: { reply: 'unavailable ERR_KEYS_UNAVAILABLE no keys', code: 'authinfo_unavail' },
} as const;
type Answer = keyof typeof ANSWERS;
const USERS: readonly Answer[] = ['granted', 'denied', 'unavailable'];

const control = fc.constantFrom(
  'required',
  'requisite',
  'sufficient',
  'optional',
  'Required',
  '[success=1 default=ignore]',
  '[success=2 default=bad]',
  '[success=ok default=1]',
  '[success=0 default=die]',
  '[success=okay default=ignore]',
  '[success = ok   default =die]',
  '[SUCCESS=OK default=ignore]',
  '[success=3 default=ignore]',
  '[success=done new_authtok_reqd=done ignore=ignore default=bad]',
  '[success=done default=die]',
  '[success=ok auth_err=ignore default=bad]',
  '[authinfo_unavail=ignore success=ok default=die]',
  '[success=reset default=ignore]',
  '[success=ok default=reset]',
  '[success=bad default=ok]',
  '[default=done]',
  '[success=ignore]',
);
const module = fc.constantFrom('MODULE', 'MODULE', 'pam_permit.so', 'pam_deny.so');
const plainLine = fc.tuple(control, module).map(([how, what]) => `auth ${how} ${what}`);
const line = fc.oneof(
  { weight: 6, arbitrary: plainLine },
  {
    weight: 1,
    arbitrary: fc.constantFrom('auth include INNER', 'auth substack INNER', '@include INNER'),
  },
);
const host = fc.record({
  lines: fc.array(line, { minLength: 1, maxLength: 5 }),
  inner: fc.array(plainLine, { minLength: 1, maxLength: 3 }),
});

beforeAll(build);

/** Whether each answer of the module ends in success, as libpam has it. */
async function askLibpam(
  lines: readonly string[],
  inner: readonly string[],
): Promise<Record<Answer, boolean>> {
  const daemon = await fakeDaemon({
    request: (socket, request) => {
      const user = USERS.find((one) => one === field(request, 'PAM_USER'));
      socket.end(`${user === undefined ? '' : ANSWERS[user].reply}\0`);
    },
  });
  // By its whole path: Debian 12's libpam looks for included files in /etc/pam.d, wherever the service itself is.
  const innerFile = join(temporaryFolder(), 'inner');
  const prepare = (text: string): string =>
    text.replace('MODULE', `MODULE socket=${daemon.path}`).replace('INNER', innerFile);
  await writeFile(
    innerFile,
    inner.map((one) => `${prepare(one).replace('MODULE', shipped.module)}\n`).join(''),
  );
  const results = await pam(
    shipped,
    { postgresql: lines.map(prepare) },
    USERS.flatMap((user) => loginSteps({ user })),
  );
  const [granted, denied, unavailable] = results.map(({ code }) => code === 'PAM_SUCCESS');
  return { granted: granted!, denied: denied!, unavailable: unavailable! };
}

const asFile = (all: readonly string[]): string =>
  all.map((one) => one.replace('MODULE', 'pam_pgtoken.so')).join('\n');

/** The same as the doctor has it. */
function ask(lines: readonly string[], inner: readonly string[]): Record<Answer, boolean> {
  const service = parsePAMService({ path: 'postgresql', text: asFile(lines) }, (name) =>
    name === 'INNER' ? { path: name, text: asFile(inner) } : undefined,
  );
  expect(service.problems).toEqual([]);
  const succeeds = (user: Answer): boolean =>
    findSuccess(service.lines, isOurModule, [ANSWERS[user].code]) !== undefined;
  return {
    granted: succeeds('granted'),
    denied: succeeds('denied'),
    unavailable: succeeds('unavailable'),
  };
}

it('says of stacks of all kinds what libpam makes of them', async () => {
  const samples = fc.sample(host, { numRuns: RUNS, seed: 20_261_122 });
  const wrong: unknown[] = [];
  const outcomes = new Set<string>();
  for (const { lines, inner } of samples) {
    const [seen, real] = [ask(lines, inner), await askLibpam(lines, inner)];
    outcomes.add(JSON.stringify(real));
    if (!isDeepStrictEqual(seen, real)) wrong.push({ lines, inner, seen, real });
  }
  expect(wrong).toEqual([]);
  // Of what can come of it there was more than a denial.
  expect(outcomes.size).toBeGreaterThan(4);
});
