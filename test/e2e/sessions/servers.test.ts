// Sessions end whatever becomes of their server meanwhile: on the PostgreSQL of this machine. The package's tests have it on others.
import { describeServers } from './describe-servers.ts';

describeServers();
