// The servers, each in the release of Debian that carries it.
import { makeRoot, type RootFolder } from '../../package/machine/root-folder.ts';
import {
  FROM_FORKY,
  installPostgreSQL,
  installValidator,
  unpackHeaders,
} from '../oauth/install-postgresql.ts';

export interface Server {
  /** The major version. */
  readonly postgresql: string;
  /** The release that has it. */
  readonly suite: string;
  /** Whether it has OAUTHBEARER; then the validator is compiled and installed. */
  readonly hasOAuth: boolean;
  /** Unpacks the release with the server in it. */
  readonly install: () => Promise<RootFolder>;
}

export const SERVERS: readonly Server[] = [
  {
    postgresql: '15',
    suite: 'bookworm',
    hasOAuth: false,
    install: async () => makeRoot('bookworm', ['ca-certificates', 'postgresql-15']),
  },
  {
    postgresql: '17',
    suite: 'trixie',
    hasOAuth: false,
    install: async () => makeRoot('trixie', ['ca-certificates', 'postgresql-17']),
  },
  {
    postgresql: '18',
    suite: 'forky',
    hasOAuth: true,
    install: async () => {
      const root = await makeRoot('forky', ['ca-certificates', ...FROM_FORKY, 'postgresql-18']);
      await unpackHeaders(root, '18');
      await installValidator(root, '', '18');
      return root;
    },
  },
  {
    postgresql: '19',
    suite: 'experimental',
    hasOAuth: true,
    install: async () => {
      const root = await makeRoot('forky', ['ca-certificates', ...FROM_FORKY]);
      await installPostgreSQL(root);
      return root;
    },
  },
];
