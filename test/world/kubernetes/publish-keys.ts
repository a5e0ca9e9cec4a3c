import { join } from 'node:path';

import { EXAMPLES } from '../machine/install-example.ts';
import type { ApiServer } from './start-api-server.ts';

/** Lets everybody read the cluster's keys, as docs/issuers/kubernetes.md says. */
export async function publishKeys(api: ApiServer): Promise<void> {
  await api.kubectl([
    'apply',
    '--server-side',
    '-f',
    join(EXAMPLES, 'kubernetes/discovery-access.yaml'),
  ]);
}
