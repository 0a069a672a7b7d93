import type { LabSpec, NodeSpec } from '../../node/spec.ts';
import { type Finding, fail, fine } from '../../support/finding.ts';
import type { LabNetworks } from './lab-networks.ts';

/** What may keep a machine from a network boot: each thing that was looked at, as it is now. */
export async function examineNetboot(
  lab: LabSpec,
  node: NodeSpec,
  machine: { readonly isOn: boolean } | undefined,
  networks: LabNetworks,
): Promise<Finding[]> {
  const [nic] = node.nics;
  const findings = [
    machine
      ? fine('machine', machine.isOn ? 'its QEMU runs' : 'its QEMU does not run: it is off')
      : fail('machine', 'there is none', 'Run up again, which makes it.'),
  ];
  if (!nic) {
    return [...findings, fail('network card', 'the lab file gives it none', 'Give it one in the lab file.')];
  }
  const network = lab.networks.find(({ name }) => name === nic.network);
  const record = (await networks.existing()).get(nic.network);
  const check = `network ${nic.network}`;
  if (!network || !record) return [...findings, fail(check, 'is not there', 'Run up again, which makes it.')];
  const fault = await networks.fault(record);
  if (fault !== undefined) return [...findings, fail(check, fault, 'Run up again, which mends it.')];
  if (record.networking === 'user') {
    return [
      ...findings,
      fine(check, 'user networking: QEMU itself answers DHCP and leads to the lab’s boot director'),
    ];
  }
  const bridge = networks.bridges([network]).get(network.name);
  if (!network.dhcp) {
    return [
      ...findings,
      fine(check, `bridge ${bridge}; DHCP is somebody else’s: the lab file says dhcp: false`),
    ];
  }
  const heard = await networks.lastHeard(network.name, nic.mac);
  const last = heard === undefined ? 'it has not asked' : `last: ${heard}`;
  return [...findings, fine(check, `bridge ${bridge}, DHCP is served; ${last}`)];
}
