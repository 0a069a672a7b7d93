import { randomBytes } from 'node:crypto';
import { z } from 'zod';
import type { Clock } from '../support/clock.ts';
import type { Document } from '../support/document.ts';
import type { Logger } from '../support/log.ts';
import type { DeployFiles } from './deploy-files.ts';

/** What a netbooted or deployed system said of itself. */
export interface BootReport {
  /** Milliseconds since the epoch. */
  readonly at: number;
  readonly mac: string;
  /** `ramdisk`, `deployed`, `deploy-failed`, `disk`. */
  readonly stage: string;
  readonly detail: Readonly<Record<string, string>>;
}

/** What a node's next network boot shall do. */
export interface Assignment {
  readonly kind: 'deploy';
  /** What it is deployed with; stays the same for the run though newer files are made meanwhile. */
  readonly files: DeployFiles;
  /** Told to this run's systems only, so that one left over from an earlier run cannot report for it. */
  readonly token: string;
  /** The image is on the disk: a further network boot leaves the node alone. */
  readonly done: boolean;
  /** What this run's systems have said, oldest first, at most {@link mostReports}. */
  readonly reports: readonly BootReport[];
}

/** How many reports of one run are kept. */
export const mostReports = 32;

const assignmentSchema = z.object({
  kind: z.literal('deploy'),
  files: z.object({
    kernel: z.string(),
    ramdisk: z.string(),
    image: z.object({ path: z.string(), size: z.number(), sha256: z.string() }),
    packages: z.array(z.string()),
  }),
  token: z.string(),
  done: z.boolean(),
  reports: z.array(
    z.object({
      at: z.number(),
      mac: z.string(),
      stage: z.string(),
      detail: z.record(z.string(), z.string()),
    }),
  ),
});
const assignmentsSchema = z.record(z.string(), assignmentSchema);

/** Assignments as they are kept on disk, by MAC address. */
export type SavedAssignments = Readonly<Record<string, Assignment>>;

/** What the assignments need from outside. */
export interface AssignmentsOptions {
  readonly document: Document<SavedAssignments>;
  readonly clock: Clock;
  readonly log: Logger;
  /** Makes a token that cannot be guessed. */
  readonly token?: (() => string) | undefined;
}

/** What each node's next network boot shall do and what came of it. All of it survives a restart of the daemon. */
export class Assignments {
  readonly #options: AssignmentsOptions;
  readonly #byMac: Map<string, Assignment>;
  readonly #listeners = new Set<(report: BootReport) => void>();
  #lastWrite: Promise<void> = Promise.resolve();
  #nextWrite: Promise<void> | undefined;

  private constructor(options: AssignmentsOptions, saved: SavedAssignments) {
    this.#options = options;
    this.#byMac = new Map(Object.entries(saved));
  }

  /** Reads what an earlier daemon left. */
  static async open(options: AssignmentsOptions): Promise<Assignments> {
    const saved = assignmentsSchema.safeParse((await options.document.read()) ?? {});
    // They are worth less than a daemon that starts: whoever waits for a deployment assigns it again.
    if (!saved.success) options.log.warn({ reason: saved.error.message }, 'boot assignments cannot be read');
    return new Assignments(options, saved.data ?? {});
  }

  get(mac: string): Assignment | undefined {
    return this.#byMac.get(mac);
  }

  /**
   * Starts a new run for a node; reports of an earlier one are forgotten, and no longer taken.
   * @returns the run's token, when the assignment is on disk
   */
  async assign(mac: string, { kind, files }: Pick<Assignment, 'kind' | 'files'>): Promise<string> {
    const token = this.#options.token?.() ?? randomBytes(12).toString('hex');
    this.#byMac.set(mac, { kind, files, token, done: false, reports: [] });
    await this.#save();
    return token;
  }

  /** Forgets a node. */
  async clear(mac: string): Promise<void> {
    if (this.#byMac.delete(mac)) await this.#save();
  }

  /**
   * Takes a report of the run that `token` names.
   * @returns whether it was taken, when it is on disk
   */
  async report(
    mac: string,
    token: string,
    stage: string,
    detail: Readonly<Record<string, string>>,
  ): Promise<boolean> {
    const assignment = this.#byMac.get(mac);
    if (!assignment || assignment.token !== token) return false;
    const report: BootReport = { at: this.#options.clock.now(), mac, stage, detail };
    this.#byMac.set(mac, {
      ...assignment,
      done: assignment.done || stage === 'deployed',
      reports: [...assignment.reports, report].slice(-mostReports),
    });
    await this.#save();
    for (const listener of this.#listeners) listener(report);
    return true;
  }

  /** What the systems of a node's latest run have said, oldest first. */
  reports(mac: string): readonly BootReport[] {
    return this.#byMac.get(mac)?.reports ?? [];
  }

  /**
   * Calls back for every report that was taken.
   * @returns stops it
   */
  onReport(listener: (report: BootReport) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** One write at a time; changes made while one is under way share the next one. */
  #save(): Promise<void> {
    this.#nextWrite ??= this.#lastWrite
      .catch(() => undefined)
      .then(() => {
        this.#nextWrite = undefined;
        this.#lastWrite = this.#options.document.write(Object.fromEntries(this.#byMac));
        return this.#lastWrite;
      });
    return this.#nextWrite;
  }
}
