// Pgpool-II in the three ways of docs/connect/poolers.md, and in the one that it warns of.
import { type Configured, type Place, POOLER_MAP, SERVER_SERVICE, type Setup } from '../setup.ts';

const ASKS = { asked: ['pgpool'], askedAgain: ['pgpool'], longest: 65_000 };
const PAM = 'host all all 0.0.0.0/0 pam\n';

/** @param socketSetting what it calls the folder of its sockets in this version. */
export function pgpool(socketSetting: string): readonly Setup[] {
  const configure =
    (
      settings: readonly string[],
      poolHBA: string,
      backend: (place: Place) => string = () => '127.0.0.1',
    ) =>
    (place: Place): Configured => ({
      files: {
        'pgpool.conf': [
          ...lines(place, socketSetting),
          `backend_hostname0 = '${backend(place)}'`,
          ...settings,
          '',
        ].join('\n'),
        'pool_hba.conf': poolHBA,
        pool_passwd: '',
        'pcp.conf': '',
      },
      args: [
        '-n',
        `--config-file=${place.folder}/pgpool.conf`,
        `--hba-file=${place.folder}/pool_hba.conf`,
        `--pcp-file=${place.folder}/pcp.conf`,
      ],
    });
  return [
    {
      ...ASKS,
      what: 'the pooler asks, and PostgreSQL knows its user',
      hba: [`local all all peer map=${POOLER_MAP}`],
      configure: configure(
        ['enable_pool_hba = on'],
        PAM,
        ({ server: { socketFolder } }) => socketFolder,
      ),
    },
    {
      ...ASKS,
      what: 'the pooler asks, and PostgreSQL trusts its address',
      hba: ['host all all 127.0.0.1/32 trust'],
      configure: configure(['enable_pool_hba = on'], PAM),
    },
    {
      what: 'PostgreSQL asks',
      asked: [SERVER_SERVICE],
      askedAgain: [SERVER_SERVICE],
      longest: 1023,
      configure: configure(['enable_pool_hba = off', 'connection_cache = off'], ''),
    },
    {
      what: 'PostgreSQL asks, and the cache is on',
      asked: [SERVER_SERVICE],
      askedAgain: 'refused',
      longest: 1023,
      configure: configure(['enable_pool_hba = off'], ''),
    },
  ];
}

function lines(
  { folder, port, secondPort, server }: Place,
  socketSetting: string,
): readonly string[] {
  return [
    "backend_clustering_mode = 'raw'",
    "listen_addresses = '127.0.0.1'",
    `port = ${port}`,
    `pcp_port = ${secondPort}`,
    `${socketSetting} = '${folder}'`,
    `pcp_socket_dir = '${folder}'`,
    `pid_file_name = '${folder}/pid'`,
    `logdir = '${folder}'`,
    `backend_port0 = ${server.port}`,
    // One process, so that each login meets the cache of the one before.
    'num_init_children = 1',
    'sr_check_period = 0',
  ];
}
