// Roles follow tokens on the PostgreSQL of this machine. test/package/installed/provision-logins.test.ts has the same on later versions.
import { describeLogins } from './describe-logins.ts';

describeLogins();
