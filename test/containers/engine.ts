// The container engine that all test files share.
import { startContainerEngine } from '../support/start-container-engine.ts';

export async function setup(): Promise<() => Promise<void>> {
  const engine = await startContainerEngine();
  // The processes of the tests get it from here.
  Object.assign(process.env, engine.env);
  return async () => engine[Symbol.asyncDispose]();
}
