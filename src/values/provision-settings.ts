// The settings that a role which follows a token may have set, in issuers.yaml and in the database.

/**
 * Limits of its own, and nothing by which another could have its sessions run something, such as search_path. The functions in the
 * database refuse every other.
 */
export const PROVISION_SETTINGS = [
  'application_name',
  'default_transaction_isolation',
  'default_transaction_read_only',
  'idle_in_transaction_session_timeout',
  'idle_session_timeout',
  'lock_timeout',
  'statement_timeout',
  'transaction_timeout',
  'work_mem',
] as const;
