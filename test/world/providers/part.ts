// Providers of tokens that others wrote: each runs on this machine, and those who log in have its tokens as it issues them.
import type { Part, Peer } from '../part.ts';
import { PROVIDERS } from './providers.ts';

export const providers: Part = {
  name: 'providers',
  title: 'Providers',
  about: `Each provider runs on this machine, with its defaults wherever a test does not need a person, a client or an address
in it, and issues tokens as it would to anybody. They are the passwords of psql, for a PostgreSQL with the module and the daemon, which gets
the keys over HTTPS. Where [packaging/examples](../../packaging/examples) has an issuers.yaml for a provider, that one decides: its addresses
are replaced with those of this machine, and the certificate authority of the tests is added.`,
  notRun: {
    'Okta, Auth0, Microsoft Entra, Google, Amazon Cognito itself':
      'services; their examples are tried with tokens of the shape that they document',
    'Authentik, Zitadel': 'not in the registries that this suite installs from',
    Dex: 'its newest version as a Go module is 2.13.0, of 2018',
    'a SPIFFE bundle endpoint that is authenticated by SPIFFE (`https_spiffe`)':
      'not supported; the bundle in a file stands for it',
  },
  prepare: async (cache, progress) => {
    const peers: Peer[] = [];
    for (const { name, install } of PROVIDERS) {
      const { version, origin, programs } = await install(cache, progress);
      peers.push({ what: name, version, origin, programs });
    }
    return peers;
  },
};
