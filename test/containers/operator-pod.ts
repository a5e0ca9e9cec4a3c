// The pod of an instance as CloudNativePG 1.27 makes it (pkg/specs/pods.go, pkg/specs/volumes.go), as far as running its containers
// depends on it; and what Kubernetes adds to each container: the credentials of the service account.
import * as z from 'zod';

const securityContext = z.looseObject({
  runAsUser: z.number().optional(),
  runAsGroup: z.number().optional(),
  readOnlyRootFilesystem: z.literal(true),
  allowPrivilegeEscalation: z.literal(false),
  capabilities: z.strictObject({ drop: z.tuple([z.literal('ALL')]) }),
});
const containerSchema = z.looseObject({
  name: z.string(),
  image: z.string(),
  command: z.array(z.string()).optional(),
  args: z.array(z.string()).optional(),
  restartPolicy: z.literal('Always').optional(),
  volumeMounts: z.array(
    z.strictObject({
      name: z.string(),
      mountPath: z.string(),
      subPath: z.string().optional(),
      readOnly: z.boolean().optional(),
    }),
  ),
  securityContext,
});
/** What the tests know of a pod. */
export const podSchema = z.looseObject({
  spec: z.looseObject({
    volumes: z.array(
      z.looseObject({
        name: z.string(),
        configMap: z.strictObject({ name: z.string() }).optional(),
      }),
    ),
    initContainers: z.array(containerSchema),
    containers: z.array(containerSchema),
    securityContext: z.looseObject({
      runAsUser: z.number(),
      runAsGroup: z.number(),
      fsGroup: z.number(),
    }),
  }),
});
export type Pod = z.infer<typeof podSchema>;
export type PodContainer = Pod['spec']['containers'][number];

const RESTRICTED = {
  allowPrivilegeEscalation: false,
  privileged: false,
  runAsNonRoot: true,
  readOnlyRootFilesystem: true,
  capabilities: { drop: ['ALL'] },
};
const MOUNTS = [
  { name: 'pgdata', mountPath: '/var/lib/postgresql/data' },
  { name: 'scratch-data', mountPath: '/run' },
  { name: 'scratch-data', mountPath: '/controller' },
  { name: 'shm', mountPath: '/dev/shm' },
];

/** A pod of a cluster with this image. */
export function operatorPod(image: string): unknown {
  return {
    spec: {
      initContainers: [
        {
          name: 'bootstrap-controller',
          image: 'the operator',
          command: ['/manager', 'bootstrap', '/controller/manager'],
          volumeMounts: [...MOUNTS],
          securityContext: RESTRICTED,
        },
      ],
      containers: [
        {
          name: 'postgres',
          image,
          command: ['/controller/manager', 'instance', 'run'],
          volumeMounts: [...MOUNTS],
          securityContext: RESTRICTED,
        },
      ],
      volumes: [
        { name: 'pgdata', persistentVolumeClaim: { claimName: 'pgtoken-1' } },
        { name: 'scratch-data', emptyDir: {} },
        { name: 'shm', emptyDir: { medium: 'Memory' } },
      ],
      securityContext: { runAsNonRoot: true, runAsUser: 26, runAsGroup: 26, fsGroup: 26 },
    },
  };
}
