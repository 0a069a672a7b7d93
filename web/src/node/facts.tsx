import type { NodeStatus } from '../../../src/daemon/api.ts';
import { bytes, counted } from '../format.ts';

/** What a node is made of, and where its BMC answers. */
export function Facts({ node }: { readonly node: NodeStatus }) {
  const { bmc, spec } = node;
  return (
    <section class="card" aria-labelledby="facts">
      <h2 id="facts">Machine</h2>
      <dl class="facts">
        <dt>IPMI</dt>
        <dd>
          <code>
            {bmc.address}:{bmc.port}
          </code>
        </dd>
        {bmc.problem !== undefined && <dd class="problem">{bmc.problem}</dd>}
        {bmc.redfish && (
          <>
            <dt>Redfish</dt>
            <dd>
              <code>{bmc.redfish.url}</code>
            </dd>
            {bmc.redfish.problem !== undefined && <dd class="problem">{bmc.redfish.problem}</dd>}
          </>
        )}
        <dt>Users</dt>
        <dd>{bmc.users.join(', ')}</dd>
        <dt>Hardware</dt>
        <dd>
          {counted(spec.cpus, 'CPU')}, {bytes(spec.memory)}
        </dd>
        <dt>{spec.disks.length === 1 ? 'Disk' : 'Disks'}</dt>
        {spec.disks.map(disk => (
          <dd key={disk.name}>
            {disk.name}, {bytes(disk.size)}
          </dd>
        ))}
        <dt>{spec.nics.length === 1 ? 'NIC' : 'NICs'}</dt>
        {spec.nics.map(nic => (
          <dd key={nic.mac}>
            <code>{nic.mac}</code> on {nic.network}
          </dd>
        ))}
        <dt>UUID</dt>
        <dd>
          <code class="small">{spec.uuid}</code>
        </dd>
      </dl>
    </section>
  );
}
