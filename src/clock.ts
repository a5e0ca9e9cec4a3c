// Time comes in as a parameter everywhere, so that tests can hold it still.

/** Returns the current time as Unix time in seconds, with a fraction. */
export type Clock = () => number;

/** The wall clock of this host. */
export const systemClock: Clock = () => Date.now() / 1000;

/** Seconds of this process on a clock that is never set. */
export const monotonicClock: Clock = () => performance.now() / 1000;
