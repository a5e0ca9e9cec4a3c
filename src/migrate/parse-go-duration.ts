// Durations as Go's time.ParseDuration takes them: "12h", "1h30m", "1.5h", "300ms".

const SECONDS: ReadonlyMap<string, number> = new Map([
  ['ns', 1e-9],
  ['us', 1e-6],
  ['µs', 1e-6],
  ['μs', 1e-6],
  ['ms', 1e-3],
  ['s', 1],
  ['m', 60],
  ['h', 3600],
]);

const PART = /(\d+\.?\d*|\.\d+)(ns|us|µs|μs|ms|s|m|h)/y;

/** Parses a duration of Go. @returns seconds, or undefined when the text is none. */
export function parseGoDuration(text: string): number | undefined {
  const unsigned = text.replace(/^[-+]/, '');
  if (unsigned === '0') {
    return 0;
  }
  let seconds = 0;
  let at = 0;
  while (at < unsigned.length) {
    PART.lastIndex = at;
    const [part = '', amount = '', unit = ''] = PART.exec(unsigned) ?? [];
    if (part === '') {
      return undefined;
    }
    seconds += Number(amount) * (SECONDS.get(unit) ?? 0);
    at += part.length;
  }
  return at === 0 ? undefined : text.startsWith('-') ? -seconds : seconds;
}
