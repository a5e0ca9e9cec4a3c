// The one place that says which version this is: package.json.
import packageJSON from '../../package.json' with { type: 'json' };

/** This version of pgtoken. */
export const VERSION: string = packageJSON.version;
