import { productOf } from '../../node/sensors.ts';
import type { NodeSpec } from '../../node/spec.ts';

/** The inventory (FRU) of a node. @see IPMI Platform Management FRU Information Storage Definition v1.0 */

const formatVersion = 1;
const english = 25;
const endOfFields = 0xc1;

/** Main server chassis. @see SMBIOS, System Enclosure or Chassis Types */
const chassisType = 0x11;

/**
 * A node's inventory area.
 * @param assetTag - as clients set it
 * @param version - of this project, which is the product
 */
export function fruInventory(spec: NodeSpec, assetTag: string, version: string): Buffer {
  const { manufacturer, model, serial } = productOf(spec);
  const noDate = [0, 0, 0];
  const chassis = area([chassisType], ['', serial]);
  const board = area([english, ...noDate], [manufacturer, model, serial, spec.name, '']);
  const product = area(
    [english],
    [manufacturer, model, spec.name, version, serial, assetTag, '', `UUID ${spec.uuid}`],
  );
  const areas = [chassis, board, product];
  return Buffer.concat([commonHeader(areas), ...areas]);
}

/** Where the areas begin, in multiples of 8 bytes; there is no internal use area and no multirecord. */
function commonHeader(areas: readonly Buffer[]): Buffer {
  let offset = 1;
  const offsets = areas.map(bytes => {
    const here = offset;
    offset += bytes.length / 8;
    return here;
  });
  return withChecksum(Buffer.from([formatVersion, 0, ...offsets, 0, 0, 0]));
}

function area(head: readonly number[], fields: readonly string[]): Buffer {
  const content = Buffer.concat([Buffer.from(head), ...fields.map(field), Buffer.from([endOfFields])]);
  const length = Math.ceil((content.length + 3) / 8);
  const bytes = Buffer.alloc(length * 8);
  bytes.set([formatVersion, length]);
  bytes.set(content, 2);
  return withChecksum(bytes);
}

/** Latin-1 with its type/length byte. */
function field(text: string): Buffer {
  // A field of one character would look like the end of the fields.
  const bytes = Buffer.from(text.length === 1 ? `${text} ` : text, 'latin1').subarray(0, 63);
  return Buffer.concat([Buffer.from([bytes.length === 0 ? 0 : 0xc0 | bytes.length]), bytes]);
}

/** The bytes with their last one chosen so that all of them add up to 0. */
function withChecksum(bytes: Buffer): Buffer {
  const sum = bytes.reduce((total, byte) => total + byte, 0);
  bytes[bytes.length - 1] = -sum & 0xff;
  return bytes;
}
