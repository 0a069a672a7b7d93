import { describe, expect, test } from 'vitest';
import { Api } from './api.ts';
import { moment, requestsSince } from './api-requests.ts';
import { bootSector } from './boot-sector.ts';
import { hasFakeHost, hasQemuHost, killDaemon, revokeTokens, startDaemon } from './cloud.ts';
import { createNamespace } from './namespace.ts';
import { plugIn } from './plug.ts';
import { type Answer, crash, domainOf, PowerTruth } from './power-truth.ts';
import { contentOf, differences } from './project.ts';
import { PxeServer } from './pxe-server.ts';
import { makeImage, makeNetwork, makeOpenGroup, makeRouter, makeServer } from './resources.ts';

/** The cloud of the tests is what they take it for. */

describe.skipIf(!hasFakeHost && !hasQemuHost)('an API', () => {
  test('that was killed comes back with what it knew', async () => {
    const tenant = await Api.connect('quintupleo');
    const before = await tenant.list('compute', '/flavors', 'flavors');
    await killDaemon('nova-api');
    await expect(tenant.get('compute', '/flavors')).rejects.toThrow('fetch failed');
    await startDaemon('nova-api');
    expect(await tenant.list('compute', '/flavors', 'flavors')).toEqual(before);
  });

  test('refuses a token that was revoked', async () => {
    const { token } = await Api.connect('quintupleo');
    const use = async () => {
      const headers = { 'X-Auth-Token': token };
      return (await fetch('http://127.0.0.1:8774/v2.1/servers', { headers })).status;
    };
    expect(await use()).toBe(200);
    await revokeTokens('quintupleo');
    await expect.poll(use, { timeout: 20_000 }).toBe(401);
    await expect(Api.connect('quintupleo')).resolves.toBeDefined();
  });
});

describe.skipIf(!hasQemuHost)('a network', () => {
  /** What a DHCP server on a tenant's network sees of a machine there, and whether the machine gets an address. */
  async function dhcp(portSecurity: 'on' | 'off') {
    await using network = await makeNetwork('cloud-test', '192.0.2.0/24');
    await using open = await makeOpenGroup();
    await using server = await PxeServer.start({
      network: network.id,
      prefix: '192.0.2',
      script: '#!ipxe',
      name: 'q5o-cloud-srv',
      securityGroups: portSecurity === 'on' ? [open.id] : undefined,
    });
    await using machine = await createNamespace('q5o-cloud-cli');
    await using plug = await plugIn({ network: network.id, link: 'q5o-cloud-0', namespace: machine.name });
    const once = ['-f', '-n', '-q', '-t', '3', '-T', '2', '-s', '/bin/true'];
    const answered = await machine.run('busybox', 'udhcpc', ...once, '-i', plug.link).then(
      () => true,
      () => false,
    );
    return { asked: (await server.count('DHCPDISCOVER', plug.mac)) > 0, answered };
  }

  test('lets no DHCP server through whose port has port security, whatever the security group allows', async () => {
    expect(await dhcp('on')).toEqual({ asked: true, answered: false });
  });

  test('lets a DHCP server through whose port has no port security', async () => {
    expect(await dhcp('off')).toEqual({ asked: true, answered: true });
  });

  test('reaches the APIs through a router', async () => {
    await using network = await makeNetwork('cloud-test', '192.0.2.0/24');
    await using router = await makeRouter(network);
    await using machine = await createNamespace('q5o-cloud-cli');
    const address = '192.0.2.7/24';
    await using plug = await plugIn({
      network: network.id,
      link: 'q5o-cloud-0',
      namespace: machine.name,
      address,
    });
    await machine.run('ip', 'route', 'add', 'default', 'via', '192.0.2.1', 'dev', plug.link);
    const ask = () => machine.run('curl', '-s', '-m', '5', 'http://198.51.100.1:5000/v3').catch(String);
    await expect.poll(ask, { timeout: 60_000 }).toContain('"id": "v3.14"');
    expect(router.id).toBeDefined();
  });
});

describe.skipIf(!hasQemuHost)('a server', () => {
  test('is on and off when libvirt says so, and a false answer is found', async () => {
    await using truth = await PowerTruth.watch();
    await using image = await makeImage('cloud-test', Buffer.alloc(1 << 20));
    await using network = await makeNetwork('cloud-test', '192.0.2.0/24');
    await using server = await makeServer({
      name: 'cloud-test',
      image: image.id,
      network: network.id,
      zone: 'qemu',
    });
    const domain = await domainOf(server.id);
    expect(truth.now(domain)).toBe('on');

    const began = Date.now();
    await server.act({ 'os-stop': null }, 'SHUTOFF');
    expect(truth.now(domain)).toBe('off');
    const done = Date.now();
    const answers: Answer[] = [
      { asked: began - 1, answered: began, power: 'on' },
      { asked: done, answered: done + 1, power: 'off' },
      { asked: done, answered: done + 1, power: 'on' },
    ];
    expect(truth.lies(domain, answers, 0)).toEqual(answers.slice(2));

    await server.act({ 'os-start': null }, 'ACTIVE');
    await crash(domain);
    await truth.until(domain, 'off');
  });

  test.each(['its own disk', 'a volume'])('boots from %s', async disk => {
    await using image = await makeImage('cloud-test', bootSector(`booted from ${disk}`));
    await using network = await makeNetwork('cloud-test', '192.0.2.0/24');
    const volume = disk === 'a volume';
    const options = {
      name: 'cloud-test',
      image: image.id,
      network: network.id,
      zone: 'qemu',
      volume,
    } as const;
    await using server = await makeServer(options);
    await server.says(`booted from ${disk}`);
  });
});

describe.skipIf(!hasFakeHost)('a project', () => {
  test('shows what was left behind, and what is gone', async () => {
    const tenant = await Api.connect('quintupleo');
    const before = await contentOf(tenant);
    const from = await moment();
    {
      await using image = await makeImage('left behind', Buffer.alloc(512));
      await using network = await makeNetwork('left-behind', '192.0.2.0/24');
      await using server = await makeServer({
        name: 'left',
        image: image.id,
        network: network.id,
        zone: 'fake',
      });
      const found = differences(before, await contentOf(tenant)).map(line =>
        line.replace(/ [0-9a-f-]{36}/, ''),
      );
      expect(found).toEqual(
        expect.arrayContaining([
          'image left behind is new',
          'network left-behind is new',
          'server left is new',
        ]),
      );
      const listed = (await requestsSince(from, tenant.user)).map(({ method, path }) => `${method} ${path}`);
      expect(listed).toEqual(
        expect.arrayContaining(['POST /v2.1/servers', `GET /v2.1/servers/${server.id}`]),
      );
    }
    expect(differences(before, await contentOf(tenant))).toEqual([]);
  });
});
