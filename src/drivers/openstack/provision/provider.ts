import type { Change, Provider, Resource } from '../../../node/driver.ts';
import type { LabSpec } from '../../../node/spec.ts';
import type { Clock } from '../../../support/clock.ts';
import { QuintupleoError } from '../../../support/errors.ts';
import type { Logger } from '../../../support/log.ts';
import type { CallContext } from '../client/call.ts';
import type { OpenStack } from '../client/openstack.ts';
import { type FoundLab, findLabs, inventoryOf, type Member, type Thing } from './inventory.ts';
import { leaseDifferences, prolongation } from './lease.ts';
import { LabMembers } from './members/lab-members.ts';
import type { ServiceParts } from './members/service.ts';
import type { WantedMember } from './members/wanted-member.ts';
import { planChanges } from './plan.ts';
import { checkQuotas, sumOf } from './quotas.ts';
import { collectFirmware, FirmwareImages, type FirmwareSource } from './resources/firmware-images.ts';
import { removeMember } from './resources/removal.ts';
import { ServerWatch } from './resources/server-watch.ts';
import type { Site } from './resources/site.ts';

/** What a lab on a cloud is provided with. */
export interface LabProviderParts {
  readonly openstack: OpenStack;
  readonly lab: string;
  /** ID of this state directory: hexadecimal. What another owner made is never touched. */
  readonly owner: string;
  readonly firmwareImage: FirmwareSource;
  /** What service instances are made with; `undefined`: none is made. */
  readonly service?: ServiceParts | undefined;
  readonly clock: Clock;
  readonly log: Logger;
}

/**
 * Makes, compares and takes away what a lab is made of. What there is is found in the cloud itself, by the labels on it;
 * it is read when a plan is made, and kept up to date by what is done until the next one.
 */
export class LabProvider implements Provider {
  readonly #parts: LabProviderParts;
  readonly #firmware: FirmwareImages;
  readonly #servers: ServerWatch;
  #found: Promise<FoundLab> | undefined;
  #members: { readonly lab: LabSpec; readonly it: LabMembers } | undefined;

  constructor(parts: LabProviderParts) {
    this.#parts = parts;
    this.#firmware = new FirmwareImages(parts.openstack, parts.firmwareImage);
    this.#servers = new ServerWatch(parts.openstack, parts.clock);
  }

  /** The project's firmware images. */
  get firmware(): FirmwareImages {
    return this.#firmware;
  }

  async existing(lab: string): Promise<readonly Resource[]> {
    this.#mustBeOurs(lab);
    const found = await this.#read({ reason: 'existing' });
    const rows = inventoryOf(found);
    return found.members.map(({ kind, name }) => ({
      kind,
      name,
      spec: rows
        .filter(row => row.kind === kind && row.name === name)
        .map(({ type, id, cloudName }) => ({ type, id, name: cloudName })),
    }));
  }

  /**
   * @throws QuintupleoError `LAB_OF_ANOTHER` for a lab of that name that somebody else made; what the cloud lacks:
   * networks, flavors, images, quotas
   */
  async plan(wanted: LabSpec): Promise<readonly Change[]> {
    this.#mustBeOurs(wanted.name);
    const { openstack, owner, clock } = this.#parts;
    const labs = await findLabs(openstack, wanted.name, { reason: 'plan' });
    const found = this.#own(labs);
    this.#found = Promise.resolve(found);
    this.#members = undefined;
    const members = this.#membersOf(wanted);
    const stranger = labs.find(lab => lab.owner !== owner);
    if (stranger && members.all.length > 0) throw ofAnother(stranger);
    await members.checkNetworks(found);
    const lease = wanted.cloud?.lease;
    const changes = await planChanges(
      found,
      members.all.map(member => withLease(member, lease)),
    );
    await this.#check(members, changes);
    return [...changes, ...prolongation(found, lease, changes, clock.now())];
  }

  async apply(wanted: LabSpec, change: Change, signal: AbortSignal): Promise<void> {
    this.#mustBeOurs(wanted.name);
    signal.throwIfAborted();
    const { openstack, log } = this.#parts;
    const site = this.#site(wanted, change.op === 'delete' ? 'down' : 'up', signal);
    const found = await this.#current(site.ctx);
    const member = memberIn(found, change);
    try {
      if (change.op === 'delete') {
        if (!member) return;
        // As long as something is left to be taken away, a run after this one comes by here again.
        const machines = found.members.filter(({ kind }) => kind === 'machine');
        if (machines.length === 0) await collectFirmware(openstack, log, site.ctx);
        await removeMember(site, member);
        await this.#replace(change, undefined);
        const left = await this.#found;
        if (left?.members.length === 0 && machines.length > 0)
          await collectFirmware(openstack, log, site.ctx);
      } else {
        const { kind, name, op, disruptive } = change;
        const wantedMember = this.#membersOf(wanted).get(kind, name);
        if (!wantedMember) throw unknown(change);
        const anew = op === 'update' && disruptive;
        await this.#replace(change, await wantedMember.make(site, member, found, anew));
      }
    } catch (error) {
      // What was done of it is not known here: the next one looks.
      this.#found = undefined;
      throw error;
    }
  }

  /** Whether the cloud can do what was planned, before anything of it is done. */
  async #check(members: LabMembers, changes: readonly Change[]): Promise<void> {
    const needs = [];
    for (const { op, kind, name, disruptive } of changes) {
      const member = op === 'create' || disruptive ? members.get(kind, name) : undefined;
      const needed = await member?.needs();
      // What is made anew gives back before what it takes.
      if (needed && op === 'create') needs.push(needed);
    }
    await checkQuotas(this.#parts.openstack, sumOf(needs), { reason: 'plan' });
  }

  #membersOf(lab: LabSpec): LabMembers {
    if (this.#members?.lab !== lab) {
      const { openstack, owner, service } = this.#parts;
      this.#members = { lab, it: new LabMembers(lab, owner, openstack, this.#firmware, service) };
    }
    return this.#members.it;
  }

  #site(lab: LabSpec, reason: string, signal: AbortSignal): Site {
    const { openstack, owner, clock, log } = this.#parts;
    const lease = lab.cloud?.lease;
    return {
      openstack,
      owner,
      clock,
      log,
      lab: lab.name,
      expires: lease === undefined ? undefined : clock.now() + lease,
      servers: this.#servers,
      ctx: { reason, signal },
    };
  }

  /** What there is, as far as it is known; read from the cloud if it is not. */
  #current(ctx: CallContext): Promise<FoundLab> {
    if (!this.#found) {
      // All who wait share it, so that no single one's signal may end it.
      const reading = this.#read({ reason: ctx.reason });
      this.#found = reading;
      reading.catch(() => {
        if (this.#found === reading) this.#found = undefined;
      });
    }
    return this.#found;
  }

  async #read(ctx: CallContext): Promise<FoundLab> {
    return this.#own(await findLabs(this.#parts.openstack, this.#parts.lab, ctx));
  }

  #own(labs: readonly FoundLab[]): FoundLab {
    const { lab, owner } = this.#parts;
    const own = labs.find(found => found.owner === owner);
    return own ?? { name: lab, owner, expires: undefined, created: undefined, members: [] };
  }

  /** Notes what a member has become; steps that end side by side note theirs one after the other. */
  async #replace({ kind, name }: Change, things: readonly Thing[] | undefined): Promise<void> {
    // Nothing to note it in since another step failed: the next one reads all.
    this.#found = this.#found?.then(found => {
      const others = found.members.filter(member => member.kind !== kind || member.name !== name);
      const members = things && things.length > 0 ? [...others, { kind, name, things }] : others;
      return { ...found, members };
    });
    await this.#found;
  }

  #mustBeOurs(lab: string): void {
    if (lab === this.#parts.lab) return;
    throw new QuintupleoError(`the provider of lab ${this.#parts.lab} was asked about lab ${lab}`, {
      family: 'bug',
      code: 'WRONG_LAB',
    });
  }
}

function memberIn(found: FoundLab, { kind, name }: Change): Member | undefined {
  return found.members.find(member => member.kind === kind && member.name === name);
}

function withLease(member: WantedMember, lease: number | undefined): WantedMember {
  return {
    ...member,
    differences: async (existing, found) => {
      const differences = await member.differences(existing, found);
      return differences && [...differences, ...leaseDifferences(existing, lease)];
    },
  };
}

function unknown({ kind, name }: Change): QuintupleoError {
  return new QuintupleoError(`the lab has no ${kind} ${name}`, { family: 'bug', code: 'NO_SUCH_MEMBER' });
}

function ofAnother({ name, owner, created }: FoundLab): QuintupleoError {
  const since = created === undefined ? '' : `, since ${created}`;
  return new QuintupleoError(
    `this project already has a lab ${name}, which another state directory made (owner ${owner || 'unknown'}${since})`,
    {
      family: 'user',
      code: 'LAB_OF_ANOTHER',
      remedy:
        'Give this lab another name (--id does), or take the other one down where it was made; quintupleo gc takes away labs whose lease has ended.',
    },
  );
}
