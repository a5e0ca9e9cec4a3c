// How a warning of `config check` is given.
import type { ConfigPath } from '../config/config-path.ts';

/** Reports one warning at a place of an entry. `hint` is a whole sentence. */
export type Warn = (path: ConfigPath, message: string, hint: string) => void;
