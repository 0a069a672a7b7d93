import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import type { SavedAssignments } from '../../src/boot/assignments.ts';
import { linkLocalAddress } from '../../src/boot/caller.ts';
import { createBootDirector } from '../../src/boot/director.ts';
import { BootService } from '../../src/daemon/boot-service.ts';
import { LinkLocalAddresses } from '../../src/daemon/link-local.ts';
import { MediaLibrary } from '../../src/daemon/media-library.ts';
import { machineId } from '../../src/node/driver.ts';
import { type KeptNode, NodeRunner } from '../../src/node/runner.ts';
import type { LabSpec, NodeSpec } from '../../src/node/spec.ts';
import type { NodeState } from '../../src/node/state.ts';
import { Destinations } from '../../src/support/destinations.ts';
import { memoryDocument } from '../../src/support/document.ts';
import { silentLog } from '../../src/support/log.ts';
import { labOf, macOf, standInPlatform } from '../drivers/openstack/lab-on-stand-in.ts';

const never = new AbortController().signal;
const mac = macOf(0);

test('an image that a client inserts is booted by an instance of a cloud, once, and by nobody else', async () => {
  const images = createServer((_, response) => response.end('the installer')).listen(0, '127.0.0.1');
  await once(images, 'listening');
  const platform = await standInPlatform(labOf('lab', [undefined, undefined]));
  const { clock } = platform;
  const driver = await platform.createDriver();
  for (const change of await driver.plan(platform.lab)) await driver.apply(platform.lab, change, never);
  const [spec] = platform.lab.nodes as readonly [NodeSpec];
  const node = await NodeRunner.start(
    {
      ...{ spec, driver, clock, log: silentLog, machine: machineId('lab', spec.name) },
      document: memoryDocument<KeptNode>(),
    },
    false,
  );
  const watching = new AbortController();
  await driver.watch((id, seen) => id === machineId('lab', spec.name) && node.observe(seen), watching.signal);
  const labs = new Map<string, LabSpec>();
  const director = await createBootDirector({
    nodeOf: card => (card === mac ? spec.name : undefined),
    deployFiles: () => Promise.reject(new Error('none here')),
    firmwareAsks: question => service.firmwareAsks(question),
    mediaFile: (card, image) => service.mediaFile(card, image),
    document: memoryDocument<SavedAssignments>(),
    log: silentLog,
    clock,
  });
  const linkLocal = new LinkLocalAddresses(memoryDocument());
  const service: BootService = new BootService({ director, labs, port: 9, linkLocal, clock, log: silentLog });
  await service.serve('lab', platform.lab, [], {
    firmwareAsks: question => driver.firmwareAsks(question),
    media: name => (name === spec.name ? node.state.durable.media : undefined),
  });
  const from = (card: string) => ({ address: `${linkLocalAddress(card)}%p`, ownAddress: 'fe80::b:c%p' });
  const ask = (path: string, card = mac) => director.fetch(new Request(`http://h${path}`), from(card));
  const boot = async (name: string) => (await ask(`/firmware/${mac}?boot=${name}`)).text();
  const powered = async (action: 'on' | 'reset') => {
    const reply = await node.command({ type: 'power', action, by: 'test' });
    const id = reply.accepted ? reply.operation : undefined;
    await until(node, ({ results }) => results.some(result => result.id === id && result.outcome === 'done'));
  };
  const library = new MediaLibrary({
    folder: join(platform.stateDirectory, 'media'),
    destinations: new Destinations(['127.0.0.1']),
  });
  try {
    const url = `http://127.0.0.1:${(images.address() as AddressInfo).port}/installer.iso`;
    const request = { url, slot: 'cd', verifyCertificate: true, writeProtected: true } as const;
    const image = await library.sourceOf(spec.name).fetch(request, never, () => undefined);
    await node.command({ type: 'set-media', slot: 'cd', image, by: 'test' });
    const override = { enabled: 'once', target: 'cdrom', detail: undefined } as const;
    await node.command({ type: 'set-boot-override', override, expiresAfter: undefined, by: 'test' });
    await powered('on');
    const [, path = ''] = /^sanboot .*http:\/\/\[fe80::b:c%25net0\]:8623(\S+)/m.exec(await boot('one')) ?? [];
    expect(await (await ask(path)).text()).toBe('the installer');
    expect((await ask(path, macOf(1))).status).toBe(403);
    expect((await ask(path.replace(mac, macOf(1)), macOf(1))).status).toBe(404);

    await powered('reset');
    expect(await boot('two')).toContain('boots from its disk');
    // The disc is still in the drive.
    expect((await ask(path)).status).toBe(200);
    await node.command({ type: 'set-media', slot: 'cd', image: undefined, by: 'test' });
    await library.remove(image);
    expect((await ask(path)).status).toBe(404);
  } finally {
    watching.abort();
    await node.close();
    await director.close();
    await driver[Symbol.asyncDispose]();
    await platform.dispose();
    images.close();
  }
}, 30_000);

function until(node: NodeRunner, holds: (state: NodeState) => boolean): Promise<void> {
  return new Promise(resolve => {
    const look = (state: NodeState) => {
      if (!holds(state)) return;
      stop();
      resolve();
    };
    const stop = node.onChange(look);
    look(node.state);
  });
}
