// What a part of npm run test:world is: programs of others that pgtoken is run against, each in the versions that
// docs/understand/compatibility.md lists. A part is a folder here with its tests and a part.ts.
import type { Progress } from './machine/create-progress.ts';

/** One program in one version. All tests of the part run once for it, and learn of it by `inject('peer')`. */
export interface Peer {
  /** Its name, such as `kube-apiserver`. */
  readonly what: string;
  readonly version: string;
  /** Where it is from, such as `Go module k8s.io/kubernetes, built with go1.26.8`. */
  readonly origin: string;
  /** The programs that the tests start, by name, each with its path. */
  readonly programs: Readonly<Record<string, string>>;
}

export interface Part {
  /** The folder in test/world, and the word behind `npm run test:world --`. */
  readonly name: string;
  /** Its heading in docs/understand/compatibility.md. */
  readonly title: string;
  /** What is real there and what is not: one paragraph for docs/understand/compatibility.md. */
  readonly about: string;
  /** What belongs here and is not run, each with the reason, for docs/understand/compatibility.md. */
  readonly notRun?: Readonly<Record<string, string>>;
  /**
   * Installs what is not there yet. Throws when anything cannot be had: nothing is left out.
   *
   * @param cache the folder to keep it in.
   */
  readonly prepare: (cache: string, progress: Progress) => Promise<readonly Peer[]>;
}

declare module 'vitest' {
  export interface ProvidedContext {
    peer: Peer;
  }
}
