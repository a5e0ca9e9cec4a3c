// The signals by which a program is told to end.

/** @returns what is aborted by the first of them. None that comes early, and no second one, kills the process in the middle. */
export function endingSignal(): AbortSignal {
  const ending = new AbortController();
  for (const signal of ['SIGTERM', 'SIGINT']) {
    process.on(signal, () => {
      ending.abort();
    });
  }
  return ending.signal;
}
