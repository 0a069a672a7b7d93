import type { BootOverride } from './boot.ts';
import type { Command, Reply } from './command.ts';
import { accepted, keep, record, set, type Turn } from './turn.ts';

/** How long to wait before the machine is told of its next boot again, when it could not be told. Milliseconds. */
const tellAgainAfter = 5_000;

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
  if (
    override.enabled !== before.enabled ||
    override.target !== before.target ||
    override.mode !== before.mode
  ) {
    record(turn, 'boot-override-set', `${describe(override)} (${command.by})`);
  }
  return accepted;
}

/** The machine has begun a boot that follows from the override of that revision. A *once* override is used up by it. */
export function useBootOverride(turn: Turn, revision: number): void {
  const { boot } = turn.state.durable;
  set(turn, { toldBoot: revision });
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

/** Whether the running machine has to be told what to boot when it next boots by itself. */
export function mustTellBoot(turn: Turn): boolean {
  const { state } = turn;
  if (state.power !== 'on' || !turn.capabilities.actions.includes('set-next-boot')) return false;
  if (state.tellBootAt !== undefined) return false;
  return state.toldBoot !== state.durable.boot.revision;
}

/** The machine could not be told; it will be told again. */
export function tellBootLater(turn: Turn): void {
  set(turn, { tellBootAt: turn.now + tellAgainAfter });
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

function describe(override: Pick<BootOverride, 'enabled' | 'target' | 'mode'>): string {
  if (override.enabled === 'disabled') return 'boot override off';
  const mode = override.mode === undefined ? '' : ` (${override.mode})`;
  return `boot override ${override.target}${mode}, ${override.enabled}`;
}
