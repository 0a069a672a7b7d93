import { labelOf } from '../lab-text.ts';
import type { Ledger } from './ledger.ts';
import type { NetworkNames } from './networks.ts';
import type { LabSketch } from './sketch.ts';

/** The image that OVB takes for every machine of its own. */
const usualImage = 'CentOS-7-x86_64-GenericCloud';

/** Adds the undercloud, unless the environments leave it away. */
export function addUndercloud(sketch: LabSketch, ledger: Ledger, names: NetworkNames): void {
  const index = sketch.content.hosts.length;
  const at = `hosts[${index}]`;
  const template = ledger.resource('OS::OVB::UndercloudEnvironment', 'undercloud.yaml', at);
  if (template === 'OS::Heat::None') return;
  const floating = ledger.resource(
    'OS::OVB::UndercloudFloating',
    'undercloud-floating.yaml',
    `${at}.floatingIp`,
  );
  const userData = ledger.text('undercloud_user_data', '', `${at}.userData`);
  const external = ledger.text('external_net', 'external');
  const name = ledger.text('undercloud_name', 'undercloud', `${at}.name`);
  sketch.content.hosts.push({
    name: labelOf(name),
    flavor: ledger.text('undercloud_flavor', 'm1.xlarge', `${at}.flavor`),
    image: ledger.text('undercloud_image', usualImage, `${at}.image`),
    ...(template === 'undercloud-volume.yaml' && {
      volume: `${ledger.number('undercloud_volume_size', 50, `${at}.volume`)}GiB`,
    }),
    nics: [filteredCard(sketch, names), names.provision.use(sketch), names.public.use(sketch)],
    securityGroups: ['default'],
    keypair: ledger.text('key_name', 'default', `${at}.keypair`),
    ...(floating !== 'undercloud-floating-none.yaml' && {
      floatingIp: ledger.text('external_net', external, `${at}.floatingIp`),
    }),
    ...(userData && { userData }),
  });
  const comment = (key: string, text: string) => sketch.comment(['hosts', index, key], text);
  comment('name', 'undercloud_name');
  comment('flavor', 'undercloud_flavor');
  comment('image', 'undercloud_image');
  comment('volume', 'undercloud_volume_size');
  comment('securityGroups', 'Check: a security group that exists; OVB let in ICMP and TCP 22 and 3000');
  comment('keypair', 'key_name');
  comment('floatingIp', 'external_net');
  comment('userData', 'undercloud_user_data');
}

/** Adds the machine that relays DHCP between provisioning networks, where the environments have one. */
export function addDhcpRelay(sketch: LabSketch, ledger: Ledger, names: NetworkNames): void {
  const index = sketch.content.hosts.length;
  const at = `hosts[${index}]`;
  const template = ledger.resource('OS::OVB::DHCPRelay', 'OS::Heat::None');
  if (template !== 'dhcp-relay.yaml') return;
  ledger.resource('OS::OVB::DHCPRelay', '', at);
  const segments = ['', '2', '3'].map((number, position) => {
    const parameter = `dhcp_relay_provision${number}_address`;
    const usual = `192.168.${24 + position}.253`;
    const address = ledger.text(parameter, usual, `${at}.nics[${position + 1}].addresses`);
    const network = sketch.network(
      number === '' ? names.provision.name : ledger.text(`provision_net${number}`, `provision${number}`),
      `192.168.${24 + position}.0/24`,
    );
    return { network, address };
  });
  const servers = ledger.list('dhcp_ips', ['192.168.24.1', '192.168.24.10'], `${at}.userData`).map(String);
  sketch.content.hosts.push({
    name: labelOf(ledger.text('dhcrelay_prefix', 'dhcrelay', `${at}.name`)),
    flavor: ledger.text('dhcp_relay_flavor', 'm1.small', `${at}.flavor`),
    image: ledger.text('dhcp_relay_image', usualImage, `${at}.image`),
    nics: [
      filteredCard(sketch, names),
      ...segments.map(({ network, address }) => ({ network, addresses: [address] })),
    ],
    keypair: ledger.text('key_name', 'default', `${at}.keypair`),
    // Neutron serves no DHCP on these networks, so the addresses come with the config drive.
    configDrive: true,
    userData: relayUserData(segments.map(({ address }) => address).slice(1), servers),
  });
  const comment = (key: string, text: string) => sketch.comment(['hosts', index, key], text);
  comment('name', 'dhcrelay_prefix');
  comment('flavor', 'dhcp_relay_flavor');
  comment('image', 'dhcp_relay_image');
  comment('nics', 'dhcp_relay_provision_address, and so on');
  comment('userData', "dhcp_ips: where the relay's requests go");
}

/** Has cloud-init relay requests that come in at `relays` to `servers`. */
function relayUserData(relays: readonly string[], servers: readonly string[]): string {
  const pairs = relays.flatMap(relay => servers.map(server => `--dhcp-relay=${relay},${server}`));
  return [
    '#cloud-config',
    'packages: [dnsmasq]',
    'runcmd:',
    '  - for f in /proc/sys/net/ipv4/conf/*/rp_filter; do echo 0 > $f; done',
    `  - dnsmasq --conf-file=/dev/null --port=0 ${pairs.join(' ')}`,
    '',
  ].join('\n');
}

/** Adds the machines of a role that OVB calls extra nodes: instances as they are, with an image. */
export function extraNode(
  sketch: LabSketch,
  ledger: Ledger,
  names: NetworkNames,
  ports: string,
  role: { readonly name: string; readonly prefix: string } | undefined,
): void {
  const index = sketch.content.hosts.length;
  const at = `hosts[${index}]`;
  const count = ledger.number('node_count', role ? 1 : 2, `${at}.count`);
  if (count < 1) return;
  const prefix = role?.prefix ?? ledger.text('baremetal_prefix', 'baremetal', `${at}.name`);
  const open = ports === 'baremetal-ports-extra-node-all.yaml';
  ledger.resource('OS::OVB::BaremetalPorts', ports, `${at}.nics`);
  ledger.text('role', '', `${at}.name`);
  sketch.content.hosts.push({
    name: `${labelOf(role ? `${prefix}-${role.name}` : prefix)}-{index}`,
    count,
    flavor: ledger.text('baremetal_flavor', 'baremetal', `${at}.flavor`),
    image: ledger.text('baremetal_image', 'empty', `${at}.image`),
    nics: [
      open ? { network: names.private.use(sketch), portSecurity: false } : filteredCard(sketch, names),
      names.provision.use(sketch),
      names.public.use(sketch),
    ],
    ...(!open && { securityGroups: ['default'] }),
    keypair: ledger.text('key_name', 'default', `${at}.keypair`),
    ...(ports === 'baremetal-ports-extra-node-fip.yaml' && {
      floatingIp: ledger.text('external_net', 'external', `${at}.floatingIp`),
    }),
  });
  const comment = (key: string, text: string) => sketch.comment(['hosts', index, key], text);
  comment('name', 'baremetal_prefix and role');
  comment('count', 'node_count');
  comment('flavor', 'baremetal_flavor');
  comment('image', 'baremetal_image');
  comment('nics', ports);
  comment('securityGroups', 'Check: a security group that exists; OVB let in ICMP and TCP 22');
  comment('keypair', 'key_name');
  comment('floatingIp', 'external_net');
}

/** A card on the private network, where security groups hold. */
function filteredCard(sketch: LabSketch, names: NetworkNames) {
  return { network: names.private.use(sketch), portSecurity: true };
}
