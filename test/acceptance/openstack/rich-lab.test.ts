import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { bootSector } from './boot-sector.ts';
import { hasFakeHost } from './cloud.ts';
import { CloudLab } from './cloud-lab.ts';
import { LabContent } from './lab-content.ts';
import { contentOf, differences, type ProjectContent } from './project.ts';
import { type Made, makeGroup, makeImage, makeKeypair } from './resources.ts';
import { type RichLab, richLab } from './rich-lab.ts';

/** A lab with one of everything, made, changed, damaged and mended on a real cloud whose instances have no guests. */

const minutes = 60_000;

describe.skipIf(!hasFakeHost)('a lab with one of everything', () => {
  const made: Made[] = [];
  let before: ProjectContent;
  let lab: CloudLab;
  let content: LabContent;
  let wanted: RichLab;

  beforeAll(async () => {
    const image = await makeImage('q5o-rich', bootSector('RICH'));
    made.push(image, await makeKeypair('q5o-operator'), await makeGroup('q5o-ssh'));
    lab = await CloudLab.create('rich', 26_460);
    content = new LabContent(lab.tenant, lab.name);
    before = await contentOf(lab.tenant);
    wanted = {
      image: image.id,
      keypair: 'q5o-operator',
      securityGroup: 'q5o-ssh',
      expires: '4h',
      memory: '256MiB',
      controls: 2,
      vlan: 101,
      nics: ['leaf1', 'stateful', 'stateless', 'tenant'],
      userData: '#cloud-config\npackages: [dnsmasq]\n',
      dns: '192.0.2.53',
    };
  });

  afterAll(async () => {
    await lab?.[Symbol.asyncDispose]();
    for (const one of made.reverse()) await one[Symbol.asyncDispose]();
  });

  /** Has the lab be so from now on. @returns what `up` said */
  async function up(changes: Partial<RichLab> = {}, ...options: readonly string[]): Promise<string> {
    wanted = { ...wanted, ...changes };
    return lab.up(await lab.file(richLab(wanted)), ...options);
  }

  const plan = (changes: Partial<RichLab> = {}) => up(changes, '--plan');

  test(
    'is planned without doing anything, and made',
    async () => {
      expect(await plan()).toContain('20 to create');
      expect(differences(before, await contentOf(lab.tenant))).toEqual([]);
      await up();
      expect(await plan()).toContain('Nothing to change');
    },
    10 * minutes,
  );

  test('has networks and subnets as the file says', async () => {
    expect(await content.network('leaf0')).toMatchObject({ mtu: 1400, port_security_enabled: false });
    expect(await content.network('management')).toMatchObject({ port_security_enabled: true });
    expect(await content.subnets('management')).toMatchObject([
      { gateway_ip: '10.20.0.1', enable_dhcp: true, dns_nameservers: ['192.0.2.53'] },
    ]);
    expect(await content.subnets('leaf0')).toMatchObject([
      {
        cidr: '192.168.24.0/24',
        gateway_ip: '192.168.24.254',
        enable_dhcp: false,
        allocation_pools: [{ start: '192.168.24.200', end: '192.168.24.249' }],
      },
    ]);
    expect(await content.subnets('slaac')).toMatchObject([
      { ip_version: 4 },
      { cidr: 'fd00:172:18::/64', ipv6_address_mode: 'slaac', ipv6_ra_mode: 'slaac' },
    ]);
    for (const mode of ['stateful', 'stateless']) {
      const modes = { ipv6_address_mode: `dhcpv6-${mode}`, ipv6_ra_mode: null, gateway_ip: null };
      expect(await content.subnets(mode)).toMatchObject([{ ip_version: 4 }, modes]);
    }
    expect(await content.subnets('plain')).toMatchObject([
      { gateway_ip: null },
      { ipv6_address_mode: null, gateway_ip: 'fd00:172:21::1', enable_dhcp: false },
    ]);
  });

  test('has routers: to the world, and between the segments in which nodes netboot', async () => {
    expect(await content.router('edge')).toMatchObject({ external_gateway_info: { enable_snat: true } });
    expect(await content.router('leaves')).toMatchObject({ external_gateway_info: null });
    expect(await content.routerAddresses('leaves')).toEqual(['192.168.24.254', '192.168.25.254']);
    expect(await content.routerAddresses('edge')).toEqual(['10.20.0.1', '172.18.0.1', 'fd00:172:18::1']);
  });

  test('has nodes with cards in the order of the file: fixed addresses, a bond, VLANs', async () => {
    const cards = await content.cards('control-1');
    const networks = cards.map(({ network }) => network);
    expect(networks).toEqual(['leaf0', 'slaac', 'slaac', 'leaf0']);
    expect(cards[0]?.addresses).toEqual(['192.168.24.11']);
    const leaf0 = cards[3]?.port ?? '';
    expect(await content.vlans(leaf0)).toEqual({ 101: 'tenant', 102: 'plain' });
  });

  test('has nodes with volumes, names and metadata of their own, off', async () => {
    const server = await content.server('control-0');
    expect(server).toMatchObject({
      name: 'rich-baremetal_00',
      status: 'SHUTOFF',
      metadata: { rack: '1', 'quintupleo:role': 'control' },
    });
    expect(await content.volumes('control-0')).toEqual([
      { name: 'rich-control-0-disk-0', size: 1, type: 'nfs', bootable: true },
      { name: 'rich-control-0-disk-1', size: 2, type: 'nfs', bootable: false },
    ]);
    const groups = await content.serverGroups();
    expect(groups).toEqual({ alone: 'anti-affinity 1', control: 'soft-anti-affinity 2' });
  });

  test('has hosts: from a volume, with a floating IP, keys and filtered cards', async () => {
    const seed = await content.server('seed');
    expect(seed).toMatchObject({ status: 'ACTIVE', key_name: 'q5o-operator', config_drive: 'True' });
    const [management, leaf0] = await content.cards('seed');
    expect(management).toMatchObject({ filtered: true, groups: ['default', 'q5o-ssh'] });
    expect(leaf0).toMatchObject({ filtered: false, groups: [], addresses: ['192.168.24.1'] });
    expect(await content.floatingIps()).toEqual([management?.addresses[0]]);
    expect(await content.server('extra-1')).toMatchObject({ key_name: expect.stringContaining('extra-1') });
  });

  test(
    'changes without losing anything: nodes, VLANs, name servers, a role that grows',
    async () => {
      const changes = { controls: 3, vlan: 201, dns: '198.51.100.53' };
      const planned = await plan(changes);
      expect(planned).toContain('1 to create');
      expect(planned).toContain('other DNS servers');
      expect(planned).toMatch(/control-0 .*VLAN 201 is added, VLAN 101 is taken away/);
      const { id } = await content.server('control-0');
      await up(changes);
      expect((await content.server('control-0')).id).toBe(id);
      const cards = await content.cards('control-0');
      expect(await content.vlans(cards[3]?.port ?? '')).toEqual({ 102: 'plain', 201: 'tenant' });
      expect((await content.cards('control-2'))[0]?.addresses).toEqual(['192.168.24.12']);
      expect(await plan()).toContain('Nothing to change');
    },
    5 * minutes,
  );

  test(
    'makes anew what cannot change, and only when told so: memory, cards, user data',
    async () => {
      const changes = {
        controls: 2,
        memory: '600MiB',
        nics: ['leaf1', 'tenant'],
        userData: '#cloud-config\n',
      };
      const planned = await plan(changes);
      expect(planned).toMatch(/control-0 .*another size: made anew/);
      expect(planned).toMatch(/compute .*other network cards: made anew/);
      expect(planned).toMatch(/seed .*another key or other user data: made anew/);
      expect(planned).toMatch(/- machine control-2/);
      const { id } = await content.server('compute');
      const refused = await lab.host.cli('up', await lab.file(richLab(wanted)));
      expect(refused.text).toContain('--yes');
      expect((await content.server('compute')).id).toBe(id);
      await up({}, '--yes');
      expect((await content.cards('compute')).map(({ network }) => network)).toEqual(['leaf1', 'tenant']);
      expect(await content.floatingIps()).toEqual((await content.cards('seed'))[0]?.addresses);
      expect(await plan()).toContain('Nothing to change');
    },
    5 * minutes,
  );

  test(
    'shows what others have done to it, and mends it',
    async () => {
      const [computeCard] = await content.cards('compute');
      const [, slaac] = await content.cards('control-0');
      const { network, compute } = content.paths;
      await network('DELETE', `/ports/${computeCard?.port}`);
      await network('PUT', `/ports/${slaac?.port}`, {
        port: { port_security_enabled: true },
      });
      await content.leaveRouter('leaves', 'leaf1');
      await content.leaveRouter('edge', 'management', 'floating IPs go with it');
      await network('PUT', `/networks/${await lab.network('leaf1')}`, { network: { mtu: 1300 } });
      await compute('DELETE', `/servers/${(await content.server('extra-0')).id}`);
      await content.untilGone('extra-0');
      const planned = await plan();
      expect(planned).toMatch(/router leaves .*joins leaf1/);
      expect(planned).toMatch(/router edge .*joins management/);
      expect(planned).toMatch(/machine compute .*its port on leaf1 .* is gone/);
      expect(planned).toMatch(/machine control-0 .*port security is switched on/);
      expect(planned).toMatch(/host seed .*floating IP/);
      expect(planned).toMatch(/host extra-0/);
      await up();
      expect(await plan()).toContain('Nothing to change');
      expect(await content.routerAddresses('leaves')).toEqual(['192.168.24.254', '192.168.25.254']);
      expect((await content.cards('control-0'))[1]).toMatchObject({ filtered: false });
      expect((await content.cards('compute')).map(({ network }) => network)).toContain('leaf1');
    },
    5 * minutes,
  );

  test(
    'is gone without a trace',
    async () => {
      expect(await lab.down()).toMatchObject({ status: 0 });
      expect(differences(before, await contentOf(lab.tenant))).toEqual([]);
    },
    5 * minutes,
  );
});
