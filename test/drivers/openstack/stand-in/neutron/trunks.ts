import { ApiFault, type Fields, isFields } from '../service.ts';
import { badRequest, type Item, type Kind } from './kind.ts';
import type { NetworkStore } from './store.ts';

export const trunkKind: Kind = {
  plural: 'trunks',
  singular: 'trunk',
  label: 'Trunk',
  attributes: { name: '', description: '', port_id: undefined, admin_state_up: true, sub_ports: [] },
  required: ['port_id'],
  changeable: ['name', 'description', 'admin_state_up'],
  quota: 'trunk',
  create: (wanted, { store, projectId }) => {
    const port = store.get('ports', wanted.port_id, projectId);
    if (store.all('trunks').some(trunk => trunk.port_id === port.id)) {
      throw new ApiFault(
        409,
        `Port ${port.id} is currently in use and is not eligible for use as a parent port.`,
        'ParentPortInUse',
      );
    }
    return { ...wanted, sub_ports: subPorts(wanted.sub_ports, store, projectId), status: 'DOWN' };
  },
  remove: (trunk, { store }) => {
    const parent = store.find('ports', trunk.port_id);
    if (parent && parent.device_id !== '') {
      throw new ApiFault(409, `Trunk ${trunk.id} is currently in use.`, 'TrunkInUse');
    }
  },
};

export function addSubPorts(store: NetworkStore, trunk: Item, body: Fields, projectId: string): Item {
  const added = subPorts(body.sub_ports, store, projectId);
  store.set(trunk, { sub_ports: [...ports(trunk), ...added] });
  return trunk;
}

export function removeSubPorts(store: NetworkStore, trunk: Item, body: Fields): Item {
  const gone = Array.isArray(body.sub_ports)
    ? body.sub_ports.filter(isFields).map(({ port_id }) => port_id)
    : [];
  for (const id of gone) {
    if (ports(trunk).some(({ port_id }) => port_id === id)) continue;
    throw new ApiFault(404, `SubPort ${id} on trunk ${trunk.id} could not be found.`, 'SubPortNotFound');
  }
  store.set(trunk, { sub_ports: ports(trunk).filter(({ port_id }) => !gone.includes(port_id)) });
  return trunk;
}

const ports = (trunk: Item): readonly Fields[] =>
  Array.isArray(trunk.sub_ports) ? trunk.sub_ports.filter(isFields) : [];

function subPorts(wanted: unknown, store: NetworkStore, projectId: string): readonly Fields[] {
  const list = Array.isArray(wanted) ? wanted.filter(isFields) : [];
  return list.map(entry => {
    const port = store.get('ports', entry.port_id, projectId);
    if (typeof entry.segmentation_id !== 'number') {
      throw badRequest(
        "Invalid input for operation: Invalid segmentation details: 'segmentation_id' is required.",
      );
    }
    return {
      port_id: port.id,
      segmentation_type: entry.segmentation_type ?? 'vlan',
      segmentation_id: entry.segmentation_id,
    };
  });
}
