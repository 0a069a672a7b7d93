import { access } from 'node:fs/promises';
import { QuintupleoError } from '../../support/errors.ts';

/** Debian's UEFI firmware for virtual machines: the code, and variables to start with. */
export const uefiFirmware = {
  code: '/usr/share/OVMF/OVMF_CODE_4M.fd',
  variables: '/usr/share/OVMF/OVMF_VARS_4M.fd',
} as const;

/** @throws QuintupleoError `FIRMWARE_MISSING` */
export async function checkUefiFirmware(): Promise<void> {
  for (const path of Object.values(uefiFirmware)) {
    await access(path).catch((cause: unknown) => {
      throw new QuintupleoError(`there is no UEFI firmware at ${path}`, {
        family: 'platform',
        code: 'FIRMWARE_MISSING',
        remedy: 'Install the Debian package ovmf.',
        cause,
      });
    });
  }
}
