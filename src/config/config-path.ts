// A place in issuers.yaml.

/** Where something stands in the configuration, from the top: keys and list indices. */
export type ConfigPath = readonly (string | number)[];
