// Makes a source of tokens from its description. What a kind needs is loaded when there is one of it.
import type { Clock } from '../../clock.ts';
import type { TokenSource } from '../token/token-source.ts';
import { createFileSource } from './file-source.ts';
import type { SourcePlan } from './source-plan.ts';

/** What sources need of their surroundings. */
export interface SourceEnvironment {
  readonly clock: Clock;
  readonly env: NodeJS.ProcessEnv;
  /** Gets what the program of a source writes to standard error. */
  readonly onError: (source: string, line: string) => void;
}

/** Creates a source. */
export async function createSource(
  plan: SourcePlan,
  { clock, env, onError }: SourceEnvironment,
): Promise<TokenSource> {
  switch (plan.kind) {
    case 'file':
      return createFileSource(plan.path, { clock });
    case 'exec': {
      const { createExecSource } = await import('./exec-source.ts');
      const source: TokenSource = createExecSource(plan.argv, {
        deadline: plan.deadline,
        env,
        onError: (line) => {
          onError(source.name, line);
        },
      });
      return source;
    }
    case 'gcp-metadata': {
      const { createGCPMetadataSource } = await import('./gcp-metadata.ts');
      return createGCPMetadataSource(plan.audience, env);
    }
    case 'azure-imds': {
      const { createAzureIMDSSource } = await import('./azure-imds.ts');
      return createAzureIMDSSource(plan, env);
    }
    case 'azure-federation': {
      const { createAzureFederationSource } = await import('./azure-federation.ts');
      return createAzureFederationSource(plan.scope, env, (path) =>
        createFileSource(path, { clock }),
      );
    }
    case 'aws-sts': {
      const { createAWSSTSSource } = await import('./aws/aws-sts.ts');
      const readFile = (path: string): TokenSource => createFileSource(path, { clock });
      return createAWSSTSSource(plan, { env, clock, readFile });
    }
  }
}
