import { firmwareSettings, nextSettings } from '../../../node/firmware-settings.ts';
import type { Bmc } from '../bmc.ts';
import { bootFlagsLength, readBootFlags, writeBootFlags } from '../boot-flags.ts';
import { type CommandResponse, type IpmiCommand, NetFn } from '../command.ts';
import { CompletionCode } from '../completion.ts';
import { byIpmi, carryOut, done, refuse } from './answer.ts';
import {
  type Parameter,
  readParameter,
  remember,
  setInProgressParameter,
  stored,
  writeParameter,
} from './parameters.ts';

/** System boot options. @see IPMI 2.0 §28.12, §28.13 */

/** How long boot flags wait for a power command, unless parameter 3 says that they stay. Milliseconds. */
const flagsLapseAfter = 60_000;

/** Parameter 3: do not clear the valid bit when no chassis control command comes within 60 s. */
const keepWithoutCommand = 0x08;

const validBitClearing = stored('bootOptions', 3, 'BMC Boot Flag Valid Bit Clearing', [0]);

const bootInfoAcknowledge: Parameter = {
  number: 4,
  name: 'Boot Info Acknowledge',
  length: [2, 2],
  read: bmc => [0, ...(bmc.memory.value.bootOptions[4] ?? [0])],
  // The first byte says which bits of the second one are written.
  write: (bmc, data) => {
    const mask = data.readUInt8(0);
    const [before = 0] = bmc.memory.value.bootOptions[4] ?? [];
    return remember(bmc, 'bootOptions', '4', [(before & ~mask) | (data.readUInt8(1) & mask)]);
  },
};

const bootFlags: Parameter = {
  number: 5,
  name: 'Boot Flags',
  length: [bootFlagsLength, bootFlagsLength],
  read: ({ node }) => {
    const { boot, firmware } = node.state.durable;
    return [...writeBootFlags(boot, firmwareSettings(node.spec, nextSettings(firmware).changed).mode)];
  },
  write: (bmc, data) => {
    const override = readBootFlags(data);
    if (!override) return refuse(CompletionCode.invalidField);
    return carryOut(
      bmc,
      { type: 'set-boot-override', override, expiresAfter: lifetime(bmc), by: byIpmi },
      { unsupported: CompletionCode.invalidField },
    );
  },
};

const mailboxBlocks = 5;
const mailboxBlockLength = 16;

const bootInitiatorMailbox: Parameter = {
  number: 7,
  name: 'Boot Initiator Mailbox',
  length: [2, 1 + mailboxBlockLength],
  read: (bmc, block) => {
    if (block >= mailboxBlocks) return undefined;
    return [block, ...(bmc.memory.value.bootOptions[`7.${block}`] ?? Array(mailboxBlockLength).fill(0))];
  },
  write: (bmc, data) => {
    const block = data.readUInt8(0);
    if (block >= mailboxBlocks) return refuse(CompletionCode.parameterOutOfRange);
    const bytes = Buffer.alloc(mailboxBlockLength);
    data.copy(bytes, 0, 1);
    return remember(bmc, 'bootOptions', `7.${block}`, [...bytes]);
  },
};

/** @see IPMI 2.0 table 28-14 */
export const bootOptionParameters: readonly Parameter[] = [
  setInProgressParameter(),
  stored('bootOptions', 1, 'Service Partition Selector', [0]),
  stored('bootOptions', 2, 'Service Partition Scan', [0]),
  validBitClearing,
  bootInfoAcknowledge,
  bootFlags,
  stored('bootOptions', 6, 'Boot Initiator Info', [0, 0, 0, 0, 0, 0, 0, 0, 0]),
  bootInitiatorMailbox,
];

export const bootOptionCommands: readonly IpmiCommand[] = [
  {
    name: 'Set System Boot Options',
    netFn: NetFn.chassis,
    command: 0x08,
    privilege: 'operator',
    length: [1, 18],
    handle: ({ bmc }, data) => setBootOption(bmc, data.readUInt8(0), data.subarray(1)),
  },
  {
    name: 'Get System Boot Options',
    netFn: NetFn.chassis,
    command: 0x09,
    privilege: 'operator',
    length: [3, 3],
    handle: ({ bmc }, data) => {
      const selector = data.readUInt8(0) & 0x7f;
      const version = 0x01;
      return readParameter(parameterOf(selector), bmc, data.readUInt8(1), [version, selector]);
    },
  },
];

function setBootOption(bmc: Bmc, selector: number, data: Buffer): CommandResponse | Promise<CommandResponse> {
  const parameter = parameterOf(selector & 0x7f);
  if (!parameter) return refuse(CompletionCode.parameterNotSupported);
  const markInvalid = (selector & 0x80) !== 0;
  if (markInvalid) return refuse(CompletionCode.invalidField);
  // Without data, only the parameter's validity is written, and that it has already.
  if (data.length === 0) return done;
  return writeParameter(parameter, bmc, data);
}

function parameterOf(number: number): Parameter | undefined {
  return bootOptionParameters.find(parameter => parameter.number === number);
}

function lifetime(bmc: Bmc): number | undefined {
  const [clearing = 0] = validBitClearing.read(bmc, 0) ?? [];
  return (clearing & keepWithoutCommand) !== 0 ? undefined : flagsLapseAfter;
}
