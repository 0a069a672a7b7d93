import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { WatchMessage } from '../../../src/daemon/api-watch.ts';
import { systemClock } from '../../../src/support/clock.ts';
import { delay } from '../../../src/support/delay.ts';
import { poll } from '../../../src/support/wait.ts';
import { Host, password } from '../lab/host.ts';
import { Api, type Json } from './api.ts';
import { bootSector } from './boot-sector.ts';
import { cloudEnvironment, cloudFolder, hasQemuHost } from './cloud.ts';
import { type Credential, CredentialHolder } from './credential-holder.ts';
import { createNamespace, type Namespace } from './namespace.ts';
import { type Plug, plugIn } from './plug.ts';
import { domainOf, type Power, PowerTruth } from './power-truth.ts';
import { contentOf, differences, type ProjectContent } from './project.ts';
import { PxeServer } from './pxe-server.ts';
import { consoleOf, type Made, makeImage } from './resources.ts';

/**
 * A lab whose BMCs an instance serves. This machine reaches the instance by its floating IP and has no leg on the lab's
 * networks; whoever uses the BMCs is a machine of its own on the network where they are.
 */

const run = promisify(execFile);

/** A hard off takes no longer, whatever the guest does. Milliseconds. */
const hardOff = 5_000;
/** How long a machine may take to boot on a busy host without KVM, and an instance to serve again. Milliseconds. */
const nodeBoot = 120_000;
const serviceBoot = 300_000;
const diskWord = 'BOOTED-FROM-DISK';
const bmc = '192.168.79.10';

describe.skipIf(!hasQemuHost)('a lab whose BMCs an instance serves', () => {
  let tenant: Api;
  let before: ProjectContent;
  let image: Made;
  let host: Host;
  let file: string;
  let truth: PowerTruth;
  let tool: Namespace;
  let leg: Plug;
  let pxe: PxeServer;
  let node: { readonly id: string; readonly domain: string; readonly mac: string };

  beforeAll(async () => {
    image = await makeImage('q5o-served', bootSector(diskWord));
    tenant = await Api.connect('quintupleo');
    before = await contentOf(tenant);
    truth = await PowerTruth.watch();
    tool = await createNamespace('q5o-tool');
    const cache = { QUINTUPLEO_CACHE_DIR: join(cloudFolder, 'cache') };
    host = await Host.create({ ...cloudEnvironment('quintupleo-internal'), ...cache });
    file = await host.file('served', labFile(''));
  });

  afterAll(async () => {
    await pxe?.[Symbol.asyncDispose]();
    await leg?.[Symbol.asyncDispose]();
    await tool?.[Symbol.asyncDispose]();
    await host?.[Symbol.asyncDispose]();
    await truth?.[Symbol.asyncDispose]();
    await image?.[Symbol.asyncDispose]();
  });

  function labFile(more: string): string {
    return `lab: served
driver: openstack
networks:
  provision: { cidr: 192.168.78.0/24 }
  management: { cidr: 192.168.79.0/24, gateway: 192.168.79.1, portSecurity: true }
routers:
  - { name: out, external: public, networks: [management] }
nodes:
  - name: n0
    memory: 128MiB
    availabilityZone: qemu
    disks: [{ name: root, size: 1GiB, source: volume, image: ${image.id} }]
    nics: [provision]
bmc: { username: admin, password: ${password}, ipmi: { address: ${bmc}-192.168.79.19 } }
service: { on: instance, network: management, floatingIp: public, availabilityZone: qemu }
${more}`;
  }

  /** The lab's server that is a node, or its service instance. */
  async function server(kind: 'node' | 'service', name: string): Promise<Json> {
    const servers = await tenant.list('compute', '/servers/detail?tags=quintupleo', 'servers');
    const found = servers.find(({ metadata }) => {
      const { 'quintupleo:lab': lab, [`quintupleo:${kind}`]: own } = metadata as Json;
      return lab === 'served' && own === name;
    });
    if (!found) throw new Error(`the lab has no ${kind} ${name}`);
    return found;
  }

  async function network(name: string): Promise<string> {
    const tags = `quintupleo:lab=served,quintupleo:name=${name}`;
    const [found] = await tenant.list('network', `/networks?tags=${tags}`, 'networks');
    return String(found?.id);
  }

  const ipmi = (...args: readonly string[]) =>
    tool.run('ipmitool', '-I', 'lanplus', '-H', bmc, '-U', 'admin', '-P', password, ...args);

  /** What the BMC says; `undefined` when it does not answer. */
  async function power(): Promise<Power | undefined> {
    const said = await ipmi('chassis', 'power', 'status').catch(() => '');
    const [, on] = /Chassis Power is (on|off)/.exec(said) ?? [];
    return on === 'on' || on === 'off' ? on : undefined;
  }

  async function untilPower(wanted: Power, within: number): Promise<void> {
    const look = async () => ((await power()) === wanted ? true : undefined);
    if (await poll(systemClock, { every: 500, within }, look)) return;
    const said = await consoleOf(tenant, String((await server('service', 'bmc')).id));
    throw new Error(`the BMC does not say ${wanted} within ${within} ms. The instance: ${said.slice(-3000)}`);
  }

  async function bootsFromDisk(): Promise<void> {
    const look = async () => (await consoleOf(tenant, node.id)).includes(diskWord) || undefined;
    if (await poll(systemClock, { every: 500, within: nodeBoot }, look)) return;
    throw new Error(`the node did not boot from its disk: ${await consoleOf(tenant, node.id)}`);
  }

  /** Does something, and waits until the PXE server has given the node an address since. */
  async function bootsFromNetwork(act: () => Promise<unknown>): Promise<void> {
    const had = await pxe.count('DHCPACK', node.mac);
    await act();
    const look = async () => (await pxe.count('DHCPACK', node.mac)) > had || undefined;
    if (await poll(systemClock, { every: 500, within: nodeBoot }, look)) return;
    throw new Error(`the node did not boot from the network: ${await pxe.log()}`);
  }

  /** What the instance logs in with, as the daemon here keeps it. */
  async function credential(): Promise<Credential> {
    const kept = (await host.kept('labs/served/service.json')) as { readonly credential: Credential };
    return kept.credential;
  }

  async function credentialsOfLab(): Promise<readonly Json[]> {
    const path = `/users/${tenant.user}/application_credentials`;
    const all = await tenant.list('identity', path, 'application_credentials');
    return all.filter(({ name }) => /^quintupleo_\w+_served_/.test(String(name)));
  }

  test('is made by up, and answers by way of its floating IP', async () => {
    expect(await host.done('up', file)).toContain('5 to create');
    expect(await host.done('up', file)).toContain('Nothing to change');
    const status = await host.status('served');
    expect(status.facts['service credential']).toMatch(/^restricted/);
    const [n0] = status.nodes;
    expect(n0).toMatchObject({ name: 'n0', power: 'off', bmc: { address: bmc, port: 623 } });
    expect(n0?.bmc.problem).toBeUndefined();
    const { id } = await server('node', 'n0');
    node = { id: String(id), domain: await domainOf(String(id)), mac: n0?.spec.nics[0]?.mac ?? '' };
  });

  test('has its BMCs at addresses of the network, where port security lets no other port have them', async () => {
    const management = await network('management');
    const address = '192.168.79.200/24';
    leg = await plugIn({ network: management, link: 'q5o-tool-0', namespace: tool.name, address });
    expect(await power()).toBe('off');
    const shown = (await tenant.get('network', `/networks/${management}`)).network as Json;
    expect(shown.port_security_enabled).toBe(true);
    const ports = await tenant.list('network', `/ports?network_id=${management}`, 'ports');
    const [own] = ports.filter(port => JSON.stringify(port.fixed_ips).includes(`"${bmc}"`));
    expect(own).toMatchObject({ port_security_enabled: false });
  });

  test('its nodes are seen live by the daemon here: what the instance tells of them', async () => {
    const watching = host.start('watch', '--json', '--lab', 'served');
    const shown = (power: Power) =>
      Promise.race([watching.says(`"power":"${power}"`), watching.ended, delay(systemClock, nodeBoot)]);
    await shown('off');
    await ipmi('chassis', 'power', 'on');
    await shown('on');
    watching.kill();
    const messages = linesOf((await watching.ended).out);
    const powers = messages.flatMap(message => ('nodes' in message ? message.nodes : [])).map(n0 => n0.power);
    expect([...new Set(powers)]).toEqual(['off', 'on']);
    const entries = messages.flatMap(message => (message.type === 'entries' ? message.entries : []));
    expect(entries).toContainEqual(expect.objectContaining({ node: 'n0', kind: 'request', face: 'ipmi' }));
    await ipmi('chassis', 'power', 'off');
    await untilPower('off', 60_000);
  });

  test('its nodes boot as the director in the instance says: from the network', async () => {
    const script = '#!ipxe\necho BOOTED-FROM-NETWORK\nsleep 3600\n';
    const provision = await network('provision');
    pxe = await PxeServer.start({ network: provision, prefix: '192.168.78', script, name: 'q5o-served' });
    await ipmi('chassis', 'bootdev', 'pxe', 'options=persistent');
    await bootsFromNetwork(() => ipmi('chassis', 'power', 'on'));
    await bootsFromNetwork(() => ipmi('chassis', 'power', 'cycle'));
    expect(truth.now(node.domain)).toBe('on');
  });

  test("and from their disks; the console comes through the instance, which has it from the cloud's proxy", async () => {
    await ipmi('chassis', 'bootdev', 'disk', 'options=persistent');
    const watching = host.start('console', 'served/n0', '--follow');
    await ipmi('chassis', 'power', 'cycle');
    await bootsFromDisk();
    await Promise.race([watching.says(diskWord), watching.ended, delay(systemClock, 30_000)]);
    const floating = Object.values((await server('service', 'bmc')).addresses as Json)
      .flatMap(addresses => addresses as readonly Json[])
      .find(address => address['OS-EXT-IPS:type'] === 'floating')?.addr;
    const clients = async () =>
      (await run('ss', ['-Htn', 'state', 'established', 'sport', '=', ':6083'])).stdout;
    await expect.poll(clients, { timeout: 60_000 }).toContain(`${floating}:`);
    watching.kill();
    expect((await watching.ended).out).toContain(diskWord);
    expect(await host.done('console', 'served/n0', '--log')).toContain(diskWord);
  });

  test('a hard off is fast, though the guest does not listen', async () => {
    await ipmi('chassis', 'power', 'off');
    const took = await truth.until(node.domain, 'off');
    console.log(`hard off took ${took} ms`);
    expect(took).toBeLessThan(hardOff);
    await untilPower('off', 15_000);
  });

  test('an instance that was rebooted behind our back serves again by itself, and has forgotten nothing', async () => {
    const { id } = await server('service', 'bmc');
    const domain = await domainOf(String(id));
    const began = Date.now();
    await tenant.call('compute', 'POST', `/servers/${id}/action`, { reboot: { type: 'HARD' } });
    await expect.poll(() => truth.held(domain, 'off', began, Date.now()), { timeout: 60_000 }).toBe(true);
    await untilPower('off', serviceBoot);
    expect(await ipmi('chassis', 'bootparam', 'get', '5')).toContain('Force Boot from default Hard-Drive');
    await ipmi('chassis', 'power', 'on');
    await bootsFromDisk();
  });

  test('a daemon that was killed finds the instance again', async () => {
    const had = await credential();
    expect(await host.kill('daemon')).toBe(1);
    expect(await host.done('up', file)).toContain('Nothing to change');
    expect((await host.node('served', 'n0')).power).toBe('on');
    expect(await credential()).toEqual(had);
    expect(await power()).toBe('on');
  });

  test('its credential reads and acts, and can neither make nor delete a server, nor another credential', async () => {
    const [shown, ...others] = await credentialsOfLab();
    expect(others).toEqual([]);
    expect(shown).toMatchObject({ id: (await credential()).id, unrestricted: false });
    expect(shown?.access_rules).not.toEqual([]);
    const thief = await CredentialHolder.logIn(await credential());
    if (!thief) throw new Error('Keystone refuses the credential');
    expect(await thief.compute('GET', '/servers')).toBe(200);
    const flavor = (await tenant.list('compute', '/flavors', 'flavors'))[0]?.id;
    const wanted = { name: 'stolen', flavorRef: flavor, imageRef: image.id, networks: 'none' };
    expect(await thief.compute('POST', '/servers', { server: wanted })).toBe(401);
    expect(await thief.compute('DELETE', `/servers/${node.id}`)).toBe(401);
    const more = { application_credential: { name: 'more' } };
    expect(await thief.identity('POST', `/users/${tenant.user}/application_credentials`, more)).toBe(403);
    expect((await server('node', 'n0')).status).toBe('ACTIVE');
  });

  test('another credential takes the place of one that is not as the lab wants it', async () => {
    const had = await credential();
    const renewed = await host.file('served', labFile('expires: 2h\n'));
    await host.done('up', renewed);
    const [shown, ...others] = await credentialsOfLab();
    expect(others).toEqual([]);
    expect(shown?.id).toBe((await credential()).id);
    expect(shown?.id).not.toBe(had.id);
    expect(Date.parse(`${shown?.expires_at}Z`) - Date.now()).toBeGreaterThan(2 * 3_600_000);
    expect(await CredentialHolder.logIn(had)).toBeUndefined();
    // The instance speaks to the cloud with the new one.
    await ipmi('chassis', 'power', 'off');
    await truth.until(node.domain, 'off', nodeBoot);
    await untilPower('off', 15_000);
  });

  test('is gone without a trace, its credential too', async () => {
    const had = await credential();
    const thief = await CredentialHolder.logIn(had);
    await pxe[Symbol.asyncDispose]();
    await leg[Symbol.asyncDispose]();
    const running = host.start('down', 'served');
    await host.kill('daemon');
    await running.ended;
    expect(await host.cli('down', 'served')).toMatchObject({ status: 0 });
    expect(await CredentialHolder.logIn(had)).toBeUndefined();
    // Services ask Keystone about a token again after a while.
    await expect.poll(() => thief?.compute('GET', '/servers'), { timeout: 30_000 }).toBe(401);
    expect(differences(before, await contentOf(tenant))).toEqual([]);
    await expect.poll(() => host.traces(), { timeout: 30_000 }).toEqual([]);
  });
});

/** What `watch --json` has printed, but for a line that it was killed in. */
function linesOf(out: string): readonly WatchMessage[] {
  const whole = out.slice(0, out.lastIndexOf('\n') + 1);
  return whole
    .split('\n')
    .filter(line => line !== '')
    .map(line => JSON.parse(line) as WatchMessage);
}
