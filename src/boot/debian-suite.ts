import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { QuintupleoError } from '../support/errors.ts';
import { apt, aptAlone, type PackageTools } from './packages.ts';

const debianMirror = 'http://deb.debian.org/debian/';
const keyring = '/usr/share/keyrings/debian-archive-keyring.gpg';

/**
 * Works with the packages of a Debian suite that need not be the host's. It gets a package source in a folder of its
 * own; nothing of the host's is changed. The suite's index is fetched when there is none, or when the work finds that
 * it is out of date.
 * @param suite - such as `trixie`
 * @param folder - for apt's files; made if it is not there
 * @throws QuintupleoError `PACKAGES_UNAVAILABLE`
 */
export async function withSuite<T>(
  suite: string,
  folder: string,
  tools: PackageTools,
  work: (tools: PackageTools) => Promise<T>,
): Promise<T> {
  const own: PackageTools = { ...tools, aptOptions: await aptFolder(suite, folder, tools) };
  try {
    return await work(own);
  } catch (error) {
    if (!(error instanceof QuintupleoError && error.code === 'PACKAGES_UNAVAILABLE')) throw error;
  }
  await aptAlone(['update'], own, folder);
  return work(own);
}

async function aptFolder(suite: string, folder: string, tools: PackageTools): Promise<string[]> {
  const sources = join(folder, 'sources.list');
  const status = join(folder, 'status');
  for (const part of ['state/lists/partial', 'cache/archives/partial']) {
    await mkdir(join(folder, part), { recursive: true });
  }
  const source = `deb [arch=amd64 signed-by=${keyring}] ${await mirror(tools)} ${suite} main`;
  await writeFile(sources, `${source}\n`);
  // Nothing is installed, as far as this apt knows.
  await writeFile(status, '');
  return [
    `Dir::Etc::SourceList=${sources}`,
    'Dir::Etc::SourceParts=/dev/null',
    `Dir::State=${join(folder, 'state')}`,
    `Dir::State::status=${status}`,
    `Dir::Cache=${join(folder, 'cache')}`,
    'Acquire::Languages=none',
    'APT::Sandbox::User=root',
  ].flatMap(option => ['-o', option]);
}

/** The mirror of Debian that the host uses, if it uses one. */
async function mirror(tools: PackageTools): Promise<string> {
  const query = ['indextargets', '--format', '$(REPO_URI)', 'Created-By: Packages', 'Origin: Debian'];
  const { stdout } = await apt('apt-get', query, tools);
  return stdout.split('\n').find(uri => /^http\S+\/debian\/$/.test(uri)) ?? debianMirror;
}
