// Roles follow tokens on later versions of PostgreSQL: the tests of test/e2e/provision/logins.test.ts.
import { describeLogins } from '../../e2e/provision/describe-logins.ts';
import { onLaterServers } from '../machine/on-later-servers.ts';

onLaterServers(describeLogins);
