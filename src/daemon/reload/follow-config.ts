// Keeps issuers.yaml in force as it stands on disk: loads it, follows its changes, and says what came of each.
//
// What is invalid changes nothing: the last good configuration stays in force, or none while there was none. A file that is
// written in place has to stand still for longer than one that was replaced: the end that it may lack can be the list of what is
// denied, or the prefix that a rule wants.
import { hash } from 'node:crypto';
import { stat } from 'node:fs/promises';
import type { Logger } from 'pino';
import { invalidConfig } from '../../policy/invalid-config.ts';
import type { LoadedPolicy } from '../../policy/load-policy.ts';
import type { Policy } from '../../policy/policy.ts';
import { findRemovedRules } from './find-removed-rules.ts';
import { formatProblem, type Problem } from '../../config/problems.ts';
import type { Configuration } from '../../config/schema/schema.ts';
import { placeOf, refuse, type Refusal } from '../../errors.ts';
import type { Metrics } from '../../log/metrics.ts';
import { createFileWatcher } from './watch-files.ts';

/** What is in force, and whether it is what the file says now. */
export interface ConfigStatus {
  /** undefined while nobody can log in. */
  readonly inForce: { readonly hash: string; readonly issuers: number } | undefined;
  /** Why the file as it is now is not in force, a line each; none where it is. */
  readonly problems: readonly string[];
}

/** What follows a file. */
export interface ConfigFollower {
  /** Loads the file now, however fresh it is. @returns whether it is in force then. */
  reload(): Promise<boolean>;
  stop(): void;
}

/** What is followed, and who is told of it. */
export interface ConfigFollowerOptions {
  readonly path: string;
  readonly loadPolicy: LoadFollowedPolicy;
  /** Puts a policy in force in place of the last one. */
  readonly adopt: (policy: Policy) => void;
  /** Told why nothing is in force, for the answer to logins; only before the first `adopt`. */
  readonly refuseAll: (refusal: Refusal) => void;
  /** Told after each load what is in force. */
  readonly onStatus: (status: ConfigStatus) => void;
  readonly metrics: Pick<Metrics, 'countReload' | 'setConfig' | 'setDetachedFiles'>;
  readonly logger: Logger;
}

/** As much of a {@link LoadedPolicy} as is needed here. */
export type FollowedPolicy = { readonly files: readonly string[] } & (
  | Pick<Extract<LoadedPolicy, { ok: true }>, 'ok' | 'policy' | 'text' | 'config'>
  | Pick<Extract<LoadedPolicy, { ok: false }>, 'ok' | 'problems'>
);

/** Loads the file and all that it names. `isInForce`: whether there are logins that it must not hold up. */
export type LoadFollowedPolicy = (path: string, isInForce: boolean) => Promise<FollowedPolicy>;

/** For how long a file that is written in place must stand still, and when a load that failed is repeated; milliseconds. */
const PATIENCE = 5000;

/** The text in force, and which file it was. */
interface Text {
  readonly text: string;
  readonly config: Configuration;
  /** Device and inode: another file has taken its place where they differ. */
  readonly file: string;
}

/** Starts following a file, which it has loaded when it resolves. Never rejects for anything the file may be. */
export async function followConfig(options: ConfigFollowerOptions): Promise<ConfigFollower> {
  const { path, logger, metrics } = options;
  let last: Text | undefined;
  let inForce: ConfigStatus['inForce'];
  /** What is wrong with the file, and with how this process sees it. */
  let problems: readonly string[] = [];
  let detached: readonly string[] = [];
  /** The text that has to stand still, and when it has. */
  let doubted: { readonly text: string; readonly timer: NodeJS.Timeout } | undefined;
  let queue = Promise.resolve();
  let retry: NodeJS.Timeout | undefined;

  const watcher = createFileWatcher({
    onChange: () => void enqueue(async () => take('seen')),
    // Nobody can log in.
    isUrgent: () => inForce === undefined,
    onDetached: (files) => {
      detached = files;
      metrics.setDetachedFiles(files.length);
      if (files.length > 0) {
        const hint = 'Mount the folder instead of the file, and start the container again.';
        logger.error({ files, hint }, 'a file was replaced, and is seen here as it was before');
      }
      publish();
    },
  });
  /** One after the other, so that the last change is the one in force. */
  const enqueue = async (what: () => Promise<void>): Promise<void> => {
    queue = queue.then(what).catch((error: unknown) => {
      logger.error({ place: placeOf(error) }, 'the configuration could not be loaded');
      const reason = 'could not be loaded; the log of the daemon has more';
      reject(
        [`${path}: ${reason}`],
        refuse(
          'ERR_CONFIG_INVALID',
          `${path} ${reason}`,
          `It is tried again every ${PATIENCE / 1000} s. Where that does not help, please report it as a defect.`,
        ),
      );
      // The change has been seen, and will not be seen again.
      clearTimeout(retry);
      retry = setTimeout(() => void enqueue(async () => take('seen')), PATIENCE).unref();
    });
    return queue;
  };

  /** Watched before they are read, so that no change falls in between: which files there are, a first look tells. */
  const load = async (): Promise<FollowedPolicy> => {
    const isInForce = inForce !== undefined;
    const loaded = await options.loadPolicy(path, isInForce);
    return watcher.watch([path, ...loaded.files]) ? options.loadPolicy(path, isInForce) : loaded;
  };
  /** @param cause `told` where somebody has asked for it and vouches for the file. */
  const take = async (cause: 'told' | 'seen' | 'still'): Promise<void> => {
    const loaded = await load();
    clearTimeout(retry);
    const isDoubted = loaded.ok && loaded.text === doubted?.text;
    if (cause === 'seen' && isDoubted) {
      // A file that it names has changed. Its own time runs on.
      return;
    }
    clearTimeout(doubted?.timer);
    const stoodStill = cause === 'still' && isDoubted;
    doubted = undefined;
    if (!loaded.ok) {
      rejectInvalid(loaded.problems);
      return;
    }
    const { text, config, policy } = loaded;
    const next: Text = { text, config, file: await identify(path) };
    const removed = last === undefined ? [] : findRemovedRules(last.config, config);
    if (cause !== 'told' && !stoodStill && last !== undefined && isWrittenInPlace(last, next)) {
      doubt(text, removed);
      return;
    }
    last = next;
    const fingerprint = hash('sha256', text);
    const issuers = policy.issuers.map(({ name }) => name);
    options.adopt(policy);
    metrics.countReload(true);
    metrics.setConfig(fingerprint);
    logger.info({ config: fingerprint, issuers }, 'configuration in force');
    if (removed.length > 0) {
      logger.warn({ removed: shorten(removed) }, 'the new configuration takes rules away');
    }
    if (issuers.length === 0) {
      logger.warn({ path }, 'no issuer is configured, nobody can log in');
    }
    inForce = { hash: fingerprint, issuers: issuers.length };
    problems = [];
    publish();
  };
  const doubt = (text: string, removed: readonly string[]): void => {
    const timer = setTimeout(() => void enqueue(async () => take('still')), PATIENCE).unref();
    doubted = { text, timer };
    logger.info(
      { removed: shorten(removed), seconds: PATIENCE / 1000 },
      'the configuration was written in place and may lack its end: it counts when it has stood still',
    );
    const line = `${path}: written in place, and may lack its end: it counts when it has stood still for ${PATIENCE / 1000} s`;
    problems = [line];
    publish();
  };
  const rejectInvalid = (found: readonly Problem[]): void => {
    const lines = found.map((problem) => formatProblem(path, problem));
    if (inForce === undefined) {
      logger.error({ problems: lines }, 'the configuration is invalid, nobody can log in');
    } else {
      logger.error(
        { problems: lines },
        'the configuration is invalid, the last good one stays in force',
      );
    }
    const hint = `Fix it: the daemon follows the file. pgtoken config check ${path} reports all problems.`;
    reject(lines, invalidConfig(path, found, hint));
  };
  const reject = (lines: readonly string[], refusal: Refusal): void => {
    metrics.countReload(false);
    if (inForce === undefined) {
      options.refuseAll(refusal);
    }
    problems = lines;
    publish();
  };
  const statusNow = (): ConfigStatus => ({
    inForce,
    problems: [
      ...problems,
      ...detached.map((file) => `${file}: was replaced, and is seen here as it was before`),
    ],
  });
  const publish = (): void => {
    options.onStatus(statusNow());
  };

  watcher.watch([path]);
  await enqueue(async () => take('told'));
  return {
    async reload() {
      await enqueue(async () => take('told'));
      return statusNow().problems.length === 0;
    },
    stop() {
      clearTimeout(doubted?.timer);
      clearTimeout(retry);
      watcher.stop();
    },
  };
}

/** Whether a file may be one that is still being written: the same file as before, with another text. */
function isWrittenInPlace(last: Text, next: Text): boolean {
  return last.file === next.file && last.text !== next.text;
}

async function identify(path: string): Promise<string> {
  const stats = await stat(path, { bigint: true }).catch(() => undefined);
  return stats === undefined ? '' : `${stats.dev}:${stats.ino}`;
}

/** As many as a line of the log may name. */
function shorten(removed: readonly string[]): readonly string[] {
  return removed.length <= 20
    ? removed
    : [...removed.slice(0, 20), `and ${removed.length - 20} more`];
}
