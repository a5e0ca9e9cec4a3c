// Moments as an administrator writes them: with their offset from UTC (RFC 3339).

/** What a moment must look like; it may still be one that does not exist. */
export const MOMENT_PATTERN =
  /^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}(?:\.[0-9]{1,3})?(?:Z|[+-][0-9]{2}:[0-9]{2})$/;

/** Parses a moment such as `2026-11-01T00:00:00Z`. @returns Unix time in seconds, or undefined when the text is none. */
export function parseMoment(text: string): number | undefined {
  const milliseconds = Date.parse(text);
  if (!MOMENT_PATTERN.test(text) || Number.isNaN(milliseconds)) {
    return undefined;
  }
  // JavaScript takes the 31st of February for one in March.
  const [year, month, day] = [text.slice(0, 4), text.slice(5, 7), text.slice(8, 10)].map(Number);
  const lastDay = new Date(Date.UTC(year ?? 0, month ?? 0, 0)).getUTCDate();
  return (day ?? 0) <= lastDay ? milliseconds / 1000 : undefined;
}
