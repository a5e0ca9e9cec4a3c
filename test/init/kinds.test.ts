// The kinds of issuers, held against the examples: each has one, and each example's issuer is recognised.
import { readdirSync } from 'node:fs';
import { basename, join } from 'node:path';

import { describe, expect, it } from 'vitest';

import { KINDS, recogniseKinds } from '../../src/init/kinds.ts';
import { pathOfExample, readShippedText } from '../../src/init/shipped-texts.ts';
import { parseConfig } from '../../src/config/parse-config.ts';
import { ROOT } from '../docs/read-markdown.ts';

describe('the kinds', () => {
  it('are the examples, and the cluster of docs/issuers/kubernetes.md', () => {
    const examples = readdirSync(join(ROOT, 'packaging/examples'))
      .filter((name) => name.endsWith('.yaml'))
      .map((name) => basename(name, '.yaml'));
    expect(KINDS.map(({ name }) => name).toSorted()).toEqual(
      [...examples, 'kubernetes'].toSorted(),
    );
  });

  it.each(KINDS.map((kind) => [kind.name, kind] as const))(
    '%s knows its service and its only entry',
    (name, { entry, service, namesService }) => {
      const parsed = parseConfig(readShippedText(pathOfExample(name)));
      if (!parsed.ok) throw new Error('the example cannot be used');
      const { issuers } = parsed.config;
      expect(issuers.length === 1 ? issuers[0]?.name : undefined).toBe(entry);
      const services = new Set(issuers.flatMap(({ pam }) => pam.services ?? []));
      expect([...services]).toEqual(namesService === true ? [service] : []);
    },
  );

  it.each([
    ['https://kubernetes.default.svc.cluster.local', ['kubernetes-default-issuer']],
    ['https://kubernetes.default.svc', ['kubernetes-default-issuer']],
    ['https://oidc.eks.eu-central-1.amazonaws.com/id/X', ['eks']],
    ['https://container.googleapis.com/v1/projects/p/locations/l/clusters/c', ['gke']],
    ['https://germanywestcentral.oic.prod-aks.azure.com/a/b/', ['aks']],
    ['https://sso.corp.test/realms/people', ['keycloak']],
    ['https://corp.okta.com/oauth2/default', ['okta']],
    ['https://corp.eu.auth0.com/', ['auth0']],
    ['https://id.corp.test/application/o/postgres/', ['authentik']],
    ['https://corp-a1b2c3.zitadel.cloud', ['zitadel']],
    ['https://cognito-idp.eu-central-1.amazonaws.com/pool', ['cognito']],
    ['https://login.microsoftonline.com/tenant/v2.0', ['entra-people', 'entra-workloads']],
    ['https://sts.windows.net/tenant/', ['entra-people', 'entra-workloads']],
    ['https://accounts.google.com', ['google-people', 'google-workloads']],
    ['https://token.actions.githubusercontent.com', ['github-actions']],
    ['https://gitlab.com', ['gitlab-ci']],
    ['https://agent.buildkite.com', ['buildkite']],
    ['https://x.tokens.sts.global.api.aws', ['aws-sts']],
    ['https://issuer.corp.test', []],
    ['https://okta.com.evil.test', []],
    ['https://evilokta.com', []],
    ['not a URL', []],
    ['', []],
  ])('are recognised by %s: %j', (url, names) => {
    expect(recogniseKinds(url).map(({ name }) => name)).toEqual(names);
  });
});
