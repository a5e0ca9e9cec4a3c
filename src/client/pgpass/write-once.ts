// Writes a .pgpass once, for a container that ends before the program starts: each line has its token, or nothing is written.
import type { Clock } from '../../clock.ts';
import { describeExpired, hasExpired } from '../token/choose-token.ts';
import { type ClientToken, fault, type TokenFault } from '../token/client-token.ts';
import type { TokenSource } from '../token/token-source.ts';
import type { SourcedLine } from './keep-pgpass.ts';
import type { PgpassPlan } from './pgpass-plan.ts';
import { planUpdate } from './plan-update.ts';
import { type Files, readPgpass, removeLeftovers, writePgpass } from './write-pgpass.ts';

/** What it takes. */
export interface WriteOnceOptions {
  readonly plan: Pick<PgpassPlan, 'file' | 'mode'>;
  readonly lines: readonly SourcedLine[];
  readonly clock: Clock;
  readonly signal: AbortSignal;
  /** Default: that of this host. */
  readonly files?: Files;
}

/** What has failed: the source or the file, and why. */
export interface NamedFault extends TokenFault {
  readonly about: string;
}

/** @returns whether the file has changed, or everything that is wrong. Never rejects. */
export async function writeOnce(
  options: WriteOnceOptions,
): Promise<
  | { readonly ok: true; readonly hasChanged: boolean }
  | { readonly ok: false; readonly faults: readonly NamedFault[] }
> {
  const { plan, lines, clock, signal, files } = options;
  const sources = [...new Set(lines.map(({ source }) => source))];
  const results = await Promise.all(
    sources.map(async (source) => [source, await getFresh(source, clock, signal)] as const),
  );
  const tokens = new Map<TokenSource, ClientToken>();
  const faults: NamedFault[] = [];
  for (const [source, result] of results) {
    if (result.ok) {
      tokens.set(source, result.token);
    } else {
      faults.push({ ...result, about: source.name });
    }
  }
  const found = await readPgpass(plan.file, files);
  if (!found.ok) {
    faults.push({ ...found, about: plan.file });
  }
  if (!found.ok || faults.length > 0) {
    return { ok: false, faults };
  }
  const wanted = lines.map(({ plan: line, source }) => ({
    plan: line,
    token: tokens.get(source),
    before: undefined,
  }));
  const next = planUpdate(found.text, wanted, clock());
  for (const [at, line] of next.lines.entries()) {
    if (line.fault !== undefined) {
      faults.push({ ...line.fault, about: lines[at]?.source.name ?? '' });
    }
  }
  if (faults.length > 0) {
    return { ok: false, faults };
  }
  if (next.text === found.text && found.mode === plan.mode) {
    return { ok: true, hasChanged: false };
  }
  await removeLeftovers(plan.file, files);
  const failed = await writePgpass(plan.file, next.text, plan.mode, files);
  return failed === undefined
    ? { ok: true, hasChanged: true }
    : { ok: false, faults: [{ ...failed, about: plan.file }] };
}

async function getFresh(source: TokenSource, clock: Clock, signal: AbortSignal) {
  const result = await source.get(signal);
  return result.ok && hasExpired(result.token, clock())
    ? fault(
        describeExpired(result.token, clock()),
        'Look at what renews it; if it is fresh, set the clock of this host.',
      )
    : result;
}
