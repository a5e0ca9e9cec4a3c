// A line of the daemon's log that tells of somebody: of a login, or of a session that was ended. Others are none.
import * as z from 'zod/mini';
import { isJSONObject } from '../../parse-json-object.ts';

/** A login or the end of a session. What the line does not say is undefined. */
export interface LogEvent {
  /** RFC 3339, in UTC. */
  readonly time: string;
  /** granted, denied, unavailable, or ended. */
  readonly outcome: string;
  readonly isRefusal: boolean;
  readonly role: string | undefined;
  readonly entry: string | undefined;
  readonly subject: string | undefined;
  readonly pod: string | undefined;
  readonly address: string | undefined;
  readonly code: string | undefined;
  /** Why it was refused, or ended. */
  readonly reason: string | undefined;
  /** The line itself. */
  readonly line: Readonly<Record<string, unknown>>;
}

const member = z.optional(z.string());
const members = z.object({
  msg: z.enum(['decision', 'session ended']),
  time: z.string().check(z.refine((value) => !Number.isNaN(Date.parse(value)))),
  outcome: member,
  cause: member,
  role: member,
  issuer: member,
  sub: member,
  namespace: member,
  pod: member,
  rhost: member,
  code: member,
  reason: member,
});

/** @param line as the daemon writes it; a journal's priority may stand in front. */
export function parseEvent(line: string): LogEvent | undefined {
  const value = parseJSON(line.replace(/^<[0-7]>/, ''));
  if (!isJSONObject(value)) {
    return undefined;
  }
  const parsed = members.safeParse(value);
  if (!parsed.success) {
    return undefined;
  }
  const { msg, time, outcome, cause, role, issuer, sub, namespace, pod, rhost, code, reason } =
    parsed.data;
  const isEnd = msg === 'session ended';
  return {
    time: new Date(time).toISOString(),
    outcome: isEnd ? 'ended' : (outcome ?? 'unknown'),
    isRefusal: !isEnd && outcome !== 'granted',
    role,
    entry: issuer,
    subject: sub,
    pod: pod === undefined ? undefined : `${namespace ?? '?'}/${pod}`,
    address: rhost,
    code,
    reason: isEnd ? [cause, reason].filter((part) => part !== undefined).join(': ') : reason,
    line: value,
  };
}

function parseJSON(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
