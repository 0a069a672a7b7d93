import { readFile } from 'node:fs/promises';
import { run } from '../host/programs.ts';
import type { Document } from '../support/document.ts';
import { systemCodeOf } from '../support/errors.ts';

/** A link-local address on one network interface of this host: `fe80::b:c%eth0`. */
export interface LinkLocal {
  readonly address: string;
  readonly interface: string;
}

/** The part of the host that has interfaces and addresses. */
export interface HostAddresses {
  /** Text of /proc/net/if_inet6. */
  readonly list: () => Promise<string>;
  /** Index of an interface; `undefined` while there is none of that name. */
  readonly indexOf: (name: string) => Promise<number | undefined>;
  /** Runs ip(8). */
  readonly ip: (args: readonly string[]) => Promise<unknown>;
}

/** This host. */
export const thisHost: HostAddresses = {
  list: () => readOrNothing('/proc/net/if_inet6').then(text => text ?? ''),
  indexOf: async name => {
    const text = await readOrNothing(`/sys/class/net/${name}/ifindex`);
    return text === undefined ? undefined : Number(text);
  },
  ip: args => run('ip', args),
};

/** Link-local addresses that interfaces are given where they lack them; each is taken away when it is no longer wanted. */
export class LinkLocalAddresses {
  readonly #host: HostAddresses;
  readonly #document: Document<readonly string[]>;

  /** @param document - remembers what was added, so that it is taken away also after the daemon was killed */
  constructor(document: Document<readonly string[]>, host: HostAddresses = thisHost) {
    this.#document = document;
    this.#host = host;
  }

  /**
   * Sees that an interface has its address.
   * @returns the interface's index, another one when the interface was replaced; `undefined` while there is none
   * @throws QuintupleoError `PROGRAM_FAILED` when the address cannot be added
   */
  async ensure(wanted: LinkLocal): Promise<number | undefined> {
    const index = await this.#host.indexOf(wanted.interface);
    if (index === undefined || (await this.#has(wanted, index))) return index;
    const added = (await this.#document.read()) ?? [];
    const name = nameOf(wanted);
    if (!added.includes(name)) await this.#document.write([...added, name]);
    // No duplicate address detection: the address would not be usable at once, and every lab's network has one of it.
    await this.#ip('add', wanted, 'nodad');
    return index;
  }

  /** Takes away what was added and is not among these. */
  async keepOnly(wanted: readonly LinkLocal[]): Promise<void> {
    const added = (await this.#document.read()) ?? [];
    const names = wanted.map(nameOf);
    const left = added.filter(name => names.includes(name));
    if (left.length === added.length) return;
    for (const name of added) {
      const one = names.includes(name) ? undefined : parseLinkLocal(name);
      const index = one && (await this.#host.indexOf(one.interface));
      if (one && index !== undefined && (await this.#has(one, index))) await this.#ip('del', one);
    }
    if (left.length > 0) await this.#document.write(left);
    else await this.#document.delete();
  }

  #ip(action: 'add' | 'del', { address, interface: device }: LinkLocal, ...more: string[]): Promise<unknown> {
    return this.#host.ip(['-6', 'addr', action, `${address}/64`, 'dev', device, ...more]);
  }

  /** @see proc(5) on /proc/net/if_inet6: address, interface index, prefix length, scope, flags, interface */
  async #has(wanted: LinkLocal, index: number): Promise<boolean> {
    const hexadecimal = digitsOf(wanted.address);
    return (await this.#host.list()).split('\n').some(line => {
      const [address, interfaceIndex = ''] = line.trim().split(/\s+/);
      return address === hexadecimal && Number.parseInt(interfaceIndex, 16) === index;
    });
  }
}

/** Reads `ADDRESS%INTERFACE`; `undefined` for what is no link-local address of an interface. */
export function parseLinkLocal(text: string): LinkLocal | undefined {
  const match = /^(fe80::[0-9a-f:]+)%([^\s/%]{1,15})$/.exec(text);
  return match?.[1] && match[2] ? { address: match[1], interface: match[2] } : undefined;
}

function nameOf({ address, interface: device }: LinkLocal): string {
  return `${address}%${device}`;
}

/** The 32 digits of an address whose zeros are left out after its first group. */
function digitsOf(address: string): string {
  const [first = '', ...rest] = address.split(/:+/);
  const digits = rest.map(group => group.padStart(4, '0')).join('');
  return first + digits.padStart(32 - first.length, '0');
}

async function readOrNothing(path: string): Promise<string | undefined> {
  return readFile(path, 'utf8').catch((error: unknown) => {
    // ENODEV, EINVAL: the interface goes away while it is read.
    if (['ENOENT', 'ENODEV', 'EINVAL'].includes(systemCodeOf(error) ?? '')) return undefined;
    throw error;
  });
}
