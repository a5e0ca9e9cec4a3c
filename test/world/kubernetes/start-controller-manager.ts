// What makes pods of deployments, gives each namespace its default service account and the cluster's certificate authority,
// and ends what belongs to something that was deleted.
import { join } from 'node:path';

import { startProcess, type StartedProcess } from '../machine/start-process.ts';
import type { Peer } from '../part.ts';
import { type ApiServer, programOf } from './start-api-server.ts';

const CONTROLLERS = [
  'deployment-controller',
  'replicaset-controller',
  'serviceaccount-controller',
  'root-ca-certificate-publisher-controller',
  'namespace-controller',
  'garbage-collector-controller',
  'pod-garbage-collector-controller',
];

/** Starts it, and waits until it has made the default service account of the default namespace. */
export async function startControllerManager(peer: Peer, api: ApiServer): Promise<StartedProcess> {
  const process = startProcess({
    command: [
      programOf(peer, 'kube-controller-manager'),
      `--kubeconfig=${api.kubeconfig}`,
      `--root-ca-file=${join(api.folder, 'ca.crt')}`,
      `--controllers=${CONTROLLERS.join(',')}`,
      '--leader-elect=false',
      '--secure-port=0',
    ],
  });
  try {
    await process.until('controllers that are at work', async () => {
      const { status } = await api.ask('/api/v1/namespaces/default/serviceaccounts/default');
      return status === 200;
    });
  } catch (error) {
    await process.stop();
    throw error;
  }
  return process;
}
