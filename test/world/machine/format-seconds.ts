/** @returns whole seconds as a person says them, such as `45 s` or `12 min 05 s`. */
export function formatSeconds(seconds: number): string {
  return seconds < 60
    ? `${seconds} s`
    : `${Math.floor(seconds / 60)} min ${String(seconds % 60).padStart(2, '0')} s`;
}
