// SPIRE: packaging/examples/spiffe.yaml with JWT-SVIDs of two trust domains, one whose bundle endpoint is asked and one whose bundle
// lies in a file; and the keys of its OIDC discovery provider.
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import { findFreePort } from '../../../support/find-free-port.ts';
import { buildGo } from '../../machine/build-go.ts';
import { findGo } from '../../machine/find-go.ts';
import { startProcess } from '../../machine/start-process.ts';
import type { Provider } from '../provider.ts';
import { createAsker } from './ask.ts';
import { startDomain } from './spire-domain.ts';
import { startWith } from './start-with.ts';
import { writeCertificate } from './write-certificate.ts';

const VERSION = '1.13.3';
const PROD = 'prod.example.org';
const PARTNER = 'partner.example.net';

const install: Provider['install'] = async (cache, progress) => {
  const programs = await buildGo(
    {
      name: `spire-${VERSION}`,
      module: join(import.meta.dirname, '../makers/spire'),
      programs: {
        'spire-server': 'github.com/spiffe/spire/cmd/spire-server',
        'spire-agent': 'github.com/spiffe/spire/cmd/spire-agent',
        'oidc-discovery-provider': 'github.com/spiffe/spire/support/oidc-discovery-provider',
      },
      hasC: true,
    },
    cache,
    progress,
  );
  const { version } = await findGo();
  return {
    version: VERSION,
    origin: `Go module \`github.com/spiffe/spire\`, ${version}`,
    programs,
  };
};

export const spire: Provider = {
  name: 'SPIRE',
  install,
  start: startWith(async (stack, options) => {
    const { cert, key } = await writeCertificate(options.authority, options.folder);
    const port = await findFreePort();
    const prod = await startDomain(stack, options, {
      trustDomain: PROD,
      workloads: ['ns/shop/sa/cart', 'web'],
      server: `federation {
    bundle_endpoint {
      address = "127.0.0.1"
      port = ${port}
      profile "https_web" {
        serving_cert_file {
          cert_file_path = "${cert}"
          key_file_path = "${key}"
          file_sync_interval = "1h"
        }
      }
    }
  }`,
    });
    const partner = await startDomain(stack, options, {
      trustDomain: PARTNER,
      workloads: ['billing/export', 'ns/shop/sa/cart'],
      server: 'jwt_key_type = "rsa-2048"',
    });
    return {
      config: {
        example: 'spiffe.yaml',
        replacements: {
          [`spiffeTrustDomain: ${PROD}\n`]: `spiffeTrustDomain: ${PROD}\n    certificateAuthorityFile: ca.pem\n`,
          'https://spire.example.org:8443': `https://127.0.0.1:${port}`,
        },
        files: { 'partner-bundle.json': { text: await partner.showBundle() } },
      },
      getToken: async (name) => {
        const [domain, workload = '', audience = ''] = name.split(' ');
        return (domain === PROD ? prod : partner).fetchToken(workload, audience);
      },
      rotate: prod.rotate,
    };
  }),
  service: 'postgresql-spiffe',
  logins: [
    {
      what: 'a JWT-SVID (ES256), with the keys of the bundle endpoint, logs in',
      token: `${PROD} ns/shop/sa/cart postgres`,
      role: 'shop:cart',
      expected: 'granted',
    },
    {
      what: 'a JWT-SVID does not log in as another role',
      token: `${PROD} ns/shop/sa/cart postgres`,
      role: 'shop:billing',
      expected: /^denied ERR_ROLE_NOT_PERMITTED /,
    },
    {
      what: 'a JWT-SVID of another path does not log in',
      token: `${PROD} web postgres`,
      role: 'shop:cart',
      expected: /^denied ERR_ROLE_NOT_PERMITTED /,
    },
    {
      what: 'a JWT-SVID for another audience does not log in',
      token: `${PROD} ns/shop/sa/cart vault`,
      role: 'shop:cart',
      expected: /^denied ERR_AUDIENCE_MISMATCH .*aud is "vault"/,
    },
    {
      what: 'a JWT-SVID (RS256) of a partner, with the keys of a bundle in a file, logs in',
      token: `${PARTNER} billing/export postgres`,
      role: 'partner_export',
      expected: 'granted',
    },
    {
      what: "a JWT-SVID of a partner's with a path of one's own does not log in",
      token: `${PARTNER} ns/shop/sa/cart postgres`,
      role: 'shop:cart',
      expected: /^denied ERR_ROLE_NOT_PERMITTED /,
    },
  ],
  afterRotation: [
    {
      what: 'a JWT-SVID logs in',
      token: `${PROD} ns/shop/sa/cart postgres`,
      role: 'shop:cart',
      expected: 'granted',
    },
  ],
};

/** Who is named by `iss` of its tokens, and publishes the keys of the server. */
export const spireDiscovery: Provider = {
  name: 'SPIRE with its OIDC discovery provider',
  install,
  start: startWith(async (stack, options) => {
    const { authority, folder, programs } = options;
    const port = await findFreePort();
    const url = `https://127.0.0.1:${port}`;
    const { cert, key } = await writeCertificate(authority, folder);
    const domain = await startDomain(stack, options, {
      trustDomain: PROD,
      workloads: ['ns/shop/sa/cart', 'web'],
      server: `jwt_issuer = "${url}"`,
    });
    const config = join(folder, 'discovery.conf');
    await writeFile(
      config,
      `log_level = "info"
domains = ["127.0.0.1"]
serving_cert_file {
  cert_file_path = "${cert}"
  key_file_path = "${key}"
  addr = "127.0.0.1:${port}"
}
server_api {
  address = "unix://${domain.serverSocket}"
  poll_interval = "1s"
}
`,
    );
    const { ask } = stack.use(createAsker(authority.certificate));
    const discovery = stack.use(
      startProcess({ command: [programs['oidc-discovery-provider'] ?? '', '-config', config] }),
    );
    await discovery.until('its keys', async () =>
      ask(`${url}/keys`).then(
        () => true,
        () => false,
      ),
    );
    const issuer = { certificateAuthority: authority.certificate };
    const token = { algorithms: ['ES256'], maxLifetime: '1h' };
    const cache = { unknownKeyCooldown: '1s' };
    return {
      config: {
        issuers: [
          {
            name: 'by-trust-domain',
            issuer: { ...issuer, spiffeTrustDomain: PROD, audiences: ['postgres'] },
            keys: { jwksURI: `${url}/keys` },
            token,
            cache,
            roles: [
              {
                claim: 'sub',
                pattern: 'spiffe://prod\\.example\\.org/ns/([a-z]+)/sa/([a-z]+)',
                role: '\\1:\\2',
              },
            ],
          },
          {
            name: 'by-issuer',
            issuer: { ...issuer, url, audiences: ['warehouse'] },
            token,
            cache,
            roles: [{ claim: 'sub', equals: 'spiffe://prod.example.org/web', role: 'web' }],
          },
        ],
      },
      getToken: async (name) => {
        const [workload = '', audience = ''] = name.split(' ');
        return domain.fetchToken(workload, audience);
      },
      rotate: domain.rotate,
    };
  }),
  logins: [
    {
      what: 'a JWT-SVID of a trust domain, with the keys at `jwksURI`, logs in',
      token: 'ns/shop/sa/cart postgres',
      role: 'shop:cart',
      expected: 'granted',
    },
    {
      what: 'a JWT-SVID of an issuer, with keys by discovery, logs in',
      token: 'web warehouse',
      role: 'web',
      expected: 'granted',
    },
    {
      what: 'a JWT-SVID for another audience does not log in',
      token: 'web vault',
      role: 'web',
      expected: /^denied ERR_AUDIENCE_MISMATCH .*aud is "vault"/,
    },
    {
      what: 'a JWT-SVID of another path does not log in',
      token: 'ns/shop/sa/cart warehouse',
      role: 'web',
      expected: /^denied ERR_ROLE_NOT_PERMITTED /,
    },
  ],
  afterRotation: [
    {
      what: 'a JWT-SVID of a trust domain logs in',
      token: 'ns/shop/sa/cart postgres',
      role: 'shop:cart',
      expected: 'granted',
    },
    {
      what: 'a JWT-SVID of an issuer logs in',
      token: 'web warehouse',
      role: 'web',
      expected: 'granted',
    },
  ],
};
