import type { LiveProvider, Provider, StartOptions } from '../provider.ts';

/** A start whose servers are stopped with the provider, and when a later one of them does not start. */
export function startWith(
  begin: (
    stack: AsyncDisposableStack,
    options: StartOptions,
  ) => Promise<Omit<LiveProvider, typeof Symbol.asyncDispose>>,
): Provider['start'] {
  return async (options) => {
    const stack = new AsyncDisposableStack();
    try {
      const live = await begin(stack, options);
      return { ...live, [Symbol.asyncDispose]: async () => stack.disposeAsync() };
    } catch (error) {
      await stack.disposeAsync();
      throw error;
    }
  };
}
