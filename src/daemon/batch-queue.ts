// Small jobs that nobody waits for, done in batches. One after the other they take a fraction of the time that they
// take one by one, each on a processor that has just done something else; a login is then done with sooner.

/** Jobs that wait. */
export interface BatchQueue {
  /** Adds a job; it is done within the delay. @param bytes about as many as it holds in memory until then. */
  add(job: () => void, bytes: number): void;
  /** Does all that wait, now. */
  flush(): void;
}

/** From this many jobs on they are done at once, */
const MAX_JOBS = 256;
/** and from this many bytes on. */
const MAX_BYTES = 512 * 1024;

/**
 * Creates a queue of jobs.
 *
 * @param delay the longest time a job waits, in milliseconds; what waits when the process is killed is never done.
 * @param onError told of a job that throws; the others are done all the same.
 */
export function createBatchQueue(delay: number, onError: (error: unknown) => void): BatchQueue {
  let jobs: (() => void)[] = [];
  let held = 0;
  let timer: NodeJS.Timeout | undefined;
  const flush = (): void => {
    clearTimeout(timer);
    timer = undefined;
    const due = jobs;
    jobs = [];
    held = 0;
    for (const job of due) {
      try {
        job();
      } catch (error) {
        onError(error);
      }
    }
  };
  return {
    add(job, bytes) {
      jobs.push(job);
      held += bytes;
      timer ??= setTimeout(flush, delay);
      if (jobs.length >= MAX_JOBS || held >= MAX_BYTES) {
        flush();
      }
    },
    flush,
  };
}
