// Sessions on later versions of PostgreSQL, a standby among them: the tests of test/e2e/sessions.
import { describeEnds } from '../../e2e/sessions/describe-ends.ts';
import { describeServers } from '../../e2e/sessions/describe-servers.ts';
import { onLaterServers } from '../machine/on-later-servers.ts';

onLaterServers(() => {
  describeEnds();
  describeServers();
});
