import { version } from '../../../support/version.ts';
import { type IpmiCommand, NetFn } from '../command.ts';
import { CompletionCode } from '../completion.ts';
import { guidBytes } from '../guid.ts';
import { deviceSupport } from '../sdr.ts';
import { answer, done, le16, refuse } from './answer.ts';
import { readParameter } from './parameters.ts';
import { systemInfoParameters } from './system-info.ts';

/** The controller itself. @see IPMI 2.0 §20 to §22 */

/** "Unspecified": this project has no enterprise number. @see IPMI 2.0 table 20-2 */
const manufacturerId = [0, 0, 0];
const productId = 1;

const [major = 0, minor = 0, patch = 0] = version.split('.').map(part => Number.parseInt(part, 10));
const deviceId = [
  0x20,
  0x81, // provides device SDRs; revision 1
  major & 0x7f, // the device is available
  (Math.floor(minor / 10) << 4) | (minor % 10), // BCD
  0x02, // IPMI 2.0
  deviceSupport,
  ...manufacturerId,
  ...le16(productId),
  ...[patch & 0xff, 0, 0, 0],
];

/** The event log is kept always; there is no message buffer and no system interface that could interrupt. */
const systemEventLogging = 0x08;

/** ACPI power states. @see IPMI 2.0 table 20-7 */
const acpi = { s0: 0x00, s5: 0x05, unknown: 0x2a, noChange: 0x7f } as const;

export const appCommands: readonly IpmiCommand[] = [
  {
    name: 'Get Device ID',
    netFn: NetFn.app,
    command: 0x01,
    privilege: 'user',
    length: [0, 0],
    handle: () => answer(...deviceId),
  },
  {
    name: 'Cold Reset',
    netFn: NetFn.app,
    command: 0x02,
    privilege: 'administrator',
    length: [0, 0],
    handle: ({ bmc }) => {
      bmc.reset('cold');
      return done;
    },
  },
  {
    name: 'Warm Reset',
    netFn: NetFn.app,
    command: 0x03,
    privilege: 'administrator',
    length: [0, 0],
    handle: ({ bmc }) => {
      bmc.reset('warm');
      return done;
    },
  },
  {
    name: 'Get Self Test Results',
    netFn: NetFn.app,
    command: 0x04,
    privilege: 'user',
    length: [0, 0],
    handle: () => answer(0x55, 0x00),
  },
  {
    name: 'Set ACPI Power State',
    netFn: NetFn.app,
    command: 0x06,
    privilege: 'administrator',
    length: [2, 2],
    // The state is observed; a client may say what is so anyway.
    handle: ({ bmc }, data) => {
      const change = data.readUInt8(0);
      const isSet = (change & 0x80) !== 0 && (change & 0x7f) !== acpi.noChange;
      return isSet && (change & 0x7f) !== acpiState(bmc.node.state.power)
        ? refuse(CompletionCode.notInThisState)
        : done;
    },
  },
  {
    name: 'Get ACPI Power State',
    netFn: NetFn.app,
    command: 0x07,
    privilege: 'user',
    length: [0, 0],
    handle: ({ bmc }) =>
      answer(acpiState(bmc.node.state.power), bmc.node.state.power === 'off' ? 0x03 : 0x00),
  },
  {
    name: 'Get Device GUID',
    netFn: NetFn.app,
    command: 0x08,
    privilege: 'user',
    length: [0, 0],
    handle: ({ bmc }) => answer(...guidBytes(bmc.node.spec.uuid)),
  },
  {
    name: 'Set BMC Global Enables',
    netFn: NetFn.app,
    command: 0x2e,
    privilege: 'administrator',
    length: [1, 1],
    handle: (_, data) =>
      data.readUInt8(0) === systemEventLogging ? done : refuse(CompletionCode.invalidField),
  },
  {
    name: 'Get BMC Global Enables',
    netFn: NetFn.app,
    command: 0x2f,
    privilege: 'user',
    length: [0, 0],
    handle: () => answer(systemEventLogging),
  },
  {
    name: 'Clear Message Flags',
    netFn: NetFn.app,
    command: 0x30,
    privilege: 'administrator',
    length: [1, 1],
    handle: () => done,
  },
  {
    name: 'Get Message Flags',
    netFn: NetFn.app,
    command: 0x31,
    privilege: 'user',
    length: [0, 0],
    handle: () => answer(0x00),
  },
  {
    name: 'Get System GUID',
    netFn: NetFn.app,
    command: 0x37,
    privilege: 'none',
    length: [0, 0],
    handle: ({ bmc }) => answer(...guidBytes(bmc.node.spec.uuid)),
  },
  {
    name: 'Set System Info Parameters',
    netFn: NetFn.app,
    command: 0x58,
    privilege: 'administrator',
    length: [1, 32],
    handle: (_, data) =>
      refuse(
        systemInfoParameters.some(({ number }) => number === data.readUInt8(0))
          ? CompletionCode.readOnly
          : CompletionCode.parameterNotSupported,
      ),
  },
  {
    name: 'Get System Info Parameters',
    netFn: NetFn.app,
    command: 0x59,
    privilege: 'user',
    length: [4, 4],
    handle: ({ bmc }, data) => {
      const parameter = systemInfoParameters.find(({ number }) => number === data.readUInt8(1));
      const revisionOnly = (data.readUInt8(0) & 0x80) !== 0;
      return readParameter(parameter, bmc, data.readUInt8(2), [0x11], revisionOnly);
    },
  },
];

function acpiState(power: 'on' | 'off' | 'unknown'): number {
  switch (power) {
    case 'on':
      return acpi.s0;
    case 'off':
      return acpi.s5;
    case 'unknown':
      return acpi.unknown;
  }
}
