// Durations and sizes as an administrator writes them: "30s", "10m", "24h", "1MiB".

const SECONDS: ReadonlyMap<string, number> = new Map([
  ['ms', 0.001],
  ['s', 1],
  ['m', 60],
  ['h', 3600],
  ['d', 86_400],
]);
const BYTES: ReadonlyMap<string, number> = new Map([
  ['', 1],
  ['B', 1],
  ['KiB', 1024],
  ['MiB', 1024 ** 2],
]);

/** What a duration must look like, for messages and the JSON Schema. */
export const DURATION_PATTERN = /^(?:0|[1-9][0-9]{0,8})(?:ms|s|m|h|d)$/;

/** What a size must look like, for messages and the JSON Schema. A bare number is bytes. */
export const SIZE_PATTERN = /^[1-9][0-9]{0,8}(?:B|KiB|MiB)?$/;

/** Parses a duration such as `30s`. @returns seconds, or undefined when the text is none. */
export function parseDuration(text: string): number | undefined {
  return DURATION_PATTERN.test(text) ? multiply(text, SECONDS) : undefined;
}

/** Parses a size such as `1MiB` or `16384`. @returns bytes, or undefined when the text is none. */
export function parseSize(text: string): number | undefined {
  return SIZE_PATTERN.test(text) ? multiply(text, BYTES) : undefined;
}

function multiply(text: string, units: ReadonlyMap<string, number>): number | undefined {
  const unit = units.get(text.replace(/^[0-9]+/, ''));
  return unit === undefined ? undefined : Number.parseInt(text, 10) * unit;
}

/** Writes seconds as a duration of issuers.yaml, exactly: `90s`, `15m`, `24h`, `7d`. */
export function formatDuration(seconds: number): string {
  if (!Number.isInteger(seconds)) {
    return `${Math.round(seconds * 1000)}ms`;
  }
  const [unit, size] = [...SECONDS].findLast(
    ([name, unitSize]) => seconds >= (name === 'd' ? 2 : 1) * unitSize && seconds % unitSize === 0,
  ) ?? ['s', 1];
  return `${seconds / size}${unit}`;
}

/** Writes seconds as a person would say them: `45 s`, `12 min`, `3 h`, `2 d`. */
export function formatSeconds(seconds: number): string {
  const s = Math.round(Math.abs(seconds));
  if (s < 120) {
    return `${s} s`;
  }
  if (s < 2 * 3600) {
    return `${Math.round(s / 60)} min`;
  }
  return s < 2 * 86_400 ? `${Math.round(s / 3600)} h` : `${Math.round(s / 86_400)} d`;
}
