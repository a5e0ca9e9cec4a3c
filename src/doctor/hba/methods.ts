// The authentication methods of pg_hba.conf: on which lines each may be, and with which options. As of PostgreSQL 14 to 19.

interface Method {
  /** The connection types that it is for; undefined: all. */
  readonly types?: readonly string[];
  readonly options?: readonly string[];
}

const HOST_TYPES = ['host', 'hostssl', 'hostnossl', 'hostgssenc', 'hostnogssenc'];
const LDAP =
  'tls scheme url server port binddn bindpasswd searchattribute searchfilter basedn prefix suffix';

const METHODS: Readonly<Record<string, Method>> = {
  trust: {},
  reject: {},
  md5: {},
  password: {},
  'scram-sha-256': {},
  gss: { types: HOST_TYPES, options: ['krb_realm', 'include_realm', 'map'] },
  sspi: {
    types: HOST_TYPES,
    options: ['krb_realm', 'include_realm', 'compat_realm', 'upn_username', 'map'],
  },
  // On local lines it is peer.
  ident: { options: ['map'] },
  peer: { types: ['local'], options: ['map'] },
  pam: { options: ['pamservice', 'pam_use_hostname'] },
  bsd: {},
  ldap: { options: LDAP.split(' ').map((name) => `ldap${name}`) },
  radius: { options: ['radiusservers', 'radiussecrets', 'radiusports', 'radiusidentifiers'] },
  cert: { types: ['hostssl'], options: ['map'] },
  oauth: { options: ['issuer', 'scope', 'validator', 'delegate_ident_mapping', 'map'] },
};

/** Options for every method, on lines of this type alone, with their values. */
const TLS_TYPE = 'hostssl';
const TLS_OPTIONS: Readonly<Record<string, readonly string[]>> = {
  clientcert: ['verify-ca', 'verify-full'],
  clientname: ['CN', 'DN'],
};

/** @returns why PostgreSQL cannot use a line with this method; undefined where it can. */
export function findMethodFault(type: string, method: string): string | undefined {
  const known = Object.hasOwn(METHODS, method) ? METHODS[method] : undefined;
  if (known === undefined) {
    return `"${method}" is no method; expected ${Object.keys(METHODS).join(', ')}`;
  }
  return known.types?.includes(type) === false
    ? `${method} is for lines with ${known.types.join(', ')}; this is a ${type} line`
    : undefined;
}

/** @returns why PostgreSQL cannot use a line with this option; undefined where it can. */
export function findOptionFault(
  type: string,
  method: string,
  [name, value]: readonly [name: string, value: string],
): string | undefined {
  const shown = `option ${name}=${value}`;
  const values = Object.hasOwn(TLS_OPTIONS, name) ? TLS_OPTIONS[name] : undefined;
  if (values !== undefined) {
    return type !== TLS_TYPE
      ? `${shown} is for ${TLS_TYPE} lines; this is a ${type} line`
      : values.includes(value)
        ? undefined
        : `${shown} has another value than ${values.join(' or ')}`;
  }
  const own = METHODS[method]?.options ?? [];
  // PostgreSQL 19 hands these to a validator, which knows them.
  const isForValidator = method === 'oauth' && name.startsWith('validator.');
  return own.includes(name) || isForValidator ? undefined : `${shown} is not for ${method}`;
}

/** The options that a line with this method may have. */
export function optionsOf(type: string, method: string): readonly string[] {
  return [
    ...(METHODS[method]?.options ?? []),
    ...(type === TLS_TYPE ? Object.keys(TLS_OPTIONS) : []),
  ];
}
