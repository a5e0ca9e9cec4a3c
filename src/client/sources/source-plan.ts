// The kinds of token sources as data, as options and configuration name them.
import type { Argv } from './run-program.ts';

/** A source of tokens, by its kind. */
export type SourcePlan =
  | { readonly kind: 'file'; readonly path: string }
  | { readonly kind: 'exec'; readonly argv: Argv; readonly deadline: number }
  | { readonly kind: 'gcp-metadata'; readonly audience: string }
  | {
      readonly kind: 'azure-imds';
      readonly resource: string;
      readonly clientID: string | undefined;
    }
  | { readonly kind: 'azure-federation'; readonly scope: string }
  | {
      readonly kind: 'aws-sts';
      readonly audience: string;
      readonly algorithm: 'ES384' | 'RS256';
      /** Seconds. */
      readonly duration: number;
    };
