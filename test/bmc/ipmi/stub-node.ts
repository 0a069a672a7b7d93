import type { Command, Reply } from '../../../src/node/command.ts';
import { plainFirmware } from '../../../src/node/driver.ts';
import type { Node } from '../../../src/node/node.ts';
import type { PowerState } from '../../../src/node/power.ts';
import { initialState, type NodeState } from '../../../src/node/state.ts';

/** A node that obeys at once and remembers what it was told. */
export class StubNode implements Node {
  readonly hardware = { cpus: 2, memory: 2 ** 31 };
  readonly commands: Command[] = [];
  readonly spec = {
    name: 'node-0',
    uuid: '6f2a1c5e-8d3b-4f70-9a1e-0b5c7d2e4f61',
    cpus: 2,
    memory: 2 ** 30,
    disks: [],
    nics: [],
    firmware: 'bios',
  } as const;
  readonly capabilities = {
    actions: ['on', 'off', 'soft-off', 'reset', 'nmi', 'set-next-boot'],
    bootTargets: ['default', 'pxe', 'disk', 'cdrom', 'bios-setup'],
    ...plainFirmware,
    timeouts: { on: 1000, off: 1000, softOff: 1000, reset: 1000 },
  } as const;
  readonly serial = {
    history: async () => Buffer.alloc(0),
    listen: () => () => {},
    write: () => {},
    sendBreak: () => {},
  };
  readonly closed = new AbortController().signal;
  state: NodeState = { ...initialState(), power: 'off' };

  async command(command: Command): Promise<Reply> {
    this.commands.push(command);
    if (command.type === 'power') this.state = { ...this.state, power: powerAfter(command.action) };
    return { accepted: true };
  }

  onChange(): () => void {
    return () => {};
  }
}

function powerAfter(action: string): PowerState {
  return action === 'off' || action === 'soft-off' ? 'off' : 'on';
}
