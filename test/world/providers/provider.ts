// What the part knows of a provider of tokens: how to have it, how to start it, and what becomes of its tokens.
import type { CertificateAuthority } from '../../support/certificate-authority.ts';
import type { Progress } from '../machine/create-progress.ts';
import type { ExampleFile } from '../machine/install-example.ts';

export interface Provider {
  /** As it is called in docs/understand/compatibility.md. */
  readonly name: string;
  /** Installs it, and throws when it cannot be had. */
  readonly install: (cache: string, progress: Progress) => Promise<InstalledProvider>;
  /** Starts it on the loopback interface, with people, clients or workloads in it. */
  readonly start: (options: StartOptions) => Promise<LiveProvider>;
  /** What is tried, in this order. */
  readonly logins: readonly Login[];
  /** What is tried once the provider signs with another key, which it does then without a restart of the daemon. */
  readonly afterRotation?: readonly Login[];
  /** The PAM service that issuers.yaml names, if it does. */
  readonly service?: string;
}

export interface InstalledProvider {
  readonly version: string;
  readonly origin: string;
  readonly programs: Readonly<Record<string, string>>;
}

export interface StartOptions {
  readonly programs: Readonly<Record<string, string>>;
  /** A folder that goes away. */
  readonly folder: string;
  /** Signs the certificates of HTTPS; the daemon trusts it. */
  readonly authority: CertificateAuthority;
}

export interface LiveProvider extends AsyncDisposable {
  /** An issuers.yaml of packaging/examples, with the addresses of this machine for those that are in it; or entries. */
  readonly config:
    | {
        readonly example: string;
        readonly replacements: Readonly<Record<string, string>>;
        readonly files?: Readonly<Record<string, ExampleFile>>;
      }
    | { readonly issuers: readonly Readonly<Record<string, unknown>>[] };
  /** Gets a token, as a client of this provider does, by the name that {@link Login.token} has. */
  readonly getToken: (name: string) => Promise<string>;
  /** Lets it sign with a new key from now on. */
  readonly rotate?: () => Promise<void>;
}

export interface Login {
  /** Behind "Keycloak: ". */
  readonly what: string;
  readonly token: string;
  readonly role: string;
  readonly expected: 'granted' | RegExp;
}
