import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { SavedAssignments } from '../../../src/boot/assignments.ts';
import { withSuite } from '../../../src/boot/debian-suite.ts';
import { type BootDirector, createBootDirector } from '../../../src/boot/director.ts';
import { fat16 } from '../../../src/boot/fat.ts';
import { type FirmwareImage, firmwareImage } from '../../../src/boot/firmware-image.ts';
import { firmwareEndpoint } from '../../../src/boot/firmware-scripts.ts';
import { findPackages, unpackPackages } from '../../../src/boot/packages.ts';
import type { FirmwareAnswer, FirmwareQuestion } from '../../../src/node/firmware.ts';
import type { Firmware } from '../../../src/node/spec.ts';
import { memoryDocument } from '../../../src/support/document.ts';
import { silentLog } from '../../../src/support/log.ts';
import { runProgram } from '../../../src/support/program.ts';
import {
  biosDisk,
  bootDisc,
  directorAddress,
  diskMarker,
  type FirmwareMachine,
  hasFirmwareHost,
  mediaMarkers,
  networkMarker,
  startFirmwareMachine,
  startNetwork,
  uefiDiskScript,
} from './firmware-host.ts';

const mac = '20:57:f8:00:00:01';
const machines = ['pc', 'q35', 'uefi'] as const;
type Machine = (typeof machines)[number];

describe.skipIf(!hasFirmwareHost)('a machine whose firmware asks what to boot', () => {
  let folder = '';
  let network: AsyncDisposable;
  const discs = new Map<Firmware, FirmwareImage>();
  const disks = new Map<Firmware, Buffer>();

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'quintupleo-firmware-'));
    const cache = join(folder, 'cache');
    for (const firmware of ['bios', 'uefi'] as const) {
      discs.set(firmware, await firmwareImage(firmware, { cache }));
    }
    const loader = await uefiLoader(join(folder, 'loader'));
    for (const firmware of ['bios', 'uefi'] as const) {
      const disk = (marker: string) => (firmware === 'bios' ? biosDisk(marker) : uefiDisk(loader, marker));
      disks.set(firmware, disk(diskMarker));
      await bootDisc(folder, firmware, disk(mediaMarkers.disc));
      // To a BIOS iPXE shows a disk of whole cylinders, of which a smaller one has none.
      const stick = Buffer.concat([disk(mediaMarkers.stick), Buffer.alloc(16 * 2 ** 20)]);
      await writeFile(join(folder, `${firmware}-stick.img`), stick);
    }
    network = await startNetwork(folder);
  });
  afterAll(async () => {
    await network?.[Symbol.asyncDispose]();
    await rm(folder, { recursive: true, force: true });
  });

  test('the discs are made of the same bytes in another place, and are no hybrids with a disk', async () => {
    for (const [firmware, { path, sha256 }] of discs) {
      const again = await firmwareImage(firmware, { cache: join(folder, 'other') });
      expect(again.sha256).toBe(sha256);
      expect(again.path).not.toBe(path);
      expect((await firmwareImage(firmware, { cache: join(folder, 'cache') })).path).toBe(path);
      // The system area, where a hybrid has its partition table.
      expect((await readFile(path)).subarray(0, 32_768).every(byte => byte === 0)).toBe(true);
    }
  });

  test.each(machines)('%s: asks at every boot, and does what it is told', async kind => {
    const asked = desk({ kind: 'network' });
    await using director = await startDirector(asked.asks);
    await using machine = await start(kind);
    // Whoever netboots it fails, so it goes on to its disk.
    await machine.says(networkMarker);
    await machine.says(diskMarker);
    expect(machine.said().indexOf(networkMarker)).toBeLessThan(machine.said().indexOf(diskMarker));
    expect(asked.questions).toHaveLength(1);

    asked.answer({ kind: 'disk' });
    machine.reboot();
    await machine.says(diskMarker, 2);
    expect(machine.said().split(networkMarker)).toHaveLength(2);

    asked.answer({ kind: 'wait' });
    machine.reboot();
    await machine.says('so nothing is booted');
    expect(machine.said().split(diskMarker)).toHaveLength(3);

    expect(asked.questions.map(question => question.mac)).toEqual([mac, mac, mac]);
    expect(new Set(asked.questions.map(({ boot }) => boot)).size).toBe(3);
    expect(director.fetches()).toEqual([200, 200, 200]);
  });

  test.each(machines)('%s: boots what is in its virtual drives, else its disk', async kind => {
    const firmware = kind === 'uefi' ? 'uefi' : 'bios';
    const [disc, stick] = [`${firmware}-disc.iso`, `${firmware}-stick.img`];
    const asked = desk({ kind: 'media', image: disc });
    await using director = await startDirector(asked.asks, folder);
    await using machine = await start(kind);
    await machine.says(mediaMarkers.disc);

    asked.answer({ kind: 'media', image: stick });
    machine.reboot();
    await machine.says(mediaMarkers.stick);
    expect(machine.said()).not.toContain(diskMarker);

    asked.answer({ kind: 'media', image: 'ejected.img' });
    machine.reboot();
    await machine.says(diskMarker);
    expect(machine.said().split(mediaMarkers.disc)).toHaveLength(2);
    expect(asked.questions).toHaveLength(3);
    expect(director.fetches()).toContain(206);
  });

  test.each([
    ['pc', 'rescue'],
    ['pc', 'disk'],
    ['uefi', 'disk'],
  ] as const)('%s: boots an image with a boot loader of its own: %s', async (kind, imageKind) => {
    const { path } = await firmwareImage(imageKind, { cache: join(folder, 'cache') });
    const asked = desk({ kind: 'media', image: basename(path) });
    await using _director = await startDirector(asked.asks, dirname(path));
    await using machine = await start(kind);
    // Such an image asks nobody and boots from the network.
    await machine.says(networkMarker);
    expect(asked.questions).toHaveLength(1);
  });

  test.each(machines)('%s: boots from its disk when there is nobody to ask', async kind => {
    await using machine = await start(kind);
    await machine.says('the boot director does not answer');
    await machine.says(diskMarker);
  });

  test.each(machines)('%s: asks again in the name of the same boot when no answer comes', async kind => {
    const urls: string[] = [];
    const server = createServer((request, response) => {
      urls.push(request.url ?? '');
      if (urls.length > 1) response.end('#!ipxe\necho the second answer\nexit 0\n');
    });
    server.listen(firmwareEndpoint.port, directorAddress);
    try {
      await using machine = await start(kind);
      await machine.says('the second answer');
      await machine.says(diskMarker);
      const platform = kind === 'uefi' ? 'efi' : 'pcbios';
      expect(urls).toHaveLength(2);
      expect(urls[0]).toMatch(new RegExp(`^/firmware/20-57-f8-00-00-01\\?boot=\\w+&platform=${platform}$`));
      expect(urls[1]).toBe(urls[0]);
    } finally {
      server.closeAllConnections();
      server.close();
    }
  });

  async function start(kind: Machine): Promise<FirmwareMachine> {
    const firmware = kind === 'uefi' ? 'uefi' : 'bios';
    const scraps = await mkdtemp(join(folder, `${kind}-`));
    const disk = join(scraps, 'disk.raw');
    await writeFile(disk, disks.get(firmware) ?? '');
    const disc = discs.get(firmware)?.path ?? '';
    return startFirmwareMachine({ folder: scraps, machine: kind, disc, disk, mac });
  }
});

/** The iPXE that is the boot loader of a disk. */
function uefiLoader(folder: string): Promise<Buffer> {
  return withSuite('trixie', join(folder, 'suite'), { run: runProgram }, async tools => {
    const packages = await findPackages(['ipxe'], tools);
    await unpackPackages(packages, { cache: join(folder, 'packages'), into: join(folder, 'files') }, tools);
    return readFile(join(folder, 'files/usr/lib/ipxe/ipxe-amd64.efi'));
  });
}

/** A disk on which iPXE is the boot loader, with a script that tells it from the disc's. */
function uefiDisk(loader: Buffer, marker: string): Buffer {
  const files = [
    { path: 'EFI/BOOT/BOOTX64.EFI', content: loader },
    { path: 'autoexec.ipxe', content: Buffer.from(uefiDiskScript(marker)) },
  ];
  return fat16(files, { label: 'DISK', serial: 1, hiddenSectors: 0 });
}

/** Answers every boot as it was last told to. */
function desk(first: FirmwareAnswer) {
  const questions: FirmwareQuestion[] = [];
  let next = first;
  return {
    questions,
    answer: (answer: FirmwareAnswer) => {
      next = answer;
    },
    asks: async (question: FirmwareQuestion) => {
      questions.push(question);
      return next;
    },
  };
}

/** @param media - the folder of the images that are in the machine's drives */
async function startDirector(
  firmwareAsks: (question: FirmwareQuestion) => Promise<FirmwareAnswer>,
  media?: string,
) {
  const inDrives = new Set(media === undefined ? [] : await readdir(media));
  const director: BootDirector = await createBootDirector({
    nodeOf: address => (address === mac ? 'node-1' : undefined),
    deployFiles: () => Promise.reject(new Error('none here')),
    firmwareAsks,
    mediaFile: (of, image) => (of === mac && inDrives.has(image) ? join(media ?? '', image) : undefined),
    document: memoryDocument<SavedAssignments>(),
    log: silentLog,
  });
  const statuses: number[] = [];
  director.onFetch(({ status }) => statuses.push(status));
  await director.listen(directorAddress, firmwareEndpoint.port);
  return { fetches: () => statuses, [Symbol.asyncDispose]: () => director.close() };
}
