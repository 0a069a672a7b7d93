import { copyFile, mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

/** Where an Ironic keeps things, how it is reached, and what differs between tests. */
export interface IronicSettings {
  /** A folder of which it owns all; `http/` and `tftp/` in it are served to nodes. */
  readonly folder: string;
  /** Folder of the kernels and ramdisks that nodes name by `file://` URLs, and of the boot loader for virtual media. */
  readonly files: string;
  /** Its address on the provisioning network. */
  readonly address: string;
  /** Seconds between two readings of every node's power. */
  readonly powerSync: number;
  /** Whether Ironic sets a node's power right when somebody else has changed it; else it takes note. */
  readonly forcePower: boolean;
}

/** Ports at which these configurations serve. */
export const apiPort = 6385;
export const inspectorPort = 5050;
export const httpPort = 8080;

const setup = new URL('setup/', import.meta.url);

/** Makes the folder of an Ironic and its configuration there. @returns the configuration file's path */
export async function configure(settings: IronicSettings): Promise<string> {
  const { folder } = settings;
  const parts = ['http', 'tftp', 'tmp', 'lock', 'images', 'master_images', 'consoles', 'deploy-logs'];
  for (const name of parts) await mkdir(join(folder, name), { recursive: true });
  await copyFile(new URL('grub.cfg.template', setup), join(folder, 'grub.cfg.template'));
  return fillIn('ironic.conf', folder, {
    FOLDER: folder,
    FILES: settings.files,
    ADDRESS: settings.address,
    POWER_SYNC: String(settings.powerSync),
    FORCE_POWER: String(settings.forcePower),
  });
}

/** Makes the configuration of an ironic-inspector in the folder of its Ironic. @returns its path */
export function configureInspector(folder: string, address: string): Promise<string> {
  return fillIn('inspector.conf', folder, { FOLDER: folder, ADDRESS: address });
}

async function fillIn(
  name: string,
  folder: string,
  values: Readonly<Record<string, string>>,
): Promise<string> {
  const template = await readFile(new URL(name, setup), 'utf8');
  const conf = join(folder, name);
  const filled = template.replaceAll(/^[^#].*$/gm, line =>
    line.replaceAll(/@([A-Z_]+)@/g, (_, key) => values[key] ?? ''),
  );
  await writeFile(conf, filled);
  return conf;
}
