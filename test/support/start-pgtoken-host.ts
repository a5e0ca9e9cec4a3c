// A database host as an administrator would set it up in mode=exec: an installation of pgtoken, the PAM service
// `postgresql-k8s` that uses it, and a PostgreSQL server whose logins all go through that service.
import { startPostgresCluster, type PostgresCluster } from './postgres-cluster.ts';
import { stageInstallation, type StagedInstallation } from './stage-installation.ts';

export interface PgtokenHostOptions {
  readonly issuersYAML: string;
  /** The database roles that exist besides postgres. */
  readonly roles: readonly string[];
  /** The module's time limit in seconds. Default: the module's own. */
  readonly timeout?: number;
}

export interface PgtokenHost extends AsyncDisposable {
  readonly installation: StagedInstallation;
  readonly cluster: PostgresCluster;
  readonly stop: () => Promise<void>;
  /** Stops the server; installation and cluster stay where they are, to be looked into. */
  readonly stopAndKeep: () => Promise<void>;
}

export const PAM_SERVICE = 'postgresql-k8s';

export async function startPgtokenHost(options: PgtokenHostOptions): Promise<PgtokenHost> {
  const installation = await stageInstallation(options.issuersYAML);
  const module = [
    installation.module,
    'mode=exec',
    `helper=${installation.helper}`,
    `config=${installation.config}`,
    ...(options.timeout === undefined ? [] : [`timeout=${options.timeout}`]),
  ].join(' ');

  let cluster: PostgresCluster;
  try {
    cluster = await startPostgresCluster({
      hba: [
        `local all all pam pamservice=${PAM_SERVICE}`,
        `host all all 127.0.0.1/32 pam pamservice=${PAM_SERVICE}`,
      ],
      pamServices: { [PAM_SERVICE]: `auth required ${module}\naccount required ${module}\n` },
      setup: options.roles.map((role) => `create role "${role.replaceAll('"', '""')}" login`),
    });
  } catch (error) {
    await installation.remove();
    throw error;
  }

  const stop = async (): Promise<void> => {
    try {
      await cluster.stop();
    } finally {
      await installation.remove();
    }
  };
  return {
    installation,
    cluster,
    stop,
    stopAndKeep: async () => {
      installation.keep();
      await cluster.stopAndKeep();
    },
    [Symbol.asyncDispose]: stop,
  };
}
