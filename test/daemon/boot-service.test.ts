import { describe, expect, test } from 'vitest';
import type { BootDirector, BootFetch, BootListener } from '../../src/boot/director.ts';
import { BootService } from '../../src/daemon/boot-service.ts';
import { type HostAddresses, LinkLocalAddresses, parseLinkLocal } from '../../src/daemon/link-local.ts';
import { type MediaState, noMedia } from '../../src/node/media.ts';
import type { LabSpec } from '../../src/node/spec.ts';
import { VirtualClock } from '../../src/support/clock.ts';
import { memoryDocument } from '../../src/support/document.ts';
import { silentLog } from '../../src/support/log.ts';

const address = 'fe80::b:c%pxe0';
const mac = '20:57:f8:00:00:01';

function lab(name: string, card = mac): LabSpec {
  const node = { name: 'node-1', uuid: '', cpus: 1, memory: 1, disks: [], firmware: 'bios' as const };
  return { name, networks: [], nodes: [{ ...node, nics: [{ mac: card, network: 'a' }] }] };
}

/** A host whose interfaces a test makes and deletes. */
class FakeHost implements HostAddresses {
  readonly interfaces = new Map<string, { index: number; addresses: Set<string> }>();
  readonly commands: string[] = [];
  refuses = false;
  #last = 0;

  add(name: string, ...addresses: string[]): void {
    this.interfaces.set(name, { index: ++this.#last, addresses: new Set(addresses) });
  }
  list = async () =>
    [...this.interfaces]
      .filter(([, { addresses }]) => addresses.has('fe80::b:c/64'))
      .map(
        ([name, { index }]) =>
          `fe8000000000000000000000000b000c ${index.toString(16).padStart(2, '0')} 40 20 80 ${name}`,
      )
      .join('\n');
  indexOf = async (name: string) => this.interfaces.get(name)?.index;
  ip = async (args: readonly string[]) => {
    this.commands.push(args.join(' '));
    if (this.refuses) throw new Error('Operation not permitted');
    const [, , action, cidr = '', , name = ''] = args;
    const addresses = this.interfaces.get(name)?.addresses;
    if (action === 'add') addresses?.add(cidr);
    else addresses?.delete(cidr);
  };
}

/** The part of a director that listens; a listener is `ADDRESS PORT`. */
function fakeDirector(
  listening: Set<string>,
  missing: ReadonlySet<string>,
  listeners: ((fetch: BootFetch) => void)[],
): BootDirector {
  const listen = async (at: string, port: number): Promise<BootListener> => {
    if (missing.has(at)) throw new Error('no such address');
    listening.add(`${at} ${port}`);
    return {
      address: at,
      port,
      close: async () => {
        listening.delete(`${at} ${port}`);
      },
    };
  };
  const onFetch = (listener: (fetch: BootFetch) => void) => listeners.push(listener);
  return { listen, assignment: () => undefined, onFetch } as unknown as BootDirector;
}

function make(host = new FakeHost()) {
  const listening = new Set<string>();
  const missing = new Set<string>();
  const listeners: ((fetch: BootFetch) => void)[] = [];
  const clock = new VirtualClock();
  const kept = memoryDocument<readonly string[]>();
  const service = new BootService({
    director: fakeDirector(listening, missing, listeners),
    labs: new Map(),
    port: 9000,
    linkLocal: new LinkLocalAddresses(kept, host),
    clock,
    log: silentLog,
  });
  const fetch = (change: Partial<BootFetch>) => {
    const fetched = {
      at: 1,
      mac,
      what: 'firmware',
      answer: 'network',
      file: undefined,
      status: 200,
      bytes: 0,
    };
    for (const listener of listeners) listener({ ...fetched, ...change });
  };
  return { service, listening, missing, clock, kept, host, fetch };
}

describe('an address on a network', () => {
  test('answers for as long as one lab wants it', async () => {
    const { service, listening } = make();
    await service.serve('one', lab('one'), ['192.0.2.1']);
    await service.serve('two', lab('two'), ['192.0.2.1', '192.0.2.2']);
    expect([...listening]).toEqual(['192.0.2.1 9000', '192.0.2.2 9000']);
    await service.close('one');
    await service.serve('two', lab('two'), ['192.0.2.1']);
    expect([...listening]).toEqual(['192.0.2.1 9000']);
    await service.close('two');
    expect(listening.size).toBe(0);
  });

  test('that is not there yet answers once it is', async () => {
    const { service, listening, missing, clock } = make();
    missing.add('192.0.2.1');
    await service.serve('one', lab('one'), ['192.0.2.1']);
    await clock.advance(10_000);
    expect(listening.size).toBe(0);
    missing.clear();
    await clock.advance(3_000);
    expect([...listening]).toEqual(['192.0.2.1 9000']);
  });

  test('is no longer tried for when its lab has gone', async () => {
    const { service, listening, missing, clock } = make();
    missing.add('192.0.2.1');
    await service.serve('one', lab('one'), ['192.0.2.1']);
    await service.close('one');
    missing.clear();
    await clock.advance(10_000);
    expect(listening.size).toBe(0);
  });
});

describe('a link-local address', () => {
  test('is added to its interface, answers on the port that firmware knows, and is taken away', async () => {
    const { service, host, listening, kept } = make();
    host.add('pxe0');
    await service.serve('one', lab('one'), [address]);
    expect(host.commands).toEqual(['-6 addr add fe80::b:c/64 dev pxe0 nodad']);
    expect([...listening]).toEqual([`${address} 8623`]);
    await service.close('one');
    expect(host.commands.slice(1)).toEqual(['-6 addr del fe80::b:c/64 dev pxe0']);
    expect(listening.size).toBe(0);
    expect(await kept.read()).toBeUndefined();
  });

  test('that somebody else added stays', async () => {
    const { service, host, listening } = make();
    host.add('pxe0', 'fe80::b:c/64');
    await service.serve('one', lab('one'), [address]);
    await service.close('one');
    expect(host.commands).toEqual([]);
    expect(listening.size).toBe(0);
  });

  test('answers once its interface is there, and again when that was replaced', async () => {
    const { service, host, listening, clock } = make();
    await service.serve('one', lab('one'), [address]);
    expect(listening.size).toBe(0);
    host.add('pxe0');
    await clock.advance(3_000);
    expect(listening.size).toBe(1);
    await clock.advance(30_000);
    expect(host.commands).toHaveLength(1);
    host.interfaces.delete('pxe0');
    await clock.advance(3_000);
    expect(listening.size).toBe(0);
    host.add('pxe0');
    await clock.advance(3_000);
    expect(listening.size).toBe(1);
    expect(host.commands).toHaveLength(2);
  });

  test('that may not be added is waited for', async () => {
    const { service, host, listening, clock } = make();
    host.add('pxe0');
    host.refuses = true;
    await service.serve('one', lab('one'), [address]);
    expect(listening.size).toBe(0);
    host.interfaces.get('pxe0')?.addresses.add('fe80::b:c/64');
    await clock.advance(3_000);
    expect(listening.size).toBe(1);
  });

  test('that a killed daemon added is taken away by the next one', async () => {
    const { service, host, kept } = make();
    host.add('pxe0', 'fe80::b:c/64');
    await kept.write([address, 'fe80::b:c%gone0']);
    await service.serve('one', lab('one'), []);
    expect(host.commands).toEqual(['-6 addr del fe80::b:c/64 dev pxe0']);
    expect(await kept.read()).toBeUndefined();
  });

  test('names its interface', () => {
    expect(parseLinkLocal(address)).toEqual({ address: 'fe80::b:c', interface: 'pxe0' });
    for (const text of ['fe80::b:c', '192.0.2.1', 'fe80::b:c%', 'fe80::b:c%a/b', '2001:db8::1%pxe0']) {
      expect(parseLinkLocal(text), text).toBeUndefined();
    }
  });
});

test('firmware is answered by the lab whose card it is', async () => {
  const { service } = make();
  await service.serve('one', lab('one'), [], { firmwareAsks: async () => ({ kind: 'network' }) });
  await service.serve('two', lab('two', '20:57:f8:00:00:02'), []);
  expect(await service.firmwareAsks({ mac, boot: 'b' })).toEqual({ kind: 'network' });
  expect(await service.firmwareAsks({ mac: '20:57:f8:00:00:02', boot: 'b' })).toBeUndefined();
  expect(await service.firmwareAsks({ mac: '20:57:f8:00:00:03', boot: 'b' })).toBeUndefined();
  await service.close('one');
  expect(await service.firmwareAsks({ mac, boot: 'b' })).toBeUndefined();
});

test('where a lab is answered, and why not', async () => {
  const { service, missing } = make();
  missing.add('192.0.2.2');
  await service.serve('one', lab('one'), ['192.0.2.1', '192.0.2.2', address]);
  expect(service.addresses('one')).toEqual([
    { address: '192.0.2.1', port: 9000, trouble: undefined },
    { address: '192.0.2.2', port: 9000, trouble: 'no such address' },
    { address, port: 8623, trouble: 'there is no interface pxe0' },
  ]);
  expect(service.addresses('two')).toEqual([]);
});

test('an image is found as long as the node has it, and by its own cards alone', async () => {
  const { service } = make();
  const image = { url: 'http://h/a.iso', file: '/state/node-1-cd-0.img', size: 1, writeProtected: true };
  let media: MediaState = { cd: image, usb: undefined, revision: 1 };
  await service.serve('one', lab('one'), [], { media: node => (node === 'node-1' ? media : undefined) });
  await service.serve('two', lab('two', '20:57:f8:00:00:02'), []);
  expect(service.mediaFile(mac, 'node-1-cd-0.img')).toBe(image.file);
  expect(service.mediaFile(mac, 'node-1-cd-1.img')).toBeUndefined();
  expect(service.mediaFile('20:57:f8:00:00:02', 'node-1-cd-0.img')).toBeUndefined();
  expect(service.mediaFile('20:57:f8:00:00:03', 'node-1-cd-0.img')).toBeUndefined();
  media = noMedia;
  expect(service.mediaFile(mac, 'node-1-cd-0.img')).toBeUndefined();
});

describe('what is fetched', () => {
  test('is told to the lab whose card it is, is its progress, and is counted', async () => {
    const { service, fetch } = make();
    const heard: string[] = [];
    const hear = (node: string, what: string) => heard.push(`${node}: ${what}`);
    await service.serve('one', lab('one'), [], { fetched: hear });
    fetch({ at: 1 });
    fetch({ at: 2, what: 'boot', answer: 'deploy' });
    fetch({ at: 3, what: 'deploy', answer: undefined, file: 'disk.img', status: 206 });
    fetch({ at: 4, what: 'deploy', answer: undefined, file: 'disk.img', status: 206 });
    expect(heard).toEqual([
      'node-1: firmware asked what to boot: network',
      'node-1: the boot loader asked what to boot: deploy',
      'node-1: fetched disk.img',
      'node-1: fetched disk.img',
    ]);
    expect(service.progress([mac]).map(({ at, what, times }) => [at, what, times])).toEqual([
      [1, 'firmware', 1],
      [2, 'boot', 1],
      [4, 'deploy', 2],
    ]);
    expect(service.fetchCounts()).toContainEqual({
      what: 'deploy',
      answer: undefined,
      status: 206,
      count: 2,
    });
  });

  test('by strangers and in the name of others is counted, and is no step of a boot', async () => {
    const { service, fetch } = make();
    const heard: string[] = [];
    await service.serve('one', lab('one'), [], { fetched: (_node, what) => heard.push(what) });
    fetch({ mac: '20:57:f8:00:00:99', answer: 'unknown' });
    fetch({ answer: undefined, status: 403 });
    fetch({ mac: undefined, what: 'boot.ipxe', answer: undefined });
    expect(heard).toEqual([]);
    expect(service.progress(['20:57:f8:00:00:99'])).toEqual([]);
    expect(service.progress([mac])).toMatchObject([{ status: 403 }]);
    expect(service.fetchCounts()).toHaveLength(3);
  });

  test('is remembered as far as the last few, until the lab is gone', async () => {
    const { service, fetch } = make();
    await service.serve('one', lab('one'), []);
    for (let at = 0; at < 40; at++) fetch({ at, answer: at % 2 === 0 ? 'disk' : 'network' });
    expect(service.progress([mac]).map(({ at }) => at)).toEqual([32, 33, 34, 35, 36, 37, 38, 39]);
    await service.forgetLab('one');
    expect(service.progress([mac])).toEqual([]);
  });
});
