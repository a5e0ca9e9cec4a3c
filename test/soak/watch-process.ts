// Memory and descriptors of the daemon, looked at twice a second; a restarted daemon is another process.
import { readdir, readFile } from 'node:fs/promises';

export interface Sample {
  readonly pid: number;
  /** Resident memory, in MiB. */
  readonly memory: number;
  readonly descriptors: number;
}

export interface ProcessWatch {
  readonly samples: readonly Sample[];
  readonly stop: () => void;
}

const INTERVAL = 500;

export function watchProcess(pidOf: () => number): ProcessWatch {
  const samples: Sample[] = [];
  const timer = setInterval(() => {
    takeSample(pidOf()).then(
      (sample) => samples.push(sample),
      // It is being restarted.
      () => undefined,
    );
  }, INTERVAL);
  return {
    samples,
    stop: () => {
      clearInterval(timer);
    },
  };
}

/** Rejects when the process is gone. */
export async function takeSample(pid: number): Promise<Sample> {
  const status = await readFile(`/proc/${pid}/status`, 'utf8');
  const [, kilobytes] = /^VmRSS:\s+(\d+) kB$/m.exec(status) ?? [];
  const descriptors = (await readdir(`/proc/${pid}/fd`)).length;
  return { pid, memory: Number(kilobytes) / 1024, descriptors };
}
