import { mkdir, rename, rm } from 'node:fs/promises';
import { run } from '../../host/programs.ts';
import type { NodeSpec } from '../../node/spec.ts';
import { fileDocument } from '../../support/document.ts';
import { checkUefiFirmware } from './firmware.ts';
import { type Folders, type MachinePaths, machinePaths, machinesFolder, namesIn } from './layout.ts';

/** What a machine is made of, on disk: its record and its disks. */
export class MachineStore {
  readonly paths: MachinePaths;

  constructor(paths: MachinePaths) {
    this.paths = paths;
  }

  /** What the machine is made of; `undefined` when it is not there or not finished. */
  spec(): Promise<NodeSpec | undefined> {
    return fileDocument<NodeSpec>(this.paths.record).read();
  }

  /** Makes it, or finishes what was begun. The record comes last: it says that all else is there. */
  async create(spec: NodeSpec, signal: AbortSignal): Promise<void> {
    await mkdir(this.paths.folder, { recursive: true, mode: 0o700 });
    for (const disk of spec.disks) await this.#createDisk(disk.name, disk.size, signal);
    await this.#finish(spec);
  }

  /**
   * Makes it what the spec says.
   * @param resize - makes a disk of the running machine larger
   */
  async update(
    old: NodeSpec,
    spec: NodeSpec,
    resize: ((disk: string, size: number) => Promise<void>) | undefined,
    signal: AbortSignal,
  ): Promise<void> {
    const before = new Map(old.disks.map(disk => [disk.name, disk.size]));
    for (const { name, size } of spec.disks) {
      const oldSize = before.get(name);
      if (oldSize === undefined) await this.#createDisk(name, size, signal);
      else if (oldSize === size) continue;
      else if (resize) await resize(name, size);
      else
        await run('qemu-img', ['resize', '-q', '-f', 'qcow2', this.paths.disk(name), String(size)], signal);
    }
    await this.#finish(spec);
    const kept = new Set(spec.disks.map(disk => disk.name));
    // A machine that still runs keeps the open file until it is powered off.
    for (const { name } of old.disks) if (!kept.has(name)) await rm(this.paths.disk(name), { force: true });
  }

  /** Takes all of it away. */
  async delete(): Promise<void> {
    await rm(this.paths.qmpSocket, { force: true });
    await rm(this.paths.vncSocket, { force: true });
    await rm(this.paths.folder, { recursive: true, force: true });
  }

  async #createDisk(name: string, size: number, signal: AbortSignal): Promise<void> {
    const path = this.paths.disk(name);
    await run('qemu-img', ['create', '-q', '-f', 'qcow2', `${path}.new`, String(size)], signal);
    await rename(`${path}.new`, path);
  }

  async #finish(spec: NodeSpec): Promise<void> {
    if (spec.firmware === 'uefi') await checkUefiFirmware();
    await fileDocument<NodeSpec>(this.paths.record).write(spec);
  }
}

/** The machines of a lab that are there, half-made ones too. */
export async function storedMachines(
  folders: Folders,
  lab: string,
): Promise<ReadonlyMap<string, MachineStore>> {
  const names = await namesIn(machinesFolder(folders, lab));
  return new Map(names.map(name => [name, new MachineStore(machinePaths(folders, lab, name))]));
}
