import { execFileSync } from 'node:child_process';
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { QemuChoice, QemuDriver } from '../../../src/drivers/qemu/qemu-driver.ts';
import type { NextBoot } from '../../../src/node/boot.ts';
import { type MachineAct, machineId } from '../../../src/node/driver.ts';
import { type ChangedSettings, type NextSettings, noChange } from '../../../src/node/firmware-settings.ts';
import { type MediaImage, type MediaSlot, type MediaState, noMedia } from '../../../src/node/media.ts';
import type { LabSpec } from '../../../src/node/spec.ts';
import { Recorder } from '../../drivers/recorder.ts';
import { type QemuPlatform, qemuPlatform } from './platform.ts';

const never = new AbortController().signal;

/** One lab on real QEMU, whose first machine a test plays with. */
export class Bench {
  readonly platform: QemuPlatform;
  readonly id: string;
  driver: QemuDriver;
  recorder: Recorder;
  /** All that the machine has sent through its serial port since {@link listen}. */
  output = '';
  /** What the machine's firmware is to be set to at each boot. */
  #settings: NextSettings = noChange;
  #media: MediaState = noMedia;
  #revision = 0;
  #wake: (() => void)[] = [];

  private constructor(platform: QemuPlatform, driver: QemuDriver, recorder: Recorder) {
    this.platform = platform;
    this.id = machineId(platform.lab.name, platform.lab.nodes[0]?.name ?? '');
    this.driver = driver;
    this.recorder = recorder;
  }

  /** Makes the lab. */
  static async set(choice: QemuChoice, lab: LabSpec, bootPort?: number): Promise<Bench> {
    const platform = await qemuPlatform(choice, lab, bootPort);
    const driver = await platform.createDriver();
    const bench = new Bench(platform, driver, await Recorder.of(driver));
    await bench.apply(lab);
    bench.#listen();
    return bench;
  }

  /** The same lab with a boot service at another port, as after a restart of the daemon. */
  async comeBackWith(bootPort: number): Promise<void> {
    this.driver = await this.platform.createDriver(bootPort);
    this.recorder = await Recorder.of(this.driver);
    this.#listen();
  }

  get machineFolder(): string {
    return `${this.platform.stateDirectory}/labs/${this.platform.lab.name}/machines/${this.platform.lab.nodes[0]?.name}`;
  }

  async apply(wanted: LabSpec): Promise<void> {
    for (const change of await this.driver.plan(wanted)) await this.driver.apply(wanted, change, never);
  }

  act(act: MachineAct, signal = never): Promise<void> {
    return this.driver.act(this.id, act, signal);
  }

  boot(target: NextBoot['target'] = 'default'): NextBoot {
    return { target, settings: this.#settings, revision: ++this.#revision };
  }

  /** Has boots from now on follow other settings. */
  setFirmware(changed: ChangedSettings): void {
    this.#settings = { changed, revision: this.#settings.revision + 1 };
  }

  /** An image in a file of this host. */
  image(name: string, content: Buffer, writeProtected = true): MediaImage {
    const folder = join(this.platform.stateDirectory, 'images');
    mkdirSync(folder, { recursive: true });
    const file = join(folder, name);
    writeFileSync(file, content);
    return { url: `http://192.0.2.1/${name}`, file, size: content.length, writeProtected };
  }

  /** Puts an image into a slot, or takes out what is there. */
  async insert(slot: MediaSlot, image: MediaImage | undefined): Promise<void> {
    const media = { ...this.#media, [slot]: image, revision: this.#media.revision + 1 };
    await this.act({ action: 'set-media', media });
    this.#media = media;
  }

  /** Says something to the guest and waits for its answer. */
  async ask(command: Uint8Array, answer: string): Promise<void> {
    this.output = '';
    this.driver.serial(this.id).write(command);
    await this.untilOutput(answer);
  }

  async powerOn(target?: NextBoot['target']): Promise<NextBoot> {
    const boot = this.boot(target);
    this.output = '';
    await this.act({ action: 'on', boot });
    return boot;
  }

  async powerOff(): Promise<void> {
    await this.act({ action: 'off' });
    await this.recorder.untilPower(this.id, 'off');
  }

  /** Lets go of the driver, as a daemon that ends. */
  async leave(): Promise<void> {
    this.recorder.stop();
    await this.driver[Symbol.asyncDispose]();
  }

  /** Begins anew with another driver, as the next daemon. */
  async comeBack(): Promise<void> {
    this.driver = await this.platform.createDriver();
    this.recorder = await Recorder.of(this.driver);
    this.output = (await this.driver.serial(this.id).history()).toString('latin1');
    this.#listen();
  }

  /** Waits until the machine has sent a text. */
  async untilOutput(text: string): Promise<void> {
    while (!this.output.includes(text)) await new Promise<void>(resolve => this.#wake.push(resolve));
  }

  /** Takes the lab away and all that the test needed. */
  async clear(): Promise<void> {
    await this.apply({ name: this.platform.lab.name, networks: [], nodes: [] });
    await this.leave();
    await this.platform.dispose();
  }

  #listen(): void {
    this.driver.serial(this.id).listen(bytes => {
      this.output += bytes.toString('latin1');
      for (const wake of this.#wake.splice(0)) wake();
    });
  }
}

/** Processes of this host whose command line has a text. */
export function processesWith(text: string): number[] {
  return readdirSync('/proc')
    .filter(name => /^\d+$/.test(name))
    .filter(pid => commandLine(Number(pid)).join(' ').includes(text))
    .map(Number);
}

/** A process's arguments; none when it is gone. */
export function commandLine(pid: number): string[] {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8').split('\0').slice(0, -1);
  } catch {
    return [];
  }
}

/** Aliases of this host's network interfaces that belong to a lab. */
export function bridgesOf(lab: string): { name: string; alias: string }[] {
  const links = JSON.parse(execFileSync('ip', ['-json', 'link', 'show'], { encoding: 'utf8' })) as {
    ifname: string;
    ifalias?: string;
  }[];
  return links
    .filter(link => link.ifalias?.startsWith(`quintupleo:${lab}/`))
    .map(link => ({ name: link.ifname, alias: link.ifalias ?? '' }));
}
