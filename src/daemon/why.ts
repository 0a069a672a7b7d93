import { type BootOverride, nextBoot } from '../node/boot.ts';
import type { Capabilities } from '../node/driver.ts';
import { noSettings } from '../node/firmware-settings.ts';
import type { Operation } from '../node/state.ts';
import { type Finding, fail, fine, warn } from '../support/finding.ts';
import type { BootProgressStep, NodeStatus } from './api.ts';
import type { BootAddress } from './boot-service.ts';

/** What the daemon itself knows of a node that is to netboot. */
export interface NodeInQuestion {
  readonly status: NodeStatus;
  readonly capabilities: Capabilities;
  /** Where the lab's machines ask what to boot. */
  readonly addresses: readonly BootAddress[];
  /** Whether somebody answers at the BMC's address. */
  readonly bmcAnswers: boolean;
  /** Milliseconds since the epoch. */
  readonly now: number;
}

/**
 * What may keep a node from a network boot.
 * @param platform - what its driver found, in whose words things are told that both have noticed
 */
export function examineNode(question: NodeInQuestion, platform: readonly Finding[]): Finding[] {
  const { status, capabilities, addresses, now } = question;
  const { boot, bootProgress = [] } = status;
  return [
    examineBmc(question),
    ...examineRedfish(status),
    examinePower(status),
    examineOverride(status, capabilities, boot),
    ...examineAddresses(addresses, platform),
    ...examineProgress(bootProgress, status, now),
    ...platform,
  ];
}

function examineBmc({ status: { bmc }, bmcAnswers }: NodeInQuestion): Finding {
  const where = `${bmc.address}:${bmc.port}`;
  if (bmc.problem !== undefined) {
    return fail(
      'BMC',
      `cannot listen at ${where}: ${bmc.problem}`,
      'Free that address and port, and run up again.',
    );
  }
  if (bmcAnswers) return fine('BMC', `answers at ${where}`);
  return fail('BMC', `nobody answers at ${where}`, 'See whether a firewall of this host drops UDP there.');
}

function examineRedfish({ bmc: { redfish } }: NodeStatus): Finding[] {
  if (redfish?.problem === undefined) return [];
  return [fail('Redfish', redfish.problem, 'Free that address and port, and run up again.')];
}

function examinePower({ power, operation, lastResult }: NodeStatus): Finding {
  const check = 'power';
  if (operation) return warn(check, describeOperation(operation), 'Wait until it has ended.');
  if (power === 'unknown') {
    const remedy = 'The platform has not been heard for a while: see with doctor what is wrong.';
    return fail(check, 'it is not known whether it is on', remedy);
  }
  if (lastResult?.outcome === 'failed') {
    return fail(check, `${power}; the last command failed: ${lastResult.action}: ${lastResult.message}`);
  }
  return fine(check, power === 'on' ? 'on' : 'off: it boots when it is powered on');
}

function describeOperation({ action, phase }: Operation): string {
  return phase.name === 'waiting'
    ? `${action} could not be done yet, and is tried again: ${phase.reason}`
    : `${action} is under way`;
}

function examineOverride(
  { name, bootProgress }: NodeStatus,
  { bootTargets }: Capabilities,
  boot: BootOverride,
): Finding {
  const check = 'boot override';
  if (!bootTargets.includes('pxe')) {
    const remedy = 'What its platform says below is why.';
    return fail(check, 'this node cannot be told to boot from the network', remedy);
  }
  const { target } = nextBoot(boot, noSettings);
  if (target === 'pxe') {
    return fine(check, boot.enabled === 'once' ? 'pxe at its next boot' : 'pxe at every boot');
  }
  const remedy = `quintupleo boot ${name} pxe --once, then power it on or reset it.`;
  const asked = bootProgress?.findLast(({ what }) => what === 'firmware');
  if (asked?.answer === 'network') {
    return warn(check, 'none any more: its last boot used it, and was told to netboot', remedy);
  }
  const what = boot.enabled === 'disabled' ? 'none' : `${target}, ${boot.enabled}`;
  return warn(check, `${what}: it boots from its disk if that can be booted`, remedy);
}

/** Addresses of one interface stop answering together, so that all are one finding. */
function examineAddresses(addresses: readonly BootAddress[], platform: readonly Finding[]): Finding[] {
  const check = 'boot director';
  const deaf = addresses.filter(({ trouble }) => trouble !== undefined);
  if (deaf.length === 0) {
    return addresses.map(({ address, port }) => fine(check, `answers at ${address} port ${port}`));
  }
  if (deaf.some(({ trouble }) => platform.some(({ message }) => message === trouble))) return [];
  const told = deaf.map(({ address, port, trouble }) => `${address} port ${port}: ${trouble}`);
  const remedy = 'It is tried again every few seconds, as soon as that address is there.';
  return [fail(check, `cannot answer at ${told.join('; ')}`, remedy)];
}

function examineProgress(
  progress: readonly BootProgressStep[],
  { power }: NodeStatus,
  now: number,
): Finding[] {
  const check = 'boot progress';
  const last = progress.at(-1);
  if (!last) {
    const message = 'has fetched nothing from the boot director since the daemon was started';
    return [fine(check, power === 'on' ? message : `${message}; it is off`)];
  }
  if (last.status === 403) {
    const message = `${described(last, now)}, but whoever asked is not that network card`;
    const remedy = 'Something else has its MAC address, or a router or proxy is between it and this host.';
    return [fail(check, message, remedy)];
  }
  if (last.answer === 'failed') {
    const remedy = 'The daemon’s log says why nobody knew.';
    return [fail(check, `${described(last, now)}, and was told to boot locally`, remedy)];
  }
  if (last.status >= 400) return [fail(check, `${described(last, now)}, which was refused: ${last.status}`)];
  return [fine(check, described(last, now))];
}

function described({ at, what, answer, file, times }: BootProgressStep, now: number): string {
  const told = answer === undefined ? '' : `, was told ${answer}`;
  const often = times === 1 ? '' : `, ${times} times in a row`;
  const things: Readonly<Record<string, string>> = {
    firmware: 'its firmware asked what to boot',
    boot: 'its boot loader asked what to boot',
    deploy: `it fetched ${file}`,
    report: 'its system reported',
  };
  return `${things[what] ?? `it fetched ${what}`}${told}, ${Math.max(0, Math.round((now - at) / 1000))} s ago${often}`;
}
