import { execFile } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { systemClock } from '../../../src/support/clock.ts';
import { poll } from '../../../src/support/wait.ts';
import { Api } from './api.ts';

/** The cloud that `cloud/up` has brought up. */

const run = promisify(execFile);

/** Everything of the cloud is below it. */
export const cloudFolder = process.env.QUINTUPLEO_CLOUD ?? join(tmpdir(), 'quintupleo-cloud');

const modeFile = join(cloudFolder, 'run', 'mode');
const mode = existsSync(modeFile) ? readFileSync(modeFile, 'utf8').trim() : undefined;

/** Whether instances of the availability zone `fake` can be had. */
export const hasFakeHost = mode === 'fake' || mode === 'both';

/** Whether instances of the availability zone `qemu` can be had: real machines. */
export const hasQemuHost = mode === 'qemu' || mode === 'both';

/** Names of entries in the cloud's clouds.yaml. */
export type CloudName =
  | 'quintupleo'
  | 'quintupleo-other'
  | 'quintupleo-application'
  | 'quintupleo-internal'
  | 'quintupleo-admin';

/** The environment in which a program finds the cloud. */
export function cloudEnvironment(name: CloudName): NodeJS.ProcessEnv {
  const others = Object.entries(process.env).filter(([key]) => !key.startsWith('OS_'));
  return {
    ...Object.fromEntries(others),
    OS_CLIENT_CONFIG_FILE: join(cloudFolder, 'clouds.yaml'),
    OS_CLOUD: name,
  };
}

/** Daemons that tests take away and bring back. */
export type Daemon =
  | 'keystone'
  | 'glance-api'
  | 'placement'
  | 'nova-api'
  | 'nova-conductor'
  | 'nova-scheduler'
  | 'nova-compute-fake'
  | 'nova-compute-qemu'
  | 'nova-compute-pxe-first'
  | 'neutron-server'
  | 'neutron-agent'
  | 'cinder-api'
  | 'cinder-volume';

/** Where a daemon answers HTTP; it is back when it does. */
const address: Readonly<Partial<Record<Daemon, string>>> = {
  keystone: 'http://127.0.0.1:5000/v3',
  'glance-api': 'http://127.0.0.1:9292/',
  placement: 'http://127.0.0.1:8778/',
  'nova-api': 'http://127.0.0.1:8774/',
  'neutron-server': 'http://127.0.0.1:9696/',
  'cinder-api': 'http://127.0.0.1:8776/',
};

/** The host of Nova's that a daemon is; it is back when it has reported in. */
const computeHost: Readonly<Partial<Record<Daemon, string>>> = {
  'nova-compute-fake': 'fake1',
  'nova-compute-qemu': 'qemu1',
  'nova-compute-pxe-first': 'qemu1',
};

/** Kills a daemon as a crash does, with all that it has started. */
export async function killDaemon(name: Daemon): Promise<void> {
  await run(script('daemon'), ['kill', name], { timeout: 30_000 });
}

/** Starts a daemon again, and waits until it answers. */
export async function startDaemon(name: Daemon): Promise<void> {
  // Nova's times are whole seconds.
  const since = Math.floor(Date.now() / 1000) * 1000;
  await run(script('daemon'), ['start', name], { timeout: 30_000 });
  const [url, host] = [address[name], computeHost[name]];
  const isBack = async () =>
    ((url === undefined || (await answers(url))) && (host === undefined || (await reports(host, since)))) ||
    undefined;
  const back = await poll(systemClock, { every: 200, within: 120_000 }, isBack);
  if (!back) throw new Error(`${name} does not answer, see ${join(cloudFolder, 'log', `${name}.log`)}`);
}

async function answers(url: string): Promise<boolean> {
  const answer = await fetch(url, { signal: AbortSignal.timeout(5_000) }).catch(() => undefined);
  return answer !== undefined && answer.status < 500;
}

async function reports(host: string, since: number): Promise<boolean> {
  const path = `/os-services?binary=nova-compute&host=${host}`;
  const services = await (await Api.connect('admin')).list('compute', path, 'services');
  return services.some(one => one.state === 'up' && Date.parse(`${one.updated_at}Z`) > since);
}

/**
 * Ends every token that the user has, those of application credentials too: setting a password does, even the same one.
 * Services notice within some seconds, since they remember for `token_cache_time` what Keystone said.
 */
export async function revokeTokens(name: 'quintupleo' | 'quintupleo-other'): Promise<void> {
  const admin = await Api.connect('admin');
  const [user] = await admin.list('identity', `/users?name=${name}`, 'users');
  await admin.call('identity', 'PATCH', `/users/${user?.id}`, { user: { password: 'secret' } });
}

function script(name: string): string {
  return fileURLToPath(new URL(`cloud/${name}`, import.meta.url));
}
