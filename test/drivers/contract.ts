import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import type { NextBoot } from '../../src/node/boot.ts';
import {
  type Driver,
  DriverError,
  type DriverErrorKind,
  type MachineAct,
  machineId,
} from '../../src/node/driver.ts';
import { type ChangedSettings, firmwareSettings, noChange } from '../../src/node/firmware-settings.ts';
import type { MediaImage, MediaState } from '../../src/node/media.ts';
import type { LabSpec } from '../../src/node/spec.ts';
import { Recorder } from './recorder.ts';

/** A platform that the contract is tried on. */
export interface Platform {
  /** What is made there: at least one network and one machine. */
  readonly lab: LabSpec;
  /** A driver for it. A second one sees what the first one has left. */
  readonly createDriver: () => Promise<Driver>;
  /** Takes away what the platform itself needs. The lab is already gone. */
  readonly dispose: () => Promise<void>;
}

/** What every driver must do. The tests build on each other: they are one lab's life. */
export function driverContract(name: string, createPlatform: () => Promise<Platform>): void {
  describe(`driver contract: ${name}`, () => {
    let platform: Platform;
    let driver: Driver;
    let recorder: Recorder;
    let id: string;
    let revision = 0;

    const never = new AbortController().signal;
    const boot = (target: NextBoot['target'] = 'default'): NextBoot => ({
      target,
      settings: noChange,
      revision: ++revision,
    });
    const act = (what: MachineAct) => driver.act(id, what, never);
    const nothing = (): LabSpec => ({ name: platform.lab.name, networks: [], nodes: [] });
    const apply = async (wanted: LabSpec) => {
      for (const change of await driver.plan(wanted)) await driver.apply(wanted, change, never);
    };
    const powerOn = async () => {
      await act({ action: 'on', boot: boot() });
      await recorder.untilPower(id, 'on');
    };
    const powerOff = async () => {
      await act({ action: 'off' });
      await recorder.untilPower(id, 'off');
    };
    const renew = async () => {
      recorder.stop();
      await driver[Symbol.asyncDispose]();
      driver = await platform.createDriver();
      recorder = await Recorder.of(driver);
    };

    beforeAll(async () => {
      platform = await createPlatform();
      id = machineId(platform.lab.name, platform.lab.nodes[0]?.name ?? '');
      driver = await platform.createDriver();
      recorder = await Recorder.of(driver);
    });

    beforeEach(() => recorder.clear());

    afterAll(async () => {
      await apply(nothing());
      await driver[Symbol.asyncDispose]();
      await platform.dispose();
    });

    test('plans a new lab: networks, then machines, and nothing that hurts', async () => {
      const changes = await driver.plan(platform.lab);
      const expected = [
        ...platform.lab.networks.map(network => ({ op: 'create', kind: 'network', name: network.name })),
        ...platform.lab.nodes.map(node => ({ op: 'create', kind: 'machine', name: node.name })),
      ];
      expect(changes).toMatchObject(expected);
      expect(changes).toHaveLength(expected.length);
      expect(changes.some(change => change.disruptive)).toBe(false);
      expect(await driver.existing(platform.lab.name)).toEqual([]);
    });

    test('makes a lab, whose machines are seen to be off', async () => {
      await apply(platform.lab);
      const existing = await driver.existing(platform.lab.name);
      const names = existing.map(resource => `${resource.kind} ${resource.name}`).sort();
      const expected = [
        ...platform.lab.networks.map(network => `network ${network.name}`),
        ...platform.lab.nodes.map(node => `machine ${node.name}`),
      ];
      expect(names).toEqual(expected.sort());
      for (const node of platform.lab.nodes) {
        expect(recorder.power(machineId(platform.lab.name, node.name))).toBe('off');
      }
    });

    test('has nothing to do for a lab that is as it shall be', async () => {
      expect(await driver.plan(platform.lab)).toEqual([]);
    });

    test('may be asked twice to make the same thing', async () => {
      for (const node of platform.lab.nodes) {
        const change = {
          op: 'create',
          kind: 'machine',
          name: node.name,
          summary: '',
          disruptive: false,
        } as const;
        await driver.apply(platform.lab, change, never);
      }
      expect(await driver.plan(platform.lab)).toEqual([]);
    });

    test('tells every watcher a snapshot of all machines first', async () => {
      const another = await Recorder.of(driver);
      for (const node of platform.lab.nodes) {
        expect(another.of(machineId(platform.lab.name, node.name), 'power')).toMatchObject([
          { power: 'off' },
        ]);
      }
      another.stop();
      recorder = await Recorder.of(driver);
    });

    test('powers on: seen as power and as a boot that names its revision', async () => {
      await powerOn();
      await recorder.until(() => recorder.of(id, 'booted').length > 0);
      expect(recorder.of(id, 'booted')).toMatchObject([{ type: 'booted', revision, cause: 'power-on' }]);
    });

    test('powering on what is on succeeds and boots nothing', async () => {
      await act({ action: 'on', boot: boot() });
      expect(recorder.of(id, 'booted')).toEqual([]);
    });

    test('resets: the boot has been seen when the call is done', async () => {
      await act({ action: 'reset', boot: boot() });
      expect(recorder.of(id, 'booted')).toMatchObject([{ type: 'booted', revision, cause: 'reset' }]);
      expect(recorder.of(id, 'power')).toEqual([]);
    });

    test('takes the next boot of a running machine without a boot', async () => {
      await act({ action: 'set-next-boot', boot: boot('pxe') });
      await act({ action: 'set-next-boot', boot: boot() });
      expect(recorder.of(id, 'booted')).toEqual([]);
    });

    test('the serial history is what listeners were told since power-on', async () => {
      await powerOff();
      const told: Buffer[] = [];
      const port = driver.serial(id);
      const first = new Promise<void>(resolve => {
        port.listen(bytes => {
          told.push(bytes);
          resolve();
        });
      });
      await powerOn();
      await first;
      const history = await port.history();
      // What was told while the history was read may already be here, but nothing of the history may be missing.
      expect(Buffer.concat(told).subarray(0, history.length)).toEqual(history);
      expect(history.length).toBeGreaterThan(0);
    });

    test('a second driver finds a running machine on, with the boot it did', async () => {
      const bootedWith = revision;
      await renew();
      expect(recorder.power(id)).toBe('on');
      expect(recorder.of(id, 'booted')).toMatchObject([{ revision: bootedWith, earlier: true }]);
    });

    test('a call whose signal has aborted does nothing', async () => {
      const call = driver.act(id, { action: 'off' }, AbortSignal.abort());
      await expect(call).rejects.toThrow();
      const snapshot = await Recorder.of(driver);
      expect(snapshot.power(id)).toBe('on');
      snapshot.stop();
      recorder = await Recorder.of(driver);
    });

    test('powers off: hard, and seen', async () => {
      await powerOff();
      expect(recorder.of(id, 'power').at(-1)).toMatchObject({ power: 'off' });
    });

    test('powering off what is off succeeds', async () => {
      await act({ action: 'off' });
    });

    test('refuses to reset a machine that is off', async () => {
      await expect(kindOf(act({ action: 'reset', boot: boot() }))).resolves.toBe('refused');
    });

    test('says that a machine it does not have is gone', async () => {
      const stranger = machineId(platform.lab.name, 'nobody');
      await expect(kindOf(driver.act(stranger, { action: 'off' }, never))).resolves.toBe('gone');
    });

    test('only offers boot targets that it takes', async () => {
      await powerOn();
      for (const target of driver.capabilities(id).bootTargets) {
        await act({ action: 'set-next-boot', boot: boot(target) });
      }
    });

    test('offers only media slots and settings that it takes, and none without the act for them', async () => {
      const { actions, mediaSlots, firmwareSettings: settings, firmwareModes } = driver.capabilities(id);
      expect(actions.includes('set-media')).toBe(mediaSlots.length > 0);
      if (settings.length > 0) expect(actions).toContain('set-next-boot');
      if (settings.includes('mode')) expect(firmwareModes).toContain(platform.lab.nodes[0]?.firmware);
    });

    test('takes media whether the machine is on or off, more than once, and boots nothing', async ({
      skip,
    }) => {
      const { mediaSlots } = driver.capabilities(id);
      skip(mediaSlots.length === 0, 'no slots');
      await using images = await someImages();
      const media: MediaState = {
        cd: mediaSlots.includes('cd') ? images.image('disc.iso', true) : undefined,
        usb: mediaSlots.includes('usb') ? images.image('stick.img', false) : undefined,
        revision: 1,
      };
      const empty: MediaState = { cd: undefined, usb: undefined, revision: 2 };
      for (const told of [media, media, empty, empty, media]) await act({ action: 'set-media', media: told });
      expect(recorder.of(id, 'booted')).toEqual([]);
      expect(recorder.of(id, 'power')).toEqual([]);
      await powerOff();
      for (const told of [empty, media]) await act({ action: 'set-media', media: told });
      await powerOn();
      await act({ action: 'set-media', media: { ...empty, revision: 3 } });
    });

    test('tells with each boot which firmware settings it follows', async ({ skip }) => {
      const { firmwareSettings: settable } = driver.capabilities(id);
      const [node] = platform.lab.nodes;
      skip(settable.length === 0 || !node, 'no settings');
      if (!node) return;
      const follow = async (change: ChangedSettings, settings: number) => {
        recorder.clear();
        await act({
          action: 'reset',
          boot: { ...boot(), settings: { changed: change, revision: settings } },
        });
        expect(recorder.of(id, 'booted')).toMatchObject([{ revision, settings, cause: 'reset' }]);
        expect(recorder.of(id, 'power')).toEqual([]);
      };
      const delivered = firmwareSettings(node, {});
      await follow({ bootOrder: delivered.bootOrder.toReversed(), netbootNics: 0 }, 1);
      const { firmwareModes } = driver.capabilities(id);
      const other = firmwareModes.find(mode => mode !== delivered.mode);
      if (settable.includes('mode') && other) await follow({ mode: other }, 2);
      await renew();
      expect(recorder.of(id, 'booted')).toMatchObject([{ revision, earlier: true }]);
      await follow({}, 3);
    });

    test('asks before it deletes a machine', async () => {
      const changes = await driver.plan(nothing());
      for (const { op, kind, disruptive } of changes) {
        expect(op).toBe('delete');
        if (kind === 'machine') expect(disruptive).toBe(true);
      }
      expect(changes).toHaveLength(platform.lab.networks.length + platform.lab.nodes.length);
    });

    test('takes everything away, running machines too, and may be asked twice', async () => {
      const changes = await driver.plan(nothing());
      for (const change of [...changes, ...changes]) await driver.apply(nothing(), change, never);
      expect(await driver.existing(platform.lab.name)).toEqual([]);
      expect(await driver.plan(nothing())).toEqual([]);
      await expect(kindOf(act({ action: 'off' }))).resolves.toBe('gone');
    });
  });
}

/** How a driver call failed; `undefined` when it did not. */
async function kindOf(call: Promise<unknown>): Promise<DriverErrorKind | undefined> {
  try {
    await call;
    return undefined;
  } catch (error) {
    if (error instanceof DriverError) return error.kind;
    throw error;
  }
}

/** Images in files of a folder of their own. */
async function someImages(): Promise<
  AsyncDisposable & { image(name: string, writeProtected: boolean): MediaImage }
> {
  const folder = await mkdtemp(join(tmpdir(), 'images-'));
  const size = 1 << 16;
  for (const name of ['disc.iso', 'stick.img']) await writeFile(join(folder, name), Buffer.alloc(size));
  return {
    image: (name, writeProtected) => ({
      url: `http://192.0.2.1/${name}`,
      file: join(folder, name),
      size,
      writeProtected,
    }),
    [Symbol.asyncDispose]: () => rm(folder, { recursive: true, force: true }),
  };
}
