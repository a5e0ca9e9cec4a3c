// Where the command starts. A PAM module with mode=exec starts it for each login and waits for it, so that the call it makes
// is answered with as little as possible: everything else is loaded only when it is asked for.
import { LOAD_POLICY } from '../daemon/reload/load-policy-command.ts';
import { decideForPAM, reportAndExit } from './pam/pam.ts';
import { parsePAMArguments } from './pam-arguments.ts';

process.on('uncaughtException', (error) => {
  reportAndExit(error);
});

const options = parsePAMArguments(process.argv.slice(2));
if (process.argv[2] === LOAD_POLICY) {
  import('../daemon/reload/load-policy-thread.ts').then(async ({ sendLoadedPolicy }) => {
    await sendLoadedPolicy(process.argv[3] ?? '');
  }, reportAndExit);
} else if (options === undefined) {
  import('./program.ts').then(({ runProgram }) => {
    runProgram();
  }, reportAndExit);
} else {
  void decideForPAM(options);
}
