import type { Ironic } from './ironic.ts';

/** What this Ironic writes into its log whatever its hardware does, or has to after what the tests do. */
const expected = [
  // Of every node that netboots by a DHCP server that is not Neutron's.
  /ironic\.common\.pxe_utils .* IPv6 is enabled and the DHCP driver appears set to a plugin aside from "neutron"/,
  // Of an agent that calls while it is being told something.
  /ironic\.drivers\.modules\.agent_base .* is currently locked, skipping heartbeat processing/,
  // Of every inspection by plain Redfish, which does not look for such cards.
  /ironic\.drivers\.modules\.redfish\.inspect .* No PXE enabled NIC was found/,
  // Of every agent that comes from virtual media, since its token came with it.
  /ironic\.conductor\.manager .* An agent token generation request is being refused as one is already present/,
  // The wrong password.
  /(sushy\.\w+|redfish\.utils|conductor\.verify) .*returned code 401\. Base\.[\d.]+AccessUnauthorized/,
  // Cleaning that was aborted.
  /moved to provision state "clean failed" from state "clean wait"; target provision state is "manageable"/,
];

/** What else it has warned of, or complained about. */
export async function unexpected(ironic: Ironic): Promise<readonly string[]> {
  const complaints = await ironic.complaints();
  return complaints.filter(line => !expected.some(known => known.test(line)));
}
