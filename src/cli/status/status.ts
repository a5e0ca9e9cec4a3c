// `pgtoken status`: how the running daemon stands, on one screen.
import { formatJSON } from '../output/format-json.ts';
import { reportProblem } from '../output/report-problem.ts';
import { askControl, problemOf } from '../control/ask-control.ts';
import { formatStatus, isWell } from './format-status.ts';

/** The options of `pgtoken status`. */
export interface StatusOptions {
  readonly control: string;
  readonly json: boolean;
}

/** Prints it. @returns the exit status. */
export async function showStatus({ control, json }: StatusOptions): Promise<number> {
  const reply = await askControl(control, { ask: 'status' });
  if (!('status' in reply)) {
    reportProblem(problemOf(reply));
    return 2;
  }
  const { status } = reply;
  process.stdout.write(json ? formatJSON(status) : formatStatus(status, Date.now() / 1000));
  return isWell(status) ? 0 : 1;
}
