// How many logins and ends there were, by entry, role, and what became of them.
import { toPrintable } from '../../protocol/format-reply.ts';
import { formatTable } from '../output/format-table.ts';
import { count } from '../output/report.ts';
import type { LogEvent } from './parse-event.ts';

/** Counts events. */
export interface Summary {
  add(event: LogEvent): void;
  /** The counts as text; empty where there was no event. */
  format(): string;
}

/** So many kinds are told apart; those that come later are counted together by their outcome: anybody can be refused as any role. */
const MAX_KINDS = 1000;
const OTHERS = '(others)';

interface Kind {
  readonly entry: string;
  readonly role: string;
  readonly what: string;
  count: number;
  last: string;
}

/** Creates one without events. */
export function createSummary(): Summary {
  const kinds = new Map<string, Kind>();
  const outcomes = new Map<string, number>();
  let first: string | undefined;
  let last = '';

  return {
    add(event) {
      const { time, outcome, entry = '-', role = '-', code, reason, isRefusal } = event;
      first ??= time;
      last = time;
      outcomes.set(outcome, (outcomes.get(outcome) ?? 0) + 1);
      const cause = isRefusal || reason === undefined ? '' : ` (${reason.split(':', 1)[0]})`;
      const what = isRefusal ? (code ?? outcome) : `${outcome}${cause}`;
      const name = JSON.stringify([entry, role, what]);
      const isKnown = kinds.has(name) || kinds.size < MAX_KINDS;
      const key = isKnown ? name : JSON.stringify([OTHERS, outcome]);
      const kind = kinds.get(key) ?? {
        ...(isKnown ? { entry, role, what } : { entry: OTHERS, role: '', what: outcome }),
        count: 0,
        last: time,
      };
      kind.count += 1;
      kind.last = time;
      kinds.set(key, kind);
    },
    format() {
      if (first === undefined) {
        return '';
      }
      const counts = [...outcomes].map(([outcome, number]) => `${number} ${outcome}`).join(', ');
      const total = [...outcomes.values()].reduce((sum, number) => sum + number, 0);
      const rows = [...kinds.values()]
        .toSorted((a, b) => b.count - a.count)
        .map((kind) => [
          kind.entry,
          kind.role,
          kind.what,
          String(kind.count),
          toSeconds(kind.last),
        ]);
      return [
        `${count(total, 'event')} from ${toSeconds(first)} to ${toSeconds(last)}: ${toPrintable(counts)}\n\n`,
        formatTable(['ENTRY', 'ROLE', 'WHAT', 'COUNT', 'LAST'], rows),
      ].join('');
    },
  };
}

function toSeconds(time: string): string {
  return `${time.slice(0, 19)}Z`;
}
