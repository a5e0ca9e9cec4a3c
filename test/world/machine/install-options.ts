// What the ways to install packages of a registry have in common.
import type { Progress } from './create-progress.ts';

export interface InstallOptions {
  /** What is installed, such as `jose-npm`. */
  readonly name: string;
  /** The folder with the programs that use the packages, and the files that pin these. */
  readonly sources: string;
  readonly cache: string;
  readonly progress: Progress;
  /** What else there is to do in the folder, before it is moved to its place. */
  readonly finish?: (folder: string) => Promise<void>;
}
