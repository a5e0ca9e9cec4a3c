// Settings of a server that decide whether a client gets as far as PAM, and over which connection.

/** As far as the user of the connection may see them. */
export interface ServerSettings {
  readonly listenAddresses: string;
  /** Whether the server encrypts connections. */
  readonly hasTLS: boolean;
  /** Relative to the data folder. */
  readonly certificateFile: string;
  /** Of the authorities that sign clients' certificates; empty where there is none. */
  readonly clientAuthorityFile: string;
  /** Undefined where the user may not see it. */
  readonly dataFolder: string | undefined;
  /** The OAuth validators that lines of pg_hba.conf may have; undefined before PostgreSQL 18. */
  readonly validatorLibraries: readonly string[] | undefined;
  /** As in server_version_num. */
  readonly version: number | undefined;
  /** Names of settings that were changed and wait for a restart. */
  readonly pending: readonly string[];
}

/** The setting of PostgreSQL behind each of them. */
export const SETTING_NAMES = {
  listenAddresses: 'listen_addresses',
  hasTLS: 'ssl',
  certificateFile: 'ssl_cert_file',
  clientAuthorityFile: 'ssl_ca_file',
  dataFolder: 'data_directory',
  validatorLibraries: 'oauth_validator_libraries',
  version: 'server_version_num',
} as const;

/** Makes them of rows of pg_settings. */
export function parseSettings(
  rows: readonly {
    readonly name: string;
    readonly setting: string;
    readonly pending_restart: boolean;
  }[],
): ServerSettings {
  const valueOf = (name: string): string | undefined =>
    rows.find((row) => row.name === name)?.setting;
  return {
    listenAddresses: valueOf(SETTING_NAMES.listenAddresses) ?? '',
    hasTLS: valueOf(SETTING_NAMES.hasTLS) === 'on',
    certificateFile: valueOf(SETTING_NAMES.certificateFile) ?? '',
    clientAuthorityFile: valueOf(SETTING_NAMES.clientAuthorityFile) ?? '',
    dataFolder: valueOf(SETTING_NAMES.dataFolder),
    validatorLibraries: valueOf(SETTING_NAMES.validatorLibraries)
      ?.split(',')
      .map((name) => name.trim().replace(/^"(.*)"$/, '$1'))
      .filter((name) => name !== ''),
    version: Number(valueOf(SETTING_NAMES.version)) || undefined,
    pending: rows.filter((row) => row.pending_restart).map(({ name }) => name),
  };
}
