// Tokens from a program: kubelogin, the command line of a cloud, a script of one's own.
import { basename } from 'node:path';
import { hideTokens } from '../../hide-tokens.ts';
import { fault } from '../token/client-token.ts';
import type { TokenSource } from '../token/token-source.ts';
import { EXEC_INFO, readExecOutput } from './exec-output.ts';
import { type Argv, runProgram } from './run-program.ts';

/** What a program source needs of its surroundings. */
export interface ExecSourceOptions {
  /** Seconds. */
  readonly deadline: number;
  readonly env: NodeJS.ProcessEnv;
  /** Gets each line of its standard error, without tokens. */
  readonly onError: (line: string) => void;
}

/** Creates a source of the tokens that a program prints. */
export function createExecSource(argv: Argv, options: ExecSourceOptions): TokenSource {
  const { deadline, env, onError } = options;
  // Its arguments may be secrets; it itself, where somebody has left it out and written a token alone.
  const program = hideTokens(basename(argv[0]));
  return {
    name: `program ${program}`,
    async get(signal) {
      const run = await runProgram(argv, {
        deadline,
        env: { ...env, ...EXEC_INFO },
        onError: (line) => {
          onError(hideTokens(line));
        },
        signal,
      });
      return run.ok
        ? readExecOutput(run.output)
        : fault(
            run.reason,
            run.hint ?? `Run ${program} by hand as this user; the log has what it says.`,
          );
    },
  };
}
