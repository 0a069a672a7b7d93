import type { PowerAction, RestorePolicy } from '../../../node/power.ts';
import type { RestartCause } from '../../../node/state.ts';
import type { Bmc } from '../bmc.ts';
import { type CommandResponse, type IpmiCommand, NetFn } from '../command.ts';
import { CompletionCode } from '../completion.ts';
import { answer, byIpmi, carryOut, done, le32, refuse } from './answer.ts';
import { lanChannel } from './lan-channel.ts';

/** Power, identification and history of the machine. @see IPMI 2.0 §28 */

/** This BMC's address: the chassis's FRU, SDR, SEL and management device. */
const bmcAddress = 0x20;

/** By the number of Chassis Control. */
const actions: readonly PowerAction[] = ['off', 'on', 'cycle', 'reset', 'nmi', 'soft-off'];

/** By the number of Set Power Restore Policy. */
const policies: readonly RestorePolicy[] = ['always-off', 'previous', 'always-on'];
const noChange = 3;
const allPolicies = 0b111;

/** Seconds of an identification for which no time is given. */
const identifyDefault = 15;

const minute = 60_000;

export const chassisCommands: readonly IpmiCommand[] = [
  {
    name: 'Get Chassis Capabilities',
    netFn: NetFn.chassis,
    command: 0x00,
    privilege: 'user',
    length: [0, 0],
    handle: ({ bmc }) => {
      const diagnosticInterrupt = bmc.node.capabilities.actions.includes('nmi') ? 0x04 : 0;
      return answer(diagnosticInterrupt, bmcAddress, bmcAddress, bmcAddress, bmcAddress);
    },
  },
  {
    name: 'Get Chassis Status',
    netFn: NetFn.chassis,
    command: 0x01,
    privilege: 'user',
    length: [0, 0],
    handle: ({ bmc }) => chassisStatus(bmc),
  },
  {
    name: 'Chassis Control',
    netFn: NetFn.chassis,
    command: 0x02,
    privilege: 'operator',
    length: [1, 1],
    handle: ({ bmc }, data) => {
      const action = actions[data.readUInt8(0) & 0x0f];
      if (!action) return refuse(CompletionCode.invalidField);
      return carryOut(bmc, { type: 'power', action, by: byIpmi });
    },
  },
  {
    name: 'Chassis Reset',
    netFn: NetFn.chassis,
    command: 0x03,
    privilege: 'operator',
    length: [0, 0],
    handle: ({ bmc }) => carryOut(bmc, { type: 'power', action: 'reset', by: byIpmi }),
  },
  {
    name: 'Chassis Identify',
    netFn: NetFn.chassis,
    command: 0x04,
    privilege: 'operator',
    length: [0, 2],
    handle: ({ bmc }, data) => {
      const seconds = data.length > 0 ? data.readUInt8(0) : identifyDefault;
      const forGood = data.length > 1 && (data.readUInt8(1) & 0x01) !== 0;
      return carryOut(bmc, {
        type: 'identify',
        duration: forGood ? Number.POSITIVE_INFINITY : seconds * 1000,
      });
    },
  },
  {
    name: 'Set Power Restore Policy',
    netFn: NetFn.chassis,
    command: 0x06,
    privilege: 'operator',
    length: [1, 1],
    handle: async ({ bmc }, data) => {
      const number = data.readUInt8(0) & 0x07;
      if (number === noChange) return answer(allPolicies);
      const policy = policies[number];
      if (!policy) return refuse(CompletionCode.invalidField);
      const response = await carryOut(bmc, { type: 'set-restore-policy', policy });
      return response.code === CompletionCode.ok ? answer(allPolicies) : response;
    },
  },
  {
    name: 'Get System Restart Cause',
    netFn: NetFn.chassis,
    command: 0x07,
    privilege: 'user',
    length: [0, 0],
    handle: ({ bmc }) => {
      const { restartCause, restorePolicy } = bmc.node.state.durable;
      return answer(restartCauseNumber(restartCause, restorePolicy), lanChannel);
    },
  },
  {
    name: 'Set Front Panel Button Enables',
    netFn: NetFn.chassis,
    command: 0x0a,
    privilege: 'administrator',
    length: [1, 1],
    // A virtual machine has no buttons that could be disabled.
    handle: (_, data) => (data.readUInt8(0) === 0 ? done : refuse(CompletionCode.subFunctionDisabled)),
  },
  {
    name: 'Get POH Counter',
    netFn: NetFn.chassis,
    command: 0x0f,
    privilege: 'user',
    length: [0, 0],
    handle: ({ bmc }) => {
      const { poweredOn, onSince } = bmc.node.state.durable;
      const total = poweredOn + (onSince === undefined ? 0 : Math.max(0, bmc.clock.now() - onSince));
      const minutesPerCount = 1;
      return answer(minutesPerCount, ...le32(Math.floor(total / minute)));
    },
  },
];

/** The command that clients send most: no promise, one small allocation. */
function chassisStatus({ node, clock }: Bmc): CommandResponse {
  const { state } = node;
  // A node that has not been observed is neither on nor off; clients try again.
  if (state.power === 'unknown') return { code: CompletionCode.nodeBusy };
  const on = state.power === 'on';
  const { restartCause, restorePolicy } = state.durable;
  const controlFault = state.results.at(-1)?.outcome === 'failed';
  const data = Buffer.allocUnsafe(3);
  data[0] = (policies.indexOf(restorePolicy) << 5) | (controlFault ? 0x10 : 0) | (on ? 0x01 : 0);
  data[1] = on && restartCause === 'command' ? 0x10 : 0;
  data[2] = 0x40 | (identifyState(state.identifyUntil, clock.now()) << 4);
  return { code: CompletionCode.ok, data };
}

/** 0 dark, 1 lit for a while, 2 lit for good. */
function identifyState(until: number | undefined, now: number): number {
  if (until === undefined || until <= now) return 0;
  return Number.isFinite(until) ? 1 : 2;
}

/** @see IPMI 2.0 table 28-11 */
function restartCauseNumber(cause: RestartCause, policy: RestorePolicy): number {
  switch (cause) {
    case 'unknown':
      return 0x00;
    case 'command':
      return 0x01;
    case 'watchdog':
      return 0x04;
    case 'restore-policy':
      return policy === 'previous' ? 0x07 : 0x06;
    case 'guest':
      return 0x0a;
  }
}
