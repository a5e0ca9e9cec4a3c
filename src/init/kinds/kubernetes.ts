// Kubernetes clusters.
import { ADDRESS_FORM, LABEL_FORM, NETWORK_FORM, TEXT_FORM, URL_FORM } from '../forms.ts';
import type { Kind, Parameter, ValueParameter } from '../kind.ts';

const SERVICE = 'postgresql-k8s';
const DEFAULT_ISSUER = 'https://kubernetes.default.svc.cluster.local';

const AUDIENCE: ValueParameter = {
  kind: 'value',
  name: 'audience',
  asks: 'The audience that pods ask for',
  form: TEXT_FORM,
  replaces: 'postgres',
  keys: ['audiences'],
  default: 'postgres',
};

const NAMESPACES: Parameter = {
  kind: 'list',
  name: 'namespaces',
  asks: 'The namespaces whose service accounts may log in',
  form: LABEL_FORM,
  replaces: ['shop', 'reporting'],
};

function issuer(replaces: string): ValueParameter {
  return {
    kind: 'value',
    name: 'url',
    asks: "The cluster's issuer",
    form: URL_FORM,
    replaces,
    ...(replaces === DEFAULT_ISSUER ? { default: DEFAULT_ISSUER } : {}),
  };
}

function apiServer(name: string, replaces: string): ValueParameter {
  return {
    kind: 'value',
    name,
    asks: 'Where the API server is, with its port',
    form: ADDRESS_FORM,
    replaces,
  };
}

function cluster(number: number, entry: string, address: string, network: string): Parameter[] {
  return [
    {
      kind: 'value',
      name: `name-${number}`,
      asks: `A name for cluster ${number}`,
      form: LABEL_FORM,
      replaces: entry,
    },
    apiServer(`api-server-${number}`, address),
    {
      kind: 'file',
      name: `certificate-authority-${number}`,
      asks: `The file with the certificate authority of cluster ${number}`,
      replaces: `${entry}-ca.pem`,
    },
    {
      kind: 'value',
      name: `network-${number}`,
      asks: `The network that pods of cluster ${number} connect from`,
      form: NETWORK_FORM,
      replaces: network,
    },
    {
      kind: 'value',
      name: `prefix-${number}`,
      asks: `What the roles of cluster ${number} begin with, in front of a colon`,
      form: LABEL_FORM,
      replaces: entry.slice(entry.indexOf('-') + 1),
      keys: ['role'],
    },
  ];
}

/** From the plainest on. */
export const KUBERNETES_KINDS: readonly Kind[] = [
  {
    name: 'kubernetes',
    service: SERVICE,
    entry: 'homelab',
    parameters: [issuer('https://k8s-oidc.example.com'), AUDIENCE],
  },
  {
    name: 'kubernetes-default-issuer',
    service: SERVICE,
    entry: 'homelab',
    parameters: [
      issuer(DEFAULT_ISSUER),
      AUDIENCE,
      NAMESPACES,
      {
        kind: 'file',
        name: 'jwks',
        asks: 'The file with its keys (kubectl get --raw /openid/v1/jwks)',
        replaces: 'homelab-jwks.json',
      },
    ],
    isIssuer: ({ hostname }) => /^kubernetes\.default(?:\.svc(?:\..+)?)?$/.test(hostname),
  },
  {
    name: 'kubernetes-closed-api',
    service: SERVICE,
    entry: 'closed',
    parameters: [
      issuer(DEFAULT_ISSUER),
      AUDIENCE,
      apiServer('api-server', '10.0.0.10:6443'),
      {
        kind: 'file',
        name: 'certificate-authority',
        asks: "The file with the cluster's certificate authority",
        replaces: 'closed-ca.pem',
      },
    ],
  },
  {
    name: 'kubernetes-two-clusters',
    service: SERVICE,
    namesService: true,
    parameters: [
      AUDIENCE,
      ...cluster(1, 'prod-eu', '10.1.0.10:6443', '10.1.0.0/16'),
      ...cluster(2, 'prod-us', '10.2.0.10:6443', '10.2.0.0/16'),
    ],
  },
  {
    name: 'eks',
    service: SERVICE,
    entry: 'eks',
    parameters: [
      issuer('https://oidc.eks.eu-central-1.amazonaws.com/id/EXAMPLED539D4633E53DE1B71EXAMPLE'),
      AUDIENCE,
      NAMESPACES,
    ],
    isIssuer: ({ hostname }) => /^oidc\.eks\..+\.amazonaws\.com(?:\.cn)?$/.test(hostname),
  },
  {
    name: 'gke',
    service: SERVICE,
    entry: 'gke',
    parameters: [
      issuer(
        'https://container.googleapis.com/v1/projects/example-project/locations/europe-west3/clusters/prod',
      ),
      AUDIENCE,
    ],
    isIssuer: ({ hostname }) => hostname === 'container.googleapis.com',
  },
  {
    name: 'aks',
    service: SERVICE,
    entry: 'aks',
    parameters: [
      issuer(
        'https://germanywestcentral.oic.prod-aks.azure.com/11111111-1111-1111-1111-111111111111/22222222-2222-2222-2222-222222222222/',
      ),
      AUDIENCE,
      {
        kind: 'grant',
        name: 'namespace-role',
        asks: 'Which namespace may be which role as a whole',
        form: LABEL_FORM,
        claim: '/kubernetes.io/namespace',
      },
      {
        kind: 'value',
        name: 'own-namespace',
        asks: 'The namespace whose service accounts are each a role of its own',
        form: LABEL_FORM,
        replaces: 'shop',
        without: 'no rule',
      },
    ],
    isIssuer: ({ hostname }) => /\.oic\..*prod-aks\.azure\.(?:com|cn|us)$/.test(hostname),
  },
];
