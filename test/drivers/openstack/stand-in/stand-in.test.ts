import { WebSocket } from 'undici';
import { describe, expect, test } from 'vitest';
import { VirtualClock } from '../../../../src/support/clock.ts';
import type { Boot } from './nova/guest.ts';
import { StandInCloud, type StandInOptions } from './stand-in-cloud.ts';
import { TenantClient } from './tenant-client.ts';
import { promptTiming } from './timing.ts';

const second = 1_000;

/** A cloud that stands still until its clock is moved, with one server that runs. */
async function cloudWithServer(options: StandInOptions = {}) {
  const clock = new VirtualClock();
  const cloud = await StandInCloud.start({ clock, timing: promptTiming, ...options });
  const tenant = await TenantClient.connect(cloud);
  const id = await tenant.createServer('one');
  await clock.advance(second);
  return {
    clock,
    cloud,
    tenant,
    id,
    state: () => tenant.state(id),
    [Symbol.asyncDispose]: () => cloud[Symbol.asyncDispose](),
  };
}

describe('a guest', () => {
  test('that ignores ACPI holds up os-stop for a minute', async () => {
    await using lab = await cloudWithServer({ guestAcpi: 'deaf' });
    expect(await lab.tenant.act(lab.id, { 'os-stop': null })).toBe(202);
    await lab.clock.advance(59 * second);
    expect(await lab.state()).toBe('ACTIVE powering-off 1');
    await lab.clock.advance(2 * second);
    expect(await lab.state()).toBe('SHUTOFF 4');
  });

  test('that obeys ACPI is off when it has obeyed', async () => {
    await using lab = await cloudWithServer({ guestAcpi: 5 * second });
    await lab.tenant.act(lab.id, { 'os-stop': null });
    await lab.clock.advance(4 * second);
    expect(await lab.state()).toBe('ACTIVE powering-off 1');
    await lab.clock.advance(2 * second);
    expect(await lab.state()).toBe('SHUTOFF 4');
  });

  test('is not asked where its image grants it no time', async () => {
    await using lab = await cloudWithServer({ guestAcpi: 'deaf' });
    const image = lab.cloud.glance.add('hasty', { properties: { os_shutdown_timeout: '0' } });
    const id = await lab.tenant.createServer('two', { imageRef: image.id });
    await lab.clock.advance(second);
    await lab.tenant.act(id, { 'os-stop': null });
    await lab.clock.advance(second);
    expect(await lab.tenant.state(id)).toBe('SHUTOFF 4');
  });

  test('that ignores ACPI is reset two minutes after a soft reboot was asked for, and nothing hastens it', async () => {
    await using lab = await cloudWithServer({ guestAcpi: 'deaf' });
    await lab.tenant.act(lab.id, { reboot: { type: 'SOFT' } });
    await lab.clock.advance(100 * second);
    expect(await lab.state()).toBe('REBOOT reboot_started 1');
    expect(await lab.tenant.act(lab.id, { reboot: { type: 'HARD' } })).toBe(202);
    await lab.clock.advance(10 * second);
    expect(await lab.state()).toBe('HARD_REBOOT rebooting_hard 1');
    await lab.clock.advance(20 * second);
    expect(await lab.state()).toBe('ACTIVE 1');
  });

  test('that powers itself off is noticed a quarter of a minute later', async () => {
    await using lab = await cloudWithServer();
    lab.cloud.guest('one').powerOff();
    await lab.clock.advance(14 * second);
    expect(await lab.state()).toBe('ACTIVE 1');
    await lab.clock.advance(2 * second);
    expect(await lab.state()).toBe('SHUTOFF 4');
  });

  test('that powers itself off while rescued stays in RESCUE', async () => {
    await using lab = await cloudWithServer();
    await lab.tenant.act(lab.id, { rescue: null });
    await lab.clock.advance(5 * second);
    lab.cloud.guest('one').powerOff();
    await lab.clock.advance(20 * second);
    expect(await lab.state()).toBe('RESCUE 4');
    expect(await lab.tenant.act(lab.id, { unrescue: null })).toBe(202);
    await lab.clock.advance(second);
    expect(await lab.state()).toBe('ACTIVE 1');
  });

  test('boots its firmware at every start, also when it resets itself', async () => {
    await using lab = await cloudWithServer();
    const boots: Boot[] = [];
    lab.cloud.onBoot(boot => boots.push(boot));
    await lab.tenant.act(lab.id, { reboot: { type: 'HARD' } });
    await lab.clock.advance(second);
    lab.cloud.guest('one').reset();
    await lab.tenant.act(lab.id, { rescue: null });
    await lab.clock.advance(5 * second);
    expect(boots.map(({ number, cause, device }) => ({ number, cause, device }))).toEqual([
      { number: 2, cause: 'reset', device: 'disk' },
      { number: 3, cause: 'guest', device: 'disk' },
      { number: 4, cause: 'power-on', device: 'rescue' },
    ]);
    expect(boots.map(({ signal }) => signal.aborted)).toEqual([true, true, false]);
  });

  test('talks over a serial console where the cloud has them', async () => {
    await using lab = await cloudWithServer({ serialConsole: true });
    const body = { remote_console: { protocol: 'serial', type: 'serial' } };
    const reply = await lab.tenant.api.post('compute', `/servers/${lab.id}/remote-consoles`, body);
    const { url } = reply.body.remote_console as { url: string };
    const socket = new WebSocket(url, ['binary']);
    socket.binaryType = 'arraybuffer';
    await new Promise(resolve => socket.addEventListener('open', resolve));
    const guest = lab.cloud.guest('one');
    const heard = new Promise<string>(resolve => {
      socket.addEventListener('message', event => resolve(Buffer.from(event.data).toString()));
    });
    const typed = new Promise<string>(resolve => {
      guest.onInput = data => resolve(data.toString());
    });
    guest.print('login: ');
    socket.send('root\r');
    expect(await Promise.all([heard, typed])).toEqual(['login: ', 'root\r']);
    socket.close();
  });
});

describe('a fault', () => {
  const servers = { service: 'compute', method: 'GET', path: '/servers' } as const;

  test('befalls as many requests as it was made for, the newest first', async () => {
    await using lab = await cloudWithServer();
    lab.cloud.inject({ match: servers, times: 2, respond: { type: 'status', status: 503 } });
    lab.cloud.inject({ match: servers, respond: { type: 'status', status: 429, retryAfter: 7 } });
    const replies = [];
    for (let count = 0; count < 4; count++) replies.push(await lab.tenant.api.get('compute', '/servers'));
    expect(replies.map(({ status }) => status)).toEqual([429, 503, 503, 200]);
    expect(replies[0]?.headers.get('retry-after')).toBe('7');
  });

  test('can strike before a request is carried out, or after', async () => {
    await using lab = await cloudWithServer();
    const match = { service: 'network', method: 'POST', path: '/v2.0/networks' } as const;
    const attempt = (name: string) => lab.tenant.api.post('network', match.path, { network: { name } });
    lab.cloud.inject({ match, respond: { type: 'reset', when: 'before' } });
    await expect(attempt('never')).rejects.toThrow('fetch failed');
    lab.cloud.inject({ match, respond: { type: 'reset', when: 'after' } });
    await expect(attempt('made')).rejects.toThrow('fetch failed');
    const made = lab.cloud.neutron.store.visible('networks', lab.tenant.api.projectId);
    expect(made.map(({ name }) => name)).toEqual(['external', 'made']);
  });

  test('can be that nobody is there', async () => {
    await using lab = await cloudWithServer();
    await lab.cloud.stop();
    await expect(lab.tenant.api.get('compute', '/servers')).rejects.toThrow('fetch failed');
    await lab.cloud.start();
    expect((await lab.tenant.api.get('compute', '/servers')).status).toBe(200);
  });

  test('can be in Nova: a server that cannot be made, breaks, is deleted or locked by somebody else', async () => {
    await using lab = await cloudWithServer();
    lab.cloud.failNextBuild();
    const broken = await lab.tenant.createServer('broken');
    await lab.clock.advance(second);
    const { body } = await lab.tenant.api.get('compute', `/servers/${broken}`);
    expect(body.server).toMatchObject({ status: 'ERROR', fault: { message: 'No valid host was found. ' } });
    lab.cloud.lock('one');
    expect(await lab.tenant.act(lab.id, { 'os-stop': null })).toBe(409);
    lab.cloud.breakServer('one');
    expect(await lab.state()).toBe('ERROR 1');
    lab.cloud.deleteBehind('one');
    expect((await lab.tenant.api.get('compute', `/servers/${lab.id}`)).status).toBe(404);
  });
});

test('tokens end, by time and at a blow', async () => {
  await using lab = await cloudWithServer({ tokenLifetime: 60 * second });
  const list = async () => (await lab.tenant.api.get('compute', '/servers')).status;
  expect(await list()).toBe(200);
  await lab.clock.advance(60 * second);
  expect(await list()).toBe(401);
  const again = await TenantClient.connect(lab.cloud);
  lab.cloud.expireTokens();
  expect((await again.api.get('compute', '/servers')).status).toBe(401);
});

test('requests are recorded, without secrets', async () => {
  await using lab = await cloudWithServer();
  expect(lab.cloud.count({ service: 'compute', method: 'POST', path: '/servers' })).toBe(1);
  const [login] = lab.cloud.requestsTo({ service: 'identity' });
  expect(login).toMatchObject({ method: 'POST', path: '/v3/auth/tokens', status: 201 });
  const everything = JSON.stringify(lab.cloud.requests);
  expect(everything).not.toContain(lab.cloud.tenants[0].password);
  expect(everything).not.toContain(lab.tenant.api.tokenId);
});

test('a snapshot tells what a project holds', async () => {
  await using lab = await cloudWithServer();
  const before = lab.cloud.snapshot();
  expect(before.servers).toEqual([lab.id]);
  await lab.tenant.api.post('network', '/v2.0/networks', { network: { name: 'left-over' } });
  expect(lab.cloud.snapshot()).not.toEqual(before);
  expect(lab.cloud.snapshot(lab.cloud.tenants[1]).servers).toEqual([]);
});

test('quotas are refused as Nova and Neutron do', async () => {
  await using lab = await cloudWithServer({ quota: { instances: 1 }, networkQuota: { network: 0 } });
  const [flavor] = lab.cloud.compute.flavors;
  const server = { name: 'two', flavorRef: flavor?.id, imageRef: lab.cloud.imageId, networks: 'none' };
  const nova = await lab.tenant.api.post('compute', '/servers', { server });
  expect(nova).toMatchObject({
    status: 403,
    body: {
      forbidden: {
        message: 'Quota exceeded for instances: Requested 1, but already used 1 of 1 instances',
      },
    },
  });
  const neutron = await lab.tenant.api.post('network', '/v2.0/networks', { network: { name: 'n' } });
  expect(neutron).toMatchObject({
    status: 409,
    body: { NeutronError: { type: 'OverQuota', message: "Quota exceeded for resources: ['network']." } },
  });
});

test('a router joins a network to the world, and floating IPs need it', async () => {
  await using lab = await cloudWithServer();
  const { api } = lab.tenant;
  const make = async (collection: string, singular: string, body: object) => {
    const reply = await api.post('network', `/v2.0/${collection}`, { [singular]: body });
    return { status: reply.status, ...(reply.body[singular] as { id: string }) };
  };
  const network = await make('networks', 'network', { name: 'inside' });
  const subnet = await make('subnets', 'subnet', {
    network_id: network.id,
    ip_version: 4,
    cidr: '10.0.0.0/24',
  });
  const port = await make('ports', 'port', { network_id: network.id });
  const floating = { floating_network_id: lab.cloud.externalNetworkId, port_id: port.id };
  expect((await make('floatingips', 'floatingip', floating)).status).toBe(404);
  const external_gateway_info = { network_id: lab.cloud.externalNetworkId };
  const router = await make('routers', 'router', { name: 'r', external_gateway_info });
  const path = `/v2.0/routers/${router.id}`;
  const joined = await api.put('network', `${path}/add_router_interface`, { subnet_id: subnet.id });
  expect(joined.status).toBe(200);
  const reachable = await make('floatingips', 'floatingip', floating);
  expect(reachable).toMatchObject({ status: 'ACTIVE', router_id: router.id });
  expect((await api.delete('network', path)).status).toBe(409);
  expect((await api.delete('network', `/v2.0/ports/${joined.body.port_id}`)).status).toBe(409);
  const leave = () => api.put('network', `${path}/remove_router_interface`, { subnet_id: subnet.id });
  expect((await leave()).status).toBe(409);
  await api.delete('network', `/v2.0/floatingips/${reachable.id}`);
  expect((await leave()).status).toBe(200);
  expect((await api.delete('network', path)).status).toBe(204);
});
