// Turns: so many at a time, and so many that wait for theirs, in the order in which they came.

/** A turn that was taken. Given back once. */
export interface Turn {
  release(): void;
}

/** Gives out turns. */
export interface Turns {
  /** @returns a turn; `full` at once where too many wait, `late` where the signal comes first. */
  take(signal: AbortSignal): Promise<Turn | 'full' | 'late'>;
}

/**
 * @param most that are taken at a time.
 * @param mostWaiting that may wait for one.
 */
export function createTurns(most: number, mostWaiting: number): Turns {
  let taken = 0;
  const waiting = new Set<() => void>();
  const release = (): void => {
    const [next] = waiting;
    if (next === undefined) {
      taken -= 1;
    } else {
      // The turn goes over as it is.
      waiting.delete(next);
      next();
    }
  };
  const turn: Turn = { release };
  return {
    async take(signal) {
      if (taken < most) {
        taken += 1;
        return turn;
      }
      if (waiting.size >= mostWaiting) {
        return 'full';
      }
      return new Promise((resolve) => {
        const give = (): void => {
          signal.removeEventListener('abort', giveUp);
          resolve(turn);
        };
        const giveUp = (): void => {
          waiting.delete(give);
          resolve('late');
        };
        waiting.add(give);
        signal.addEventListener('abort', giveUp, { once: true });
      });
    },
  };
}
