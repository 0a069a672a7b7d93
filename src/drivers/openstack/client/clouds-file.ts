import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { parseDocument } from 'yaml';
import { messageOf, systemCodeOf } from '../../../support/errors.ts';
import type { CloudConfig } from './cloud-config.ts';
import { readCloudSettings } from './cloud-settings.ts';
import { configError } from './config-error.ts';
import { isMapping, type Mapping, merged } from './mapping.ts';

/** Where the description of a cloud is looked for. */
export interface CloudsSources {
  /** Name of the cloud; `undefined`: that of `OS_CLOUD`, else the `OS_*` variables, else the only one in the file. */
  readonly cloud?: string | undefined;
  /** Chosen before that of the environment and the file. */
  readonly region?: string | undefined;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** The user's home directory. */
  readonly home: string;
  /** The current directory. */
  readonly cwd: string;
}

/** Variables that choose among clouds and files but say nothing of a cloud itself. */
const selectors = new Set([
  'OS_CLOUD',
  'OS_REGION_NAME',
  'OS_CLOUD_NAME',
  'OS_CLIENT_CONFIG_FILE',
  'OS_CLIENT_SECURE_FILE',
]);

/** Beginnings of names that OpenStack's own test tools took for other things. */
const foreign = ['OS_TEST', 'OS_STD', 'OS_LOG'];

/** A file's contents. */
interface Found {
  readonly path: string;
  readonly body: Mapping;
}

/**
 * Finds out how to speak to a cloud, from the same files and variables as OpenStack's own clients.
 *
 * - `clouds.yaml` comes from `OS_CLIENT_CONFIG_FILE`, the current directory, `~/.config/openstack` or `/etc/openstack`:
 *   the first that exists. `secure.yaml` is found likewise and laid over it.
 * - A cloud's `profile` is looked for in `clouds-public.yaml`; the cloud's own settings win.
 * - `OS_*` variables describe a cloud of their own; with a cloud named, they are left alone, except for
 *   `OS_REGION_NAME`.
 *
 * @throws QuintupleoError of family `config`: `CLOUD_NOT_FOUND`, `CLOUD_NOT_CHOSEN`, `CLOUDS_FILE_INVALID`,
 *   `CLOUD_SETTING_INVALID`, `CLOUD_SETTING_MISSING`, `CLOUD_AUTH_UNSUPPORTED`
 * @see https://docs.openstack.org/openstacksdk/latest/user/config/configuration.html
 */
export async function readCloudConfig(sources: CloudsSources): Promise<CloudConfig> {
  const { env } = sources;
  const file = await findFile('clouds', env.OS_CLIENT_CONFIG_FILE, sources);
  const secure = await findFile('secure', env.OS_CLIENT_SECURE_FILE, sources);
  const clouds = merged(cloudsOf(file), cloudsOf(secure));
  const region = sources.region ?? (env.OS_REGION_NAME || undefined);
  const fromEnvironment = environmentCloud(env);
  const environmentName = env.OS_CLOUD_NAME || 'envvars';
  const name = chosenName(sources, clouds, fromEnvironment && environmentName, file);
  const inFile = clouds[name];
  const path = file?.path ?? secure?.path ?? 'clouds.yaml';
  const origin = { name, region, home: sources.home, cwd: sources.cwd };
  if (fromEnvironment && name === environmentName) {
    if (inFile !== undefined) {
      throw configError(
        'CLOUDS_FILE_INVALID',
        path,
        `has a cloud ${name}, which is also the name of the cloud that the OS_* variables describe`,
        'Set OS_CLOUD_NAME to another name, or unset the variables.',
      );
    }
    return readCloudSettings({ ...origin, source: 'OS_* variables' }, fromEnvironment);
  }
  if (!isMapping(inFile)) throw notFound(name, clouds, sources, path, file !== undefined);
  return readCloudSettings({ ...origin, source: path }, await withProfile(name, path, inFile, sources));
}

function chosenName(
  sources: CloudsSources,
  clouds: Mapping,
  environmentName: string | undefined,
  file: Found | undefined,
): string {
  const chosen = sources.cloud ?? (sources.env.OS_CLOUD || environmentName);
  if (chosen !== undefined && chosen !== '') return chosen;
  const names = Object.keys(clouds);
  const [only] = names;
  if (only !== undefined && names.length === 1) return only;
  if (names.length === 0) {
    throw configError(
      'CLOUD_NOT_FOUND',
      file?.path ?? 'OpenStack',
      'no cloud is described: there is no clouds.yaml with a cloud, and OS_AUTH_URL is not set',
      `Write a clouds.yaml to ${searched(sources).join(' or ')}, or set the OS_* variables.`,
    );
  }
  throw configError(
    'CLOUD_NOT_CHOSEN',
    file?.path ?? 'clouds.yaml',
    `describes several clouds: ${names.join(', ')}`,
    'Name one of them in the lab file (driver: cloud:) or in OS_CLOUD.',
  );
}

function notFound(name: string, clouds: Mapping, sources: CloudsSources, path: string, fileExists: boolean) {
  const names = Object.keys(clouds).join(', ') || 'none';
  return fileExists
    ? configError('CLOUD_NOT_FOUND', path, `has no cloud ${name}; it has: ${names}`, 'Name one that it has.')
    : configError(
        'CLOUD_NOT_FOUND',
        'OpenStack',
        `the cloud ${name} is not described: there is no clouds.yaml`,
        `Write one to ${searched(sources).join(' or ')}.`,
      );
}

/** Folders in which a file is looked for, the first one that has it wins. */
function searched({ env, home, cwd }: CloudsSources): string[] {
  const own = join(home, '.config');
  const configHome = env.XDG_CONFIG_HOME?.startsWith('/') ? env.XDG_CONFIG_HOME : own;
  const folders = [...new Set([configHome, own])].map(folder => join(folder, 'openstack'));
  return [cwd, ...folders, '/etc/xdg/openstack', '/etc/openstack'];
}

async function findFile(
  stem: 'clouds' | 'secure' | 'clouds-public',
  explicit: string | undefined,
  sources: CloudsSources,
): Promise<Found | undefined> {
  const candidates = searched(sources).flatMap(folder =>
    ['yaml', 'yml', 'json'].map(extension => join(folder, `${stem}.${extension}`)),
  );
  for (const path of explicit ? [explicit, ...candidates] : candidates) {
    let text: string;
    try {
      text = await readFile(path, 'utf8');
    } catch (error) {
      if (['ENOENT', 'ENOTDIR', 'EACCES'].includes(systemCodeOf(error) ?? '')) continue;
      throw configError('CLOUDS_FILE_INVALID', path, messageOf(error), 'Make it a file that can be read.');
    }
    return { path, body: parsed(path, text) };
  }
  return undefined;
}

function parsed(path: string, text: string): Mapping {
  // Pretty errors would quote the line, which may hold a password.
  const document = parseDocument(text, { prettyErrors: false });
  const [error] = document.errors;
  if (error) {
    const line = text.slice(0, error.pos[0]).split('\n').length;
    throw configError('CLOUDS_FILE_INVALID', `${path}:${line}`, `is no YAML: ${error.code}`, 'Correct it.');
  }
  const body: unknown = document.toJS() ?? {};
  if (!isMapping(body)) {
    throw configError('CLOUDS_FILE_INVALID', path, 'is no mapping', 'Begin it with "clouds:".');
  }
  return body;
}

function cloudsOf(file: Found | undefined): Mapping {
  const clouds = file?.body.clouds ?? {};
  if (isMapping(clouds)) return clouds;
  throw configError(
    'CLOUDS_FILE_INVALID',
    `${file?.path}: clouds`,
    'is no mapping of cloud names',
    'Describe each cloud under its name.',
  );
}

/** The cloud that the OS_* variables describe; `undefined` when there are none but selectors. */
function environmentCloud(env: CloudsSources['env']): Mapping | undefined {
  const settings: Record<string, unknown> = {};
  for (const [name, value] of Object.entries(env)) {
    if (!name.startsWith('OS_') || selectors.has(name) || !value) continue;
    if (foreign.some(beginning => name.startsWith(beginning))) continue;
    settings[name.slice('OS_'.length).toLowerCase()] = value;
  }
  return Object.keys(settings).length === 0 ? undefined : settings;
}

/** A cloud's settings over those of the vendor that it names. */
async function withProfile(
  name: string,
  path: string,
  cloud: Mapping,
  sources: CloudsSources,
): Promise<Mapping> {
  // Once it was called "cloud".
  const profile = cloud.profile ?? cloud.cloud;
  if (profile === undefined) return cloud;
  const vendors = await findFile('clouds-public', undefined, sources);
  const known = vendors?.body['public-clouds'];
  const settings = isMapping(known) && typeof profile === 'string' ? known[profile] : undefined;
  if (isMapping(settings)) return merged(settings, cloud);
  // OpenStack's own clients come with some profiles, and pass over those that they do not know.
  const auth = isMapping(cloud.auth) ? cloud.auth : {};
  if (auth.auth_url === undefined && cloud.auth_url === undefined) {
    throw configError(
      'CLOUD_SETTING_INVALID',
      `${path}: cloud ${name}: profile`,
      `the profile ${JSON.stringify(profile)} is in no clouds-public.yaml`,
      'Describe it there, or write what it would say into the cloud itself.',
    );
  }
  return cloud;
}
