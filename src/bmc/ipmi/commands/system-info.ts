import { fixed, type Parameter } from './parameters.ts';

/** The node's name as text: blocks of 16 bytes, the first of which begins with the encoding (ASCII) and the length. */
const systemName: Parameter = {
  number: 2,
  name: 'System Name',
  length: [17, 17],
  read: (bmc, block) => {
    const name = Buffer.from(bmc.node.spec.name, 'latin1').subarray(0, 0xff);
    const text = Buffer.from([0, name.length, ...name]);
    if (block * 16 >= text.length) return undefined;
    const bytes = Buffer.alloc(16);
    text.copy(bytes, 0, block * 16);
    return [block, ...bytes];
  },
};

/** System information parameters. What else there is, an operating system would have to tell. @see IPMI 2.0 §22.14b */
export const systemInfoParameters: readonly Parameter[] = [fixed(0, 'Set In Progress', 0), systemName];
