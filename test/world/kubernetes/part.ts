// API servers of Kubernetes, with etcd, the controller manager and kubectl of the same version; nginx as the discovery proxy; and
// the package of pgtoken, for a first login in a fresh system. There is no kubelet: what it would do to a pod (a node for it, its
// token) the tests do.
import { join } from 'node:path';

import { buildPackage, QUICK_OPTIONS } from '../../package/machine/build-package.ts';
import { buildGo } from '../machine/build-go.ts';
import { findGo } from '../machine/find-go.ts';
import { unpackDebianPackage } from '../machine/unpack-debian-package.ts';
import type { Part } from '../part.ts';

const ETCD = '3.7.3';
/** Each with a folder of modules/. */
const VERSIONS = ['1.37.2', '1.36.3'];

const MODULES = join(import.meta.dirname, 'modules');

export const kubernetes: Part = {
  name: 'kubernetes',
  title: 'Kubernetes',
  about: `An API server with etcd, its controller manager and kubectl; PostgreSQL, the module, the daemon and psql; and nginx with the
configuration of [discovery-proxy.yaml](../../packaging/examples/kubernetes/discovery-proxy.yaml), in which the addresses and paths of
a pod are replaced with those of this machine. For [a first login](../start/first-login.md) the package is installed in a fresh Debian
that has nothing else. There is no kubelet: the tests ask for the tokens of pods with the request that it makes.`,
  prepare: async (cache, progress) => {
    const go = await findGo();
    const pgtoken = await progress.step('pgtoken: package', async () =>
      buildPackage(join(cache, 'kubernetes'), { options: QUICK_OPTIONS }),
    );
    const nginx = await unpackDebianPackage('nginx', cache, progress);
    const etcd = await buildGo(
      {
        name: `etcd-${ETCD}`,
        module: join(MODULES, 'etcd'),
        programs: { etcd: 'go.etcd.io/etcd/server/v3' },
      },
      cache,
      progress,
    );
    const peers = [];
    for (const version of VERSIONS) {
      const programs = await buildGo(
        {
          name: `kubernetes-${version}`,
          module: join(MODULES, `kubernetes-${version.split('.', 2).join('.')}`),
          programs: Object.fromEntries(
            ['kube-apiserver', 'kube-controller-manager', 'kubectl'].map((name) => [
              name,
              `k8s.io/kubernetes/cmd/${name}`,
            ]),
          ),
          // What a release says of itself.
          ldflags: [
            ['gitVersion', `v${version}`],
            ['gitMajor', version.split('.')[0]],
            ['gitMinor', version.split('.')[1]],
          ].map(([name, value]) => `-X k8s.io/component-base/version.${name}=${value}`),
        },
        cache,
        progress,
      );
      peers.push({
        what: 'kube-apiserver',
        version,
        origin: `Go module \`k8s.io/kubernetes\`, ${go.version}; etcd ${ETCD}; nginx ${nginx.version}`,
        programs: { pgtoken, ...etcd, ...programs, nginx: join(nginx.root, 'usr/sbin/nginx') },
      });
    }
    return peers;
  },
};
