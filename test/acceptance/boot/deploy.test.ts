import { createHash } from 'node:crypto';
import { mkdtemp, open, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { BootReport, SavedAssignments } from '../../../src/boot/assignments.ts';
import { type DeployFiles, deployFiles } from '../../../src/boot/deploy-files.ts';
import { type BootDirector, type BootListener, createBootDirector } from '../../../src/boot/director.ts';
import { memoryDocument } from '../../../src/support/document.ts';
import { silentLog } from '../../../src/support/log.ts';
import { hasMachines, type MachineOptions, startMachine } from './machine.ts';

const macs = { bios: '20:57:f8:00:00:01', uefi: '20:57:f8:00:00:02' };
const diskSize = 64 * 2 ** 20;
/** Patience with one boot under software emulation. */
const bootLimit = 240_000;

describe.skipIf(!hasMachines)('deploying a machine', () => {
  let folder = '';
  let files: DeployFiles;
  let director: BootDirector;
  let listener: BootListener;

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'quintupleo-deploy-'));
    files = await deployFiles({ cache: join(folder, 'cache') });
    director = await createBootDirector({
      nodeOf: mac => Object.values(macs).find(known => known === mac),
      deployFiles: async () => files,
      document: memoryDocument<SavedAssignments>(),
      log: silentLog,
    });
    listener = await director.listen('127.0.0.1', 0);
  });
  afterAll(async () => {
    await director?.close();
    await rm(folder, { recursive: true, force: true });
  });

  test('the image is small, and made only once', async () => {
    expect(files.image.size).toBeLessThanOrEqual(48 * 2 ** 20);
    const image = await readFile(files.image.path);
    expect(createHash('sha256').update(image).digest('hex')).toBe(files.image.sha256);
    const progress: string[] = [];
    const again = await deployFiles({
      cache: join(folder, 'cache'),
      onProgress: said => progress.push(said),
    });
    expect(again).toEqual(files);
    expect(progress).toEqual([]);
    expect((await readdir(join(folder, 'cache'))).some(name => name.startsWith('work-'))).toBe(false);
  });

  test('the image is made of the same bytes in another place', async () => {
    const other = await deployFiles({ cache: join(folder, 'other') });
    expect(other.image.sha256).toBe(files.image.sha256);
  });

  test.each(['bios', 'uefi'] as const)('%s: from the network, to its disk, from its disk', async firmware => {
    const mac = macs[firmware];
    const scraps = await mkdtemp(join(folder, `${firmware}-`));
    const disk = join(scraps, 'disk.raw');
    const blank = await open(disk, 'w');
    await blank.truncate(diskSize);
    await blank.close();
    const bootFile = `http://10.0.2.2:${listener.port}/boot.ipxe`;
    const machine = { folder: scraps, firmware, disk, mac, bootFile };

    await director.assign(mac, { kind: 'deploy' });
    await whileRunning({ ...machine, first: 'network' }, async (waitFor, serial) => {
      const ramdisk = await waitFor('ramdisk');
      expect(ramdisk.detail.address).toBe('10.0.2.15');
      const deployed = await waitFor('deployed');
      expect(deployed.detail).toMatchObject({ disk: 'vda', sha256: files.image.sha256 });
      expect(await serial()).toContain('quintupleo: deployed: ');
    });
    const written = (await readFile(disk)).subarray(0, files.image.size);
    const image = await readFile(files.image.path);
    // All but the note in the second partition, which is the image's last MiB.
    const common = files.image.size - 2 ** 20;
    expect(written.subarray(0, common).equals(image.subarray(0, common))).toBe(true);

    await whileRunning({ ...machine, first: 'disk' }, async (waitFor, serial, powerOff) => {
      const report = await waitFor('disk');
      expect(report.detail.kernel).toMatch(/^\d+\.\d+/);
      expect(await serial()).toContain('quintupleo: stage disk');
      await powerOff();
      expect(await serial()).toContain('power button pressed');
    });
    expect(director.reports(mac).map(({ stage }) => stage)).toEqual(['ramdisk', 'deployed', 'disk']);
  });

  test('a disk that is too small is refused, and why is told', async () => {
    const mac = macs.bios;
    const scraps = await mkdtemp(join(folder, 'small-'));
    const disk = join(scraps, 'disk.raw');
    const blank = await open(disk, 'w');
    await blank.truncate(2 ** 20);
    await blank.close();
    await director.assign(mac, { kind: 'deploy' });
    const bootFile = `http://10.0.2.2:${listener.port}/boot.ipxe`;
    const machine: MachineOptions = {
      folder: scraps,
      firmware: 'bios',
      disk,
      mac,
      first: 'network',
      bootFile,
    };
    await whileRunning(machine, async waitFor => {
      const report = await waitFor('deploy-failed');
      expect(report.detail.reason).toMatch(/^disk vda is smaller than the image/);
    });
  });

  /** Runs a machine for as long as `work` takes. */
  async function whileRunning(
    options: MachineOptions,
    work: (
      waitFor: (stage: string) => Promise<BootReport>,
      serial: () => Promise<string>,
      powerOff: () => Promise<void>,
    ) => Promise<void>,
  ): Promise<void> {
    const machine = await startMachine(options);
    const limited = async <T>(what: string, promise: Promise<T>): Promise<T> => {
      let timer: NodeJS.Timeout | undefined;
      const late = new Promise<never>((_, reject) => {
        timer = setTimeout(() => reject(new Error(`${what}: not within ${bootLimit} ms`)), bootLimit);
      });
      try {
        return await Promise.race([promise, late]);
      } catch (error) {
        throw new Error(`${String(error)}\n${await machine.serial()}`, { cause: error });
      } finally {
        clearTimeout(timer);
      }
    };
    try {
      await work(
        stage => limited(stage, reportOf(options.mac, stage)),
        () => machine.serial(),
        () => {
          machine.pressPowerButton();
          return limited('power off', machine.ended);
        },
      );
    } finally {
      await machine.kill();
    }
  }

  function reportOf(mac: string, stage: string): Promise<BootReport> {
    return new Promise(resolve => {
      const look = () => {
        const found = director.reports(mac).find(report => report.stage === stage);
        if (!found) return;
        stop();
        resolve(found);
      };
      const stop = director.onReport(look);
      look();
    });
  }
});
