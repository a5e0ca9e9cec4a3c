// What the thread that loads the configuration is called with. Apart, so that main.ts knows it without loading anything else.

/** In place of a command. No command line can hold it, for its NUL. */
export const LOAD_POLICY = '\0load-policy';
