import { publicKey } from './resources.ts';

/** A lab with one of everything that a lab file may say, on instances without guests. */

/** What tests change in it. */
export interface RichLab {
  /** Disk image of the volumes and hosts: name or ID. */
  readonly image: string;
  /** Keypair and security group that the project has already: names. */
  readonly keypair: string;
  readonly securityGroup: string;
  readonly expires: string;
  /** Of the nodes of the role control. */
  readonly memory: string;
  readonly controls: number;
  /** Under which the network `tenant` is carried. */
  readonly vlan: number;
  /** Networks of the compute node's cards. */
  readonly nics: readonly string[];
  /** cloud-init user data of the host that has one. */
  readonly userData: string;
  /** Name servers of the management network. */
  readonly dns: string;
}

/** @returns the lab file but for its head and its BMCs */
export function richLab(lab: RichLab): string {
  return `expires: ${lab.expires}
networks:
  management: { cidr: 10.20.0.0/24, neutronDhcp: true, portSecurity: true, dns: [${lab.dns}] }
  leaf0: { cidr: 192.168.24.0/24, mtu: 1400, allocationPools: [192.168.24.200-192.168.24.249] }
  leaf1: { cidr: 192.168.25.0/24, allocationPools: [192.168.25.200-192.168.25.249] }
  slaac: { cidr: 172.18.0.0/24, cidr6: 'fd00:172:18::/64', ipv6Mode: slaac }
  stateful: { cidr: 172.19.0.0/24, cidr6: 'fd00:172:19::/64', ipv6Mode: dhcpv6-stateful }
  stateless: { cidr: 172.20.0.0/24, cidr6: 'fd00:172:20::/64', ipv6Mode: dhcpv6-stateless }
  plain: { cidr: 172.21.0.0/24, cidr6: 'fd00:172:21::/64', gateway: 'fd00:172:21::1', mtu: 1400 }
  tenant: { cidr: 172.16.0.0/24, subnet: false, mtu: 1400 }
routers:
  - { name: edge, external: public, networks: [management, slaac] }
  - name: leaves
    networks:
      - { network: leaf0, address: 192.168.24.254 }
      - { network: leaf1, address: 192.168.25.254 }
serverGroups:
  control: { policy: soft-anti-affinity }
  alone: { policy: anti-affinity }
nodes:
  - name: control-{index}
    count: ${lab.controls}
    role: control
    memory: ${lab.memory}
    firmware: uefi
    serverGroup: control
    availabilityZone: fake
    serverName: '{lab}-baremetal_{index:02}'
    metadata: { rack: '1' }
    disks:
      - { name: root, size: 1GiB, source: volume, image: ${lab.image} }
      - { name: journal, size: 2GiB, source: volume, volumeType: nfs }
    nics:
      - { network: leaf0, addresses: [192.168.24.10-192.168.24.19] }
      - slaac
      - slaac
      - network: leaf0
        vlans:
          - { network: tenant, vlan: ${lab.vlan} }
          - { network: plain, vlan: 102 }
  - name: compute
    memory: 128MiB
    availabilityZone: fake
    serverGroup: alone
    disks: [1GiB]
    nics: [${lab.nics.join(', ')}]
hosts:
  - name: seed
    image: ${lab.image}
    memory: 512MiB
    volume: 2GiB
    nics:
      - management
      - { network: leaf0, addresses: [192.168.24.1] }
    keypair: ${lab.keypair}
    securityGroups: [default, ${lab.securityGroup}]
    floatingIp: public
    configDrive: true
    availabilityZone: fake
    metadata: { purpose: seed }
    userData: ${JSON.stringify(lab.userData)}
  - name: extra-{index}
    count: 2
    image: ${lab.image}
    nics: [management]
    publicKey: ${publicKey}
    availabilityZone: fake
`;
}
