import type { BootOverride } from './boot.ts';
import type { Command, Reply } from './command.ts';
import { accepted, keep, record, set, type Turn } from './turn.ts';

/** Takes a boot source override. */
export function setBootOverride(turn: Turn, command: Command & { type: 'set-boot-override' }): Reply {
  const { override } = command;
  if (override.enabled !== 'disabled' && !turn.capabilities.bootTargets.includes(override.target)) {
    return {
      accepted: false,
      refusal: 'unsupported',
      message: `this node cannot boot from ${override.target}`,
    };
  }
  const lifetime = override.enabled === 'once' ? command.expiresAfter : undefined;
  const before = turn.state.durable.boot;
  keep(turn, {
    boot: {
      ...override,
      lifetime,
      revision: before.revision + 1,
      expiresAt: lifetime === undefined ? undefined : turn.now + lifetime,
    },
  });
  if (override.enabled !== before.enabled || override.target !== before.target) {
    record(turn, 'boot-override-set', `${describe(override)} (${command.by})`);
  }
  return accepted;
}

/** The machine has begun a boot that follows from the override of that revision. A *once* override is used up by it. */
export function useBootOverride(turn: Turn, revision: number): void {
  const { boot } = turn.state.durable;
  set(turn, { told: { ...turn.state.told, boot: revision } });
  if (boot.revision !== revision || boot.enabled !== 'once') return;
  record(turn, 'boot-override-used', `${describe(boot)} was used by this boot`);
  disable(turn, boot);
}

/** A power command gives a *once* override its whole lifetime again. */
export function prolongBootOverride(turn: Turn): void {
  const { boot } = turn.state.durable;
  if (boot.expiresAt !== undefined && boot.lifetime !== undefined) {
    keep(turn, { boot: { ...boot, expiresAt: turn.now + boot.lifetime } });
  }
}

/** Lets a *once* override lapse when its time has come; never while a power operation may still use it. */
export function expireBootOverride(turn: Turn): void {
  const { boot, operation } = turn.state.durable;
  if (operation || boot.expiresAt === undefined || turn.now < boot.expiresAt) return;
  record(turn, 'boot-override-expired', `${describe(boot)} lapsed unused`);
  disable(turn, boot);
}

function disable(turn: Turn, boot: BootOverride): void {
  const disabled: BootOverride = {
    ...boot,
    enabled: 'disabled',
    revision: boot.revision + 1,
    lifetime: undefined,
    expiresAt: undefined,
  };
  keep(turn, { boot: disabled });
}

function describe(override: Pick<BootOverride, 'enabled' | 'target'>): string {
  if (override.enabled === 'disabled') return 'boot override off';
  return `boot override ${override.target}, ${override.enabled}`;
}
