// pam.services and pam.sources: which logins an entry is for; and the protected roles that one of them may permit.
import type { Mint } from '../mint.ts';
import { granted, type Recipe } from './recipe.ts';

const SERVICE_HINT =
  'The line of pg_hba.conf (pamservice=), or a pooler in front, names the service: see which one the client meets.';
const SOURCE_HINT = 'Add the network of the client to pam.sources if it may log in from there.';

export function origin({ token }: Mint): Recipe[] {
  const password = token();
  const grants = (
    name: string,
    source: string | undefined,
    service = 'postgresql-k8s',
  ): Recipe => ({ name, policy: 'origin', service, source, password, expected: granted('k8s') });
  const refusesSource = (
    name: string,
    source: string | undefined,
    shown: string,
    hint = SOURCE_HINT,
  ): Recipe => ({
    name,
    policy: 'origin',
    service: 'postgresql-k8s',
    source,
    password,
    expected: {
      code: 'ERR_SOURCE_NOT_PERMITTED',
      message: `entry k8s: the client comes from ${shown}; expected one of "10.0.0.0/8", "fd00::/8", "local" (pam.sources)`,
      hint,
    },
  });
  const refusesService = (name: string, service: string): Recipe => ({
    name,
    policy: 'origin',
    service,
    password,
    expected: {
      code: 'ERR_SERVICE_NOT_PERMITTED',
      message: `entry k8s: PAM service "${service}"; expected one of "postgresql-k8s", "postgresql-jobs" (pam.services)`,
      hint: SERVICE_HINT,
    },
  });
  const admin = (
    name: string,
    role: string,
    expected: Recipe['expected'],
    source = '192.0.2.1',
  ): Recipe => ({
    name,
    policy: 'origin',
    service: 'postgresql-admin',
    source,
    role,
    password,
    expected,
  });
  return [
    grants('grants a login from a listed network', '10.1.2.3'),
    grants('grants a login by the other listed service', '10.1.2.3', 'postgresql-jobs'),
    grants('grants a login from a listed network of IPv6', 'fd12::1'),
    grants('grants a login by unix socket where local is listed', undefined),
    grants('grants a listed IPv4 address that is written as IPv6', '::ffff:10.1.2.3'),
    refusesSource('refuses a login from elsewhere', '192.0.2.7', '"192.0.2.7"'),
    refusesSource('refuses the loopback address, which is not local', '127.0.0.1', '"127.0.0.1"'),
    refusesSource('refuses IPv6 from elsewhere', 'fe80::1%eth0', '"fe80::1%eth0"'),
    ...['web-1.example.com', 'local', '10.1.2.3.4', '10.1.2.3/8', ''].map((source) =>
      refusesSource(
        `refuses a source that is no address: ${JSON.stringify(source)}`,
        source,
        `${JSON.stringify(source)}, which is no IP address`,
        'Take pam_use_hostname=1 out of pg_hba.conf: only addresses can be compared.',
      ),
    ),
    refusesService('refuses a login by another service', 'postgresql'),
    refusesService('refuses a service that differs in case', 'postgresql-K8s'),
    refusesService('refuses no service', ''),

    admin('grants a protected role that the entry excepts', 'pg_monitor', granted('admin')),
    admin('refuses a protected role that the entry does not except', 'postgres', {
      code: 'ERR_ROLE_PROTECTED',
      message:
        'entry admin: role "postgres" is protected, no token may log in as it (protectedRoles: "postgres", "root", "pg_*")',
    }),
    admin('does not name a protected role among those the token may be', 'pg_monito', {
      code: 'ERR_ROLE_PROTECTED',
      message:
        'entry admin: role "pg_monito" is protected, no token may log in as it (protectedRoles: "postgres", "root", "pg_*")',
    }),
    admin('names the protected role that is excepted', 'somebody', {
      code: 'ERR_ROLE_NOT_PERMITTED',
      message: 'entry admin: role "somebody" asked for, and the token may only be "pg_monitor"',
    }),
    {
      name: 'refuses an excepted role by the entry that does not except it',
      policy: 'origin',
      service: 'postgresql-k8s',
      role: 'pg_monitor',
      password: token({ claims: { sub: 'system:serviceaccount:pg_monitor' } }),
      expected: {
        code: 'ERR_ROLE_PROTECTED',
        message:
          'entry k8s: role "pg_monitor" is protected, no token may log in as it (protectedRoles: "postgres", "root", "pg_*")',
      },
    },
    admin(
      'tells of the first entry where each is for other logins',
      'pg_monitor',
      {
        code: 'ERR_SERVICE_NOT_PERMITTED',
        message:
          'entry k8s: PAM service "postgresql-admin"; expected one of "postgresql-k8s", "postgresql-jobs" (pam.services)',
      },
      '192.0.2.2',
    ),
  ];
}
