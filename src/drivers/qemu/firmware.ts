import { access, copyFile, rename } from 'node:fs/promises';
import {
  type ChangedSettings,
  type FirmwareSettings,
  firmwareSettings,
} from '../../node/firmware-settings.ts';
import type { NodeSpec } from '../../node/spec.ts';
import { QuintupleoError, systemCodeOf } from '../../support/errors.ts';
import type { MachinePaths } from './layout.ts';

/** Debian's UEFI firmware for virtual machines: the code, and variables to start with. */
const uefiFirmware = {
  code: '/usr/share/OVMF/OVMF_CODE_4M.fd',
  variables: '/usr/share/OVMF/OVMF_VARS_4M.fd',
};

/** The same for secure boot: Microsoft's keys are enrolled, and variables can be written in system management mode only. */
const secureBootFirmware = {
  code: '/usr/share/OVMF/OVMF_CODE_4M.ms.fd',
  variables: '/usr/share/OVMF/OVMF_VARS_4M.ms.fd',
};

/** What of the firmware settings a QEMU is started with: only another QEMU can have others. */
export type MachineFirmware = Pick<FirmwareSettings, 'mode' | 'secureBoot' | 'serialConsole'>;

/** The files of a machine's UEFI firmware. */
export interface UefiFiles {
  readonly code: string;
  /** The machine's own variables. They stay while it runs with another firmware. */
  readonly variables: string;
}

/** The firmware that a machine is to be started with. */
export function machineFirmware(spec: NodeSpec, changed: ChangedSettings): MachineFirmware {
  const { mode, secureBoot, serialConsole } = firmwareSettings(spec, changed);
  return { mode, secureBoot: mode === 'uefi' && secureBoot, serialConsole };
}

/** The files that a firmware works with; `undefined` for a BIOS, which QEMU brings along. */
export function uefiFiles({ mode, secureBoot }: MachineFirmware, paths: MachinePaths): UefiFiles | undefined {
  if (mode === 'bios') return undefined;
  return secureBoot
    ? { code: secureBootFirmware.code, variables: paths.secureBootVariables }
    : { code: uefiFirmware.code, variables: paths.variables };
}

/**
 * Makes sure that the machine has variables for its firmware: those that are there hold what its guest has set up.
 * @throws QuintupleoError `FIRMWARE_MISSING`
 */
export async function ensureVariables(firmware: MachineFirmware, paths: MachinePaths): Promise<void> {
  const files = uefiFiles(firmware, paths);
  if (!files) return;
  const delivered = firmware.secureBoot ? secureBootFirmware : uefiFirmware;
  await checkInstalled(delivered);
  if (await isThere(files.variables)) return;
  await copyFile(delivered.variables, `${files.variables}.new`);
  await rename(`${files.variables}.new`, files.variables);
}

/** @throws QuintupleoError `FIRMWARE_MISSING` */
export function checkUefiFirmware(): Promise<void> {
  return checkInstalled(uefiFirmware);
}

/** Which firmware this host has besides QEMU's own BIOS. */
export async function installedFirmware(): Promise<{ uefi: boolean; secureBoot: boolean }> {
  const has = async (files: object) => (await Promise.all(Object.values(files).map(isThere))).every(Boolean);
  return { uefi: await has(uefiFirmware), secureBoot: await has(secureBootFirmware) };
}

async function checkInstalled(files: typeof uefiFirmware): Promise<void> {
  for (const path of Object.values(files)) {
    if (await isThere(path)) continue;
    throw new QuintupleoError(`there is no UEFI firmware at ${path}`, {
      family: 'platform',
      code: 'FIRMWARE_MISSING',
      remedy: 'Install the Debian package ovmf.',
    });
  }
}

async function isThere(path: string): Promise<boolean> {
  try {
    await access(path);
    return true;
  } catch (error) {
    if (systemCodeOf(error) === 'ENOENT') return false;
    throw error;
  }
}
