import { readdirSync, readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { hiddenPassword } from '../enrol/enrolment.ts';
import type { ImportedLab } from '../lab/imported.ts';
import type { LibvirtDomain } from '../lab/libvirt-domain.ts';
import type { OvbImport } from '../lab/ovb/import.ts';
import { QuintupleoError, systemCodeOf } from '../support/errors.ts';
import { type Cli, usageError } from './cli.ts';

/** Whose files can be imported. */
export const importFormats = ['ovb', 'vbmc', 'sushy-tools'] as const;

/** One of {@link importFormats}. */
export type ImportFormat = (typeof importFormats)[number];

/** What was said of the files. */
export interface GivenImport {
  readonly role?: readonly string[];
  readonly system?: readonly string[];
  readonly domains?: string;
  readonly name: string;
  readonly id?: string | undefined;
}

/** Reads the files; passwords are left out unless they may be shown. */
type Importer = (
  cli: Cli,
  files: readonly string[],
  options: GivenImport,
  showSecrets: boolean,
) => Promise<ImportedLab | OvbImport>;

/** How each format's files become a lab file. */
export const importers: Readonly<Record<ImportFormat, Importer>> = {
  ovb: fromOvb,
  vbmc: fromVbmc,
  'sushy-tools': fromSushy,
};

async function fromOvb(cli: Cli, given: readonly string[], options: GivenImport): Promise<OvbImport> {
  refuse(options, 'ovb', ['system', 'domains']);
  const { readEnvironment } = await import('../lab/ovb/environment.ts');
  const { importOvb } = await import('../lab/ovb/import.ts');
  const files = given.length > 0 ? given : ['env.yaml'];
  const roles = options.role ?? [];
  const remedy = 'Give the paths of the environment files that ovb-deploy was given.';
  const read = (file: string) => readEnvironment(readInput(cli, file, remedy), file);
  return importOvb({
    environments: files.map(read),
    roles: roles.map(read),
    name: options.name,
    id: options.id,
    files: [...files, ...roles],
  });
}

async function fromVbmc(
  cli: Cli,
  given: readonly string[],
  options: GivenImport,
  showSecrets: boolean,
): Promise<ImportedLab> {
  refuse(options, 'vbmc', ['role', 'system']);
  const { readVbmcConfig } = await import('../lab/vbmc/config.ts');
  const { importVbmc } = await import('../lab/vbmc/import.ts');
  const [folder = `${cli.env.HOME ?? '~'}/.vbmc`] = only(given, 'folder');
  const remedy = 'Give the folder in which VirtualBMC keeps its BMCs, usually ~/.vbmc.';
  const files = foldersIn(cli, folder, remedy).map(name => `${folder}/${name}/config`);
  const configs = files.flatMap(file => {
    const text = inputIfThere(cli, file, remedy);
    return text === undefined ? [] : [readVbmcConfig(text, file)];
  });
  if (configs.length === 0) throw unreadable(`${folder} has no BMCs of VirtualBMC`, remedy);
  return importVbmc({
    configs: showSecrets ? configs : configs.map(one => ({ ...one, password: hiddenPassword })),
    domains: await domainsOf(cli, options),
    name: options.name,
    id: options.id,
    folder,
  });
}

async function fromSushy(cli: Cli, given: readonly string[], options: GivenImport): Promise<ImportedLab> {
  refuse(options, 'sushy-tools', ['role']);
  const { importSushy } = await import('../lab/sushy/import.ts');
  const [file = cli.env.SUSHY_EMULATOR_CONFIG] = only(given, 'file');
  const remedy = "Give the path of sushy-emulator's configuration file.";
  if (file === undefined) throw usageError('no file is named', remedy);
  return importSushy({
    config: readInput(cli, file, remedy),
    systems: options.system ?? [],
    domains: await domainsOf(cli, options),
    name: options.name,
    id: options.id,
    file,
  });
}

/** What libvirt says of its machines, by the files of a folder. */
async function domainsOf(cli: Cli, { domains: folder }: GivenImport): Promise<readonly LibvirtDomain[]> {
  if (folder === undefined) return [];
  const { readDomain } = await import('../lab/libvirt-domain.ts');
  const remedy =
    'Give a folder with the XML of domains, such as /etc/libvirt/qemu, or of "virsh dumpxml NAME > NAME.xml".';
  const names = entriesOf(cli, folder, remedy).flatMap(entry => (entry.isFile() ? [entry.name] : []));
  const files = names.filter(name => name.endsWith('.xml')).toSorted();
  return files.flatMap(name => readDomain(readInput(cli, `${folder}/${name}`, remedy)) ?? []);
}

function refuse(options: GivenImport, format: ImportFormat, names: readonly (keyof GivenImport)[]): void {
  const name = names.find(one => options[one] !== undefined);
  if (name !== undefined) throw usageError(`--${name} is nothing that ${format} has`, 'Leave it away.');
}

function only(given: readonly string[], what: string): readonly string[] {
  if (given.length > 1) throw usageError(`more than one ${what} is named`, 'Give one.');
  return given;
}

function foldersIn(cli: Cli, folder: string, remedy: string): readonly string[] {
  return entriesOf(cli, folder, remedy)
    .flatMap(entry => (entry.isDirectory() ? [entry.name] : []))
    .toSorted();
}

function entriesOf(cli: Cli, folder: string, remedy: string) {
  try {
    return readdirSync(resolve(cli.cwd, folder), { withFileTypes: true });
  } catch (error) {
    const missing = systemCodeOf(error) === 'ENOENT';
    throw unreadable(missing ? `${folder}: no such folder` : `${folder} cannot be read`, remedy, error);
  }
}

/** Reads a file that an import names. @throws QuintupleoError `FILE_UNREADABLE` */
export function readInput(cli: Cli, file: string, remedy: string): string {
  const text = inputIfThere(cli, file, remedy);
  if (text === undefined) throw unreadable(`${file}: no such file`, remedy);
  return text;
}

function inputIfThere(cli: Cli, file: string, remedy: string): string | undefined {
  try {
    return readFileSync(resolve(cli.cwd, file), 'utf8');
  } catch (error) {
    if (systemCodeOf(error) === 'ENOENT') return undefined;
    throw unreadable(`${file} cannot be read`, remedy, error);
  }
}

function unreadable(message: string, remedy: string, cause?: unknown): QuintupleoError {
  return new QuintupleoError(message, { family: 'user', code: 'FILE_UNREADABLE', remedy, cause });
}
