import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { OpenStackDriver } from '../../../src/drivers/openstack/openstack-driver.ts';
import type { BootTarget, NextBoot } from '../../../src/node/boot.ts';
import type { CloudNodeSettings } from '../../../src/node/cloud-spec.ts';
import type { Disturbance } from '../../../src/node/disturbance.ts';
import { DriverError, type DriverErrorKind, type MachineAct, machineId } from '../../../src/node/driver.ts';
import { type BootDevice, noChange } from '../../../src/node/firmware-settings.ts';
import type { MediaImage } from '../../../src/node/media.ts';
import type { LabSpec } from '../../../src/node/spec.ts';
import { delay } from '../../../src/support/delay.ts';
import { poll } from '../../../src/support/wait.ts';
import { Recorder } from '../recorder.ts';
import { labOf, macOf, type StandInPlatform, standInPlatform } from './lab-on-stand-in.ts';
import type { StandInOptions } from './stand-in/stand-in-cloud.ts';

const never = new AbortController().signal;
const id = machineId('lab', 'n0');

let platform: StandInPlatform;
let driver: OpenStackDriver;
let recorder: Recorder;
let revision = 0;

const boot = (target: BootTarget = 'default'): NextBoot => ({
  target,
  settings: noChange,
  revision: ++revision,
});
const image = (name: string): MediaImage => ({
  url: 'http://192.0.2.1/installer.iso',
  file: `/somewhere/${name}`,
  size: 1,
  writeProtected: true,
});
const act = (what: MachineAct, signal = never) => driver.act(id, what, signal);
const ask = (name: string) => driver.firmwareAsks({ mac: macOf(0), boot: name });

async function up(options: StandInOptions = {}, settings?: CloudNodeSettings, lab = 'lab'): Promise<void> {
  platform = await standInPlatform(labOf(lab, [settings]), options);
  driver = await platform.createDriver();
  recorder = await Recorder.of(driver);
  await apply(platform.lab);
  recorder.clear();
}

async function apply(wanted: LabSpec): Promise<void> {
  for (const change of await driver.plan(wanted)) await driver.apply(wanted, change, never);
}

async function powerOn(target: BootTarget = 'default'): Promise<void> {
  await act({ action: 'on', boot: boot(target) });
  await recorder.untilPower(id, 'on');
}

/** As after a kill: what was under way is not finished, what is on disk is all that is known. */
async function renew(): Promise<void> {
  recorder.stop();
  await driver[Symbol.asyncDispose]();
  driver = await platform.createDriver();
  await driver.serveBoot(platform.lab);
  recorder = await Recorder.of(driver);
}

async function kindOf(call: Promise<unknown>): Promise<DriverErrorKind | undefined> {
  try {
    await call;
    return undefined;
  } catch (error) {
    if (error instanceof DriverError) return error.kind;
    throw error;
  }
}

const nova = () => platform.cloud.server('lab-n0');
const guest = () => platform.cloud.guest('lab-n0');
const actions = () =>
  platform.cloud
    .requestsTo({ method: 'POST', path: /\/action$/ })
    .map(({ body }) => JSON.stringify(body))
    .filter(body => !body.includes('ConsoleOutput'));

afterEach(async () => {
  recorder.stop();
  await driver[Symbol.asyncDispose]();
  await platform.dispose();
});

/** Milliseconds of the cloud's clock that something takes. */
async function timeOf(work: () => Promise<unknown>): Promise<number> {
  const start = platform.clock.now();
  await work();
  return platform.clock.now() - start;
}

test('a machine has what its flavor has', async () => {
  await up();
  const { vcpus, ram } = nova().flavor;
  expect(driver.hardware(id)).toEqual({ cpus: vcpus, memory: ram * 2 ** 20 });
});

describe('an unplugged network card', () => {
  const isUp = async () => {
    const lease = await platform.clouds.acquire({ cloud: 'standin' });
    try {
      const [port] = await lease.openstack.network.ports.list({ mac_address: macOf(0) }, { reason: 'test' });
      return port?.admin_state_up;
    } finally {
      await lease[Symbol.asyncDispose]();
    }
  };

  const untilUp = async () => {
    const look = async () => (await isUp()) || undefined;
    expect(await poll(platform.clock, { every: 1_000, within: 300_000 }, look)).toBe(true);
  };
  const ports = /\/ports\//;
  const refusePorts = () =>
    platform.cloud.inject({
      match: { method: 'PUT', path: ports },
      times: Number.POSITIVE_INFINITY,
      respond: { type: 'status', status: 403 },
    });

  test('is a port that is switched off, until that is lifted', async () => {
    await up();
    expect(await driver.disturb(id, [{ kind: 'nic-unplugged', nic: 0 }], never)).toEqual([]);
    expect(await isUp()).toBe(false);
    await driver.disturb(id, [], never);
    expect(await isUp()).toBe(true);
  });

  test('is plugged in again by a driver that comes after a kill', async () => {
    await up();
    await driver.disturb(id, [{ kind: 'nic-unplugged', nic: 0 }], never);
    await renew();
    expect(await isUp()).toBe(true);
  });

  test('is plugged in when the cloud is heard again that was away', async () => {
    await up();
    await driver.disturb(id, [{ kind: 'nic-unplugged', nic: 0 }], never);
    await platform.cloud.stop();
    await renew();
    await platform.cloud.start();
    await untilUp();
  });

  test('is plugged in when its network service does what it did not at first', async () => {
    await up();
    await driver.disturb(id, [{ kind: 'nic-unplugged', nic: 0 }], never);
    const refusal = refusePorts();
    await renew();
    expect(await isUp()).toBe(false);
    refusal.remove();
    await untilUp();
  });

  test('stays unplugged when that is wanted again before what was left is mended', async () => {
    await up();
    await driver.disturb(id, [{ kind: 'nic-unplugged', nic: 0 }], never);
    const refusal = refusePorts();
    await renew();
    const wrong = () => kindOf(driver.disturb(id, [{ kind: 'nic-unplugged', nic: 0 }], never));
    expect(await wrong()).toBe('refused');
    refusal.remove();
    platform.cloud.forgetRequests();
    await delay(platform.clock, 60_000);
    await driver.plan(platform.lab);
    expect(platform.cloud.count({ method: 'PUT', path: ports })).toBe(0);
    expect(await wrong()).toBeUndefined();
    expect(await isUp()).toBe(false);
    await driver.disturb(id, [], never);
    expect(await isUp()).toBe(true);
  });

  test('is plugged in later when the cloud would not at the time', async () => {
    await up();
    await driver.disturb(id, [{ kind: 'nic-unplugged', nic: 0 }], never);
    const refusal = refusePorts();
    expect(await kindOf(driver.disturb(id, [], never))).toBe('refused');
    refusal.remove();
    await untilUp();
  });

  test('is all that can be made wrong, with cards that there are', async () => {
    await up();
    expect(driver.capabilities(id).disturbances).toEqual(['nic-unplugged']);
    const kind = (wrong: Disturbance) => kindOf(driver.disturb(id, [wrong], never));
    expect(await kind({ kind: 'nic-unplugged', nic: 1 })).toBe('refused');
    expect(await kind({ kind: 'firmware-hangs' })).toBe('unsupported');
  });
});

describe('off', () => {
  test('is hard: a guest that ignores ACPI is off within seconds', async () => {
    await up({ guestAcpi: 'deaf' });
    await powerOn();
    expect(await timeOf(() => act({ action: 'off' }))).toBeLessThan(5_000);
    expect(guest().running).toBe(false);
  });

  test('that was asked for here is not asked about, nor laid to anybody', async () => {
    await up();
    for (let turn = 0; turn < 3; turn++) {
      await powerOn();
      recorder.clear();
      platform.cloud.forgetRequests();
      await act({ action: 'off' });
      await recorder.untilPower(id, 'off');
      expect(recorder.of(id, 'power')).toEqual([{ type: 'power', power: 'off' }]);
      expect(platform.cloud.requestsTo({ path: /os-instance-actions/ })).toEqual([]);
    }
  });

  test('soft: a guest that obeys powers off, and what Nova starts after that boots nothing', async () => {
    await up();
    await powerOn();
    await ask('first');
    recorder.clear();
    platform.cloud.forgetRequests();
    const answers: unknown[] = [];
    platform.cloud.onBoot(() => void ask('after the soft reboot').then(answer => answers.push(answer)));
    await act({ action: 'soft-off' });
    await recorder.untilPower(id, 'off');
    expect(actions()).toEqual(['{"reboot":{"type":"SOFT"}}', '{"os-stop":null}']);
    expect(guest().running).toBe(false);
    expect(answers).toEqual([{ kind: 'wait' }]);
    expect(recorder.of(id, 'booted')).toEqual([]);
  });

  test('soft: a guest that does not obey is powered off when Nova gives up asking', async () => {
    await up({ guestAcpi: 'deaf' });
    await powerOn();
    const time = await timeOf(async () => {
      await act({ action: 'soft-off' });
      await recorder.untilPower(id, 'off');
    });
    expect(time).toBeGreaterThan(120_000);
    expect(time).toBeLessThan(driver.capabilities(id).timeouts.softOff);
  });

  test('hard, after a soft one that the guest ignores: waits for Nova, and then it is off', async () => {
    await up({ guestAcpi: 'deaf' });
    await powerOn();
    await act({ action: 'soft-off' });
    const time = await timeOf(() => act({ action: 'off' }));
    expect(guest().running).toBe(false);
    expect(time).toBeLessThan(driver.capabilities(id).timeouts.off);
  });

  test('soft: finished by the daemon that comes after one that was killed', async () => {
    await up();
    await powerOn();
    guest().acpi = 30_000;
    await act({ action: 'soft-off' });
    await renew();
    await recorder.untilPower(id, 'off');
    expect(guest().running).toBe(false);
  });

  test('soft: forgotten by a reset', async () => {
    await up({ timing: { softReboot: 20_000 }, guestAcpi: 'deaf' });
    await powerOn();
    await act({ action: 'soft-off' });
    await act({ action: 'reset', boot: boot('pxe') });
    expect(recorder.of(id, 'booted').at(-1)).toMatchObject({ revision, cause: 'reset' });
    expect(await ask('after')).toEqual({ kind: 'network' });
    expect(nova().taskState).toBeUndefined();
    expect(guest().running).toBe(true);
  });

  test('by the guest itself is seen as its own doing', async () => {
    await up();
    await powerOn();
    guest().powerOff();
    await recorder.untilPower(id, 'off');
    expect(recorder.of(id, 'power').at(-1)).toMatchObject({ power: 'off', cause: 'guest' });
  });
});

describe('what Nova will not do', () => {
  beforeEach(() => up());

  test('with a locked server is refused, with the remedy', async () => {
    platform.cloud.lock('lab-n0');
    const call = act({ action: 'on', boot: boot() });
    await expect(call).rejects.toMatchObject({ kind: 'refused', message: expect.stringContaining('unlock') });
    expect(await ask('anything')).toEqual({ kind: 'disk' });
  });

  test('in another transition is a conflict', async () => {
    await powerOn();
    platform.cloud.compute.lifecycle.hardReboot(nova());
    expect(await kindOf(act({ action: 'off' }))).toBe('conflict');
  });

  test('by policy is refused, in the cloud’s words', async () => {
    const body = { forbidden: { code: 403, message: 'Policy doesn’t allow os_compute_api:servers:start' } };
    platform.cloud.inject({
      match: { method: 'POST', path: /\/action$/ },
      respond: { type: 'status', status: 403, body },
    });
    await expect(act({ action: 'on', boot: boot() })).rejects.toMatchObject({
      kind: 'refused',
      message: expect.stringContaining('Policy doesn’t allow'),
    });
  });

  test('with a server in ERROR: a start is tried, and the fault told when it fails', async () => {
    platform.cloud.breakServer('lab-n0', 'the disk is gone');
    const { lifecycle } = platform.cloud.compute;
    platform.cloud.onBoot(() => setImmediate(() => lifecycle.fail(nova(), 'the disk is gone')));
    platform.cloud.inject({
      match: { method: 'POST', path: /\/action$/ },
      respond: { type: 'status', status: 400, body: { badRequest: { message: 'no' } } },
    });
    expect(await kindOf(act({ action: 'on', boot: boot() }))).toBe('refused');
  });

  test('reset a machine that is off, though it was seen on a moment ago', async () => {
    await powerOn();
    platform.cloud.compute.lifecycle.stop(nova());
    await delay(platform.clock, 3_000);
    expect(await kindOf(act({ action: 'reset', boot: boot() }))).toMatch(/refused|conflict/);
    await recorder.untilPower(id, 'off');
    expect(await kindOf(act({ action: 'reset', boot: boot() }))).toBe('refused');
    expect(guest().running).toBe(false);
  });
});

describe('a server behind our back', () => {
  beforeEach(() => up());

  test('deleted: off, with the reason, and then gone', async () => {
    await powerOn();
    platform.cloud.deleteBehind('lab-n0');
    await recorder.untilPower(id, 'off');
    expect(recorder.of(id, 'power').at(-1)).toEqual({
      type: 'power',
      power: 'off',
      cause: 'platform',
      detail: 'the server was deleted',
    });
    expect(await kindOf(act({ action: 'on', boot: boot() }))).toBe('gone');
  });

  test('started: boots what was next', async () => {
    platform.cloud.compute.lifecycle.start(nova());
    await recorder.untilPower(id, 'on');
    expect(recorder.of(id, 'booted')).toMatchObject([{ cause: 'power-on' }]);
  });

  test('started: is seen although nothing can be kept of it', async () => {
    await mkdir(join(platform.stateDirectory, 'labs', 'lab', 'openstack', 'n0.json.new'));
    platform.cloud.compute.lifecycle.start(nova());
    await recorder.untilPower(id, 'on');
  });

  test('in a cloud that is not heard: unknown, until it is heard again', async () => {
    await powerOn();
    await platform.cloud.stop();
    await recorder.until(() => recorder.power(id) === 'unknown');
    expect(await kindOf(act({ action: 'off' }, AbortSignal.timeout(5_000)))).toBe('transient');
    await platform.cloud.start();
    await recorder.untilPower(id, 'on');
    expect(recorder.of(id, 'booted')).toHaveLength(1);
  });
});

describe('firmware that asks', () => {
  beforeEach(() => up());

  test('is told what the act that started it said, and later what is next', async () => {
    await powerOn('pxe');
    await act({ action: 'set-next-boot', boot: boot('disk') });
    expect(await ask('one')).toEqual({ kind: 'network' });
    expect(await ask('one')).toEqual({ kind: 'network' });
    expect(await ask('two')).toEqual({ kind: 'disk' });
    expect(recorder.of(id, 'booted')).toMatchObject([
      { revision: revision - 1, cause: 'power-on' },
      { revision, cause: 'guest' },
    ]);
  });

  test('gets the same answer after a kill, and the boot is told to be an earlier one', async () => {
    await powerOn('pxe');
    expect(await ask('one')).toEqual({ kind: 'network' });
    await renew();
    expect(recorder.of(id, 'booted')).toEqual([
      { type: 'booted', revision, settings: 0, cause: 'power-on', earlier: true },
    ]);
    await act({ action: 'set-next-boot', boot: boot('disk') });
    expect(await ask('one')).toEqual({ kind: 'network' });
    expect(await ask('two')).toEqual({ kind: 'disk' });
  });

  test('boots virtual media where there is some, else the disk', async () => {
    await powerOn('cdrom');
    expect(await ask('one')).toEqual({ kind: 'disk' });
    await act({ action: 'set-media', media: { cd: image('n0-cd-1.img'), usb: undefined, revision: 1 } });
    await renew();
    await act({ action: 'reset', boot: boot('cdrom') });
    expect(await ask('two')).toEqual({ kind: 'media', image: 'n0-cd-1.img' });
    await act({ action: 'reset', boot: boot('removable') });
    expect(await ask('three')).toEqual({ kind: 'disk' });
    await act({ action: 'set-media', media: { cd: undefined, usb: image('n0-usb-2.img'), revision: 2 } });
    await act({ action: 'reset', boot: boot('removable') });
    expect(await ask('four')).toEqual({ kind: 'media', image: 'n0-usb-2.img' });
    await act({ action: 'reset', boot: boot('cdrom') });
    expect(await ask('five')).toEqual({ kind: 'disk' });
    // The images are this host's to serve: the project has none of them.
    expect(
      [...platform.cloud.glance.images.values()].some(({ fields }) => /n0-/.test(String(fields.name))),
    ).toBe(false);
  });

  test('boots what comes first in its boot order, and tells which settings that follows', async () => {
    const order = async (...bootOrder: readonly BootDevice[]) => {
      const settings = { changed: { bootOrder }, revision: ++revision };
      await act({ action: 'reset', boot: { ...boot(), settings } });
      expect(recorder.of(id, 'booted').at(-1)).toMatchObject({ settings: settings.revision });
      return ask(`boot ${revision}`);
    };
    await powerOn();
    expect(driver.capabilities(id).firmwareSettings).toEqual(['bootOrder']);
    expect(await order('nic0', 'disk0')).toEqual({ kind: 'network' });
    expect(await order('disk0', 'nic0')).toEqual({ kind: 'disk' });
    expect(await order('cd', 'usb', 'nic0', 'disk0')).toEqual({ kind: 'network' });
    expect(await order('disk1', 'nic1')).toEqual({ kind: 'disk' });
    await act({ action: 'set-media', media: { cd: image('n0-cd-1.img'), usb: undefined, revision: 1 } });
    expect(await order('usb', 'cd', 'disk0')).toEqual({ kind: 'media', image: 'n0-cd-1.img' });
    const settings = { changed: { bootOrder: ['nic0'] as const }, revision: ++revision };
    await act({ action: 'reset', boot: { ...boot('disk'), settings } });
    expect(await ask('overridden')).toEqual({ kind: 'disk' });
    await renew();
    expect(recorder.of(id, 'booted')).toMatchObject([{ settings: settings.revision, earlier: true }]);
  });

  test('and is of no machine of ours is told nothing', async () => {
    expect(await driver.firmwareAsks({ mac: '20:57:f8:ff:ff:ff', boot: 'one' })).toBeUndefined();
  });
});

test('labs in one project are watched by one poller', async () => {
  await up();
  const other = await platform.createDriver('other');
  platform.cloud.forgetRequests();
  await delay(platform.clock, 60_000);
  const polls = platform.cloud.requestsTo({ service: 'compute', method: 'GET' });
  const minutes = (platform.clock.now() - (polls[0]?.at ?? 0)) / 60_000;
  expect(polls.length / minutes).toBeLessThanOrEqual(20);
  expect(platform.clouds.counts().some(({ reason }) => reason === 'poll')).toBe(true);
  await other[Symbol.asyncDispose]();
});

describe('the serial port', () => {
  test.each([
    ['at once', undefined],
    ['when the machine was off at first', 409],
    ['when its hypervisor did not know it at first', 404],
  ])('is a websocket where the cloud has one, %s', async (_when, status) => {
    await up({ serialConsole: true });
    await powerOn();
    if (status !== undefined) {
      platform.cloud.inject({ match: { path: /remote-consoles$/ }, respond: { type: 'status', status } });
    }
    const typed = new Promise<string>(resolve => {
      guest().onInput = data => resolve(data.toString());
    });
    const port = driver.serial(id);
    let said = '';
    const heard = new Promise<void>(resolve => {
      port.listen(bytes => {
        said += bytes.toString();
        if (said.includes('login: ')) resolve();
      });
    });
    const pestering = setInterval(() => {
      guest().print('login: ');
      port.write(Buffer.from('root\r'));
    }, 20);
    await heard;
    expect(await typed).toBe('root\r');
    clearInterval(pestering);
    expect(driver.facts(platform.lab).console).toBe('websocket');
  });

  test('is the console log elsewhere, and what is typed is lost', async () => {
    await up();
    await powerOn();
    const port = driver.serial(id);
    guest().print('before\r\n');
    let said = '';
    const heard = new Promise<void>(resolve => {
      port.listen(bytes => {
        said += bytes.toString();
        if (said.includes('after')) resolve();
      });
    });
    expect((await port.history()).toString()).toContain('before');
    port.write(Buffer.from('lost'));
    guest().print('after\r\n');
    await heard;
    expect(said).toBe('after\r\n');
    expect(driver.facts(platform.lab).console).toContain('read only');
  });

  test('costs nothing while nobody listens', async () => {
    await up();
    await powerOn();
    const stop = driver.serial(id).listen(() => undefined);
    await delay(platform.clock, 10_000);
    stop();
    await delay(platform.clock, 10_000);
    platform.cloud.forgetRequests();
    await delay(platform.clock, 120_000);
    expect(platform.cloud.count({ method: 'POST' })).toBe(0);
  });
});
