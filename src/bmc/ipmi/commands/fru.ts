import { version } from '../../../support/version.ts';
import type { Bmc } from '../bmc.ts';
import { type IpmiCommand, NetFn } from '../command.ts';
import { CompletionCode } from '../completion.ts';
import { fruInventory } from '../fru.ts';
import { answer, le16, refuse } from './answer.ts';

/** The inventory. @see IPMI 2.0 §34 */

/** The one FRU device that a BMC has. */
const systemFru = 0;

/** Write FRU Data's own code: that part is write-protected. */
const writeProtected = 0x80;

export const fruCommands: readonly IpmiCommand[] = [
  {
    name: 'Get FRU Inventory Area Info',
    netFn: NetFn.storage,
    command: 0x10,
    privilege: 'user',
    length: [1, 1],
    handle: ({ bmc }, data) => {
      if (data.readUInt8(0) !== systemFru) return refuse(CompletionCode.notPresent);
      const accessedByBytes = 0;
      return answer(...le16(inventoryOf(bmc).length), accessedByBytes);
    },
  },
  {
    name: 'Read FRU Data',
    netFn: NetFn.storage,
    command: 0x11,
    privilege: 'user',
    length: [4, 4],
    handle: ({ bmc }, data) => {
      if (data.readUInt8(0) !== systemFru) return refuse(CompletionCode.notPresent);
      const inventory = inventoryOf(bmc);
      const offset = data.readUInt16LE(1);
      if (offset >= inventory.length) return refuse(CompletionCode.parameterOutOfRange);
      const bytes = inventory.subarray(offset, offset + data.readUInt8(3));
      return answer(bytes.length, ...bytes);
    },
  },
  {
    name: 'Write FRU Data',
    netFn: NetFn.storage,
    command: 0x12,
    privilege: 'operator',
    length: [4, 255],
    handle: (_, data) => refuse(data.readUInt8(0) === systemFru ? writeProtected : CompletionCode.notPresent),
  },
];

function inventoryOf({ node }: Bmc): Buffer {
  return fruInventory(node.spec, node.state.durable.assetTag, version);
}
