// What must be so after a soak run, and what is not.
//
// Every login leaves exactly one audit line. The module asks once for each login, and asks again only when a connection is
// closed before the first byte of a reply. The daemon closes without a reply only connections from which it has no question: those
// that wait when it stops, and those that make room for others. A question that it has, it decides, answers and logs before it
// ends, as SIGTERM lets it finish. So nothing is decided twice, and nothing that is decided is lost. (kill -9 breaks this; then
// no login is lost all the same, which test/e2e/daemon-faults.test.ts shows.) Lines that nobody reads in time are lost, and the
// log says how many: so many may be missing.
import type { LogLine } from '../support/start-daemon-process.ts';
import type { Attempt } from './run-clients.ts';
import type { Sample } from './watch-process.ts';

export interface SoakOutcome {
  readonly attempts: readonly Attempt[];
  /** The log of all daemons. */
  readonly lines: readonly LogLine[];
  /** While clients logged in. */
  readonly samples: readonly Sample[];
  /** Of the last daemon before clients came to it, and when all had left. */
  readonly idle: { readonly before: Sample; readonly after: Sample };
  readonly clients: number;
  /** When the daemon was away, as of `performance.now()`. */
  readonly restarts: readonly (readonly [from: number, to: number])[];
  /** Milliseconds that no good login may take that a restart did not hold up; undefined for any. */
  readonly limit: number | undefined;
}

/** Beyond one for each client: the socket, files, connections to issuers. */
const MORE_DESCRIPTORS = 60;
/** The heap may have 64 MiB, beside what Node needs by itself; 16 more is not flat. */
const MORE_MEMORY = 16;

/** @returns what is wrong, in words; nothing when all is right. */
export function judgeSoak(outcome: SoakOutcome): string[] {
  return [
    ...judgeDecisions(outcome.attempts),
    ...judgeLines(outcome.attempts, outcome.lines),
    ...judgeProcess(outcome),
    ...judgeLatency(outcome),
  ];
}

function judgeDecisions(attempts: readonly Attempt[]): string[] {
  const wrong = attempts.filter(({ outcome, expected }) =>
    expected === 'granted' ? outcome !== 'granted' : outcome !== 'refused',
  );
  return countBy(wrong, ({ kind, outcome }) => `a login was ${outcome}: ${kind}`);
}

function judgeLines(attempts: readonly Attempt[], lines: readonly LogLine[]): string[] {
  const decisions = lines.filter(({ msg }) => msg === 'decision');
  const expected = tally(attempts.map((attempt) => attempt.expected));
  const seen = tally(decisions.map(({ code, outcome }) => String(code ?? outcome)));
  const lost = countLost(lines);
  const names = new Set([...expected.keys(), ...seen.keys()]);
  const wrong = [...names].flatMap((name) => {
    const [logins, logged] = [expected.get(name) ?? 0, seen.get(name) ?? 0];
    const isRight = lost === 0 ? logins === logged : logins >= logged;
    return isRight ? [] : [`${name}: ${logins} logins, ${logged} audit lines`];
  });
  // Other lines may be among the lost ones.
  const missing = attempts.length - decisions.length;
  return lost > 0 && missing > lost
    ? [...wrong, `${missing} audit lines are missing, ${lost} lines were lost`]
    : wrong;
}

/** How many lines the log says were lost, as nobody read them in time. */
export function countLost(lines: readonly LogLine[]): number {
  return lines.reduce((sum, { lost }) => sum + (typeof lost === 'number' ? lost : 0), 0);
}

function judgeLatency(outcome: SoakOutcome): string[] {
  const { limit = Infinity } = outcome;
  const slow = besideRestarts(outcome).filter(({ latency }) => latency > limit);
  return slow.length === 0 ? [] : [`${slow.length} good logins took over ${limit} ms`];
}

/** The good logins that no restart held up. */
export function besideRestarts({ attempts, restarts }: SoakOutcome): readonly Attempt[] {
  return attempts.filter(
    ({ expected, start, latency }) =>
      expected === 'granted' &&
      !restarts.some(([from, to]) => start < to && start + latency > from),
  );
}

function judgeProcess({ samples, idle, clients }: SoakOutcome): string[] {
  const last = samples.filter(({ pid }) => pid === idle.after.pid);
  const most = Math.max(0, ...samples.map(({ descriptors }) => descriptors));
  const [early, late] = [median(quarter(last, 1)), median(quarter(last, 3))];
  return [
    ...(most > clients + MORE_DESCRIPTORS ? [`${most} descriptors for ${clients} clients`] : []),
    ...(idle.after.descriptors > idle.before.descriptors
      ? [
          `${idle.before.descriptors} descriptors before the clients, ${idle.after.descriptors} after`,
        ]
      : []),
    ...(late > early + MORE_MEMORY ? [`memory grew from ${early} to ${late} MiB`] : []),
    ...(last.length < 8 ? [`only ${last.length} looks at the last daemon`] : []),
  ];
}

/** The nth quarter of a list, from 0. */
export function quarter(samples: readonly Sample[], n: number): readonly number[] {
  const length = Math.floor(samples.length / 4);
  return samples.slice(n * length, (n + 1) * length).map(({ memory }) => memory);
}

export function median(values: readonly number[]): number {
  return percentile(values, 50);
}

/** The value that so many percent are not above. */
export function percentile(values: readonly number[], percent: number): number {
  const sorted = values.toSorted((a, b) => a - b);
  const at = Math.max(0, Math.ceil((sorted.length * percent) / 100) - 1);
  return Math.round((sorted[at] ?? 0) * 10) / 10;
}

export function tally(names: readonly string[]): ReadonlyMap<string, number> {
  const counts = new Map<string, number>();
  for (const name of names) counts.set(name, (counts.get(name) ?? 0) + 1);
  return counts;
}

function countBy<T>(list: readonly T[], nameOf: (item: T) => string): string[] {
  return [...tally(list.map(nameOf))].map(([name, count]) => `${name} (${count} times)`);
}
