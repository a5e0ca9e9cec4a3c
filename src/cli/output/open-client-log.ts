// The log of the commands on the client's side.
import { createLineLogger, type LineLogger } from '../../log/create-line-logger.ts';
import { isJournal } from '../../log/is-journal.ts';
import { createLogOutput, type LogOutput } from '../../log/log-output.ts';

/** As the daemon's: JSON on standard output, and never waiting for whoever reads it. */
export function openClientLog(): { readonly log: LineLogger; readonly output: LogOutput } {
  const withPriorities = isJournal(1, process.env);
  const output = createLogOutput({
    fd: 1,
    describeLoss: (lost) => {
      let text = '';
      const write = (line: string): void => void (text += line);
      createLineLogger(write, { withPriorities }).warn(
        { lost },
        'lines of the log were lost, as nobody took them in time',
      );
      return text;
    },
  });
  const write = (line: string): void => {
    output.write(line);
  };
  return { log: createLineLogger(write, { withPriorities }), output };
}
