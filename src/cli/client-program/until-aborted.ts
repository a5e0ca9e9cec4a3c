// Waits for the signal to end.

/** Resolves when it is given. */
export async function untilAborted(signal: AbortSignal): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<undefined>();
  signal.addEventListener('abort', () => {
    resolve(undefined);
  });
  if (!signal.aborted) {
    await promise;
  }
}
