import {
  type Answer,
  ApiFault,
  bodyPart,
  type Call,
  type Fields,
  type Route,
  route,
  text,
} from '../service.ts';
import { allow, record } from './actions.ts';
import type { Compute } from './compute.ts';
import { checkPort } from './create.ts';

const interfaceStates = ['active', 'stopped'] as const;

/** Interfaces and volumes of servers. */
export function attachmentRoutes(compute: Compute): readonly Route[] {
  const interfaces = '/servers/:id/os-interface';
  const volumes = '/servers/:id/os-volume_attachments';
  return [
    route('GET', interfaces, call => ({
      status: 200,
      body: {
        interfaceAttachments: compute
          .server(call)
          .ports.flatMap(({ portId }) => interfaceView(compute, portId)),
      },
    })),
    route('POST', interfaces, call => attachInterface(call, compute)),
    route('DELETE', `${interfaces}/:port`, call => {
      const server = compute.server(call);
      allow(server, { verb: 'detach_interface', states: interfaceStates });
      record(server, 'detach_interface', call, compute);
      compute.releasePort(server, call.params.port ?? '');
      return { status: 202 };
    }),
    route('GET', volumes, call => ({
      status: 200,
      body: {
        volumeAttachments: compute.server(call).volumes.map(({ volumeId, device, deleteOnTermination }) => ({
          id: volumeId,
          volumeId,
          serverId: call.params.id,
          device,
          tag: null,
          delete_on_termination: deleteOnTermination,
        })),
      },
    })),
    route('POST', volumes, call => attachVolume(call, compute)),
    route('DELETE', `${volumes}/:volume`, call => detachVolume(call, compute)),
  ];
}

function interfaceView(compute: Compute, portId: string): Fields[] {
  const port = compute.neutron.store.find('ports', portId);
  if (!port) return [];
  return [
    {
      net_id: port.network_id,
      port_id: port.id,
      mac_addr: port.mac_address,
      port_state: port.status,
      fixed_ips: port.fixed_ips,
      tag: null,
    },
  ];
}

function attachInterface(call: Call, compute: Compute): Answer {
  const server = compute.server(call);
  allow(server, { verb: 'attach_interface', states: interfaceStates });
  const wanted = bodyPart(call, 'interfaceAttachment') ?? {};
  const { projectId } = call.scope;
  let portId = text(wanted.port_id);
  const ownedByNova = portId === undefined;
  if (portId === undefined) {
    const body = {
      network_id: wanted.net_id,
      ...(wanted.fixed_ips === undefined ? {} : { fixed_ips: wanted.fixed_ips }),
    };
    portId = compute.neutron.store.create('ports', body, projectId).id;
  } else checkPort(portId, projectId, compute);
  server.ports.push({ portId, ownedByNova });
  compute.bindPort(server, portId);
  record(server, 'attach_interface', call, compute);
  return { status: 200, body: { interfaceAttachment: interfaceView(compute, portId)[0] } };
}

function attachVolume(call: Call, compute: Compute): Answer {
  const server = compute.server(call);
  allow(server, { verb: 'attach_volume', states: interfaceStates });
  const wanted = bodyPart(call, 'volumeAttachment') ?? {};
  const volume = compute.cinder?.find(wanted.volumeId, call.scope.projectId);
  if (!volume) throw new ApiFault(404, `Volume ${wanted.volumeId} could not be found.`);
  if (volume.status !== 'available') {
    throw new ApiFault(
      400,
      `Invalid volume: volume '${volume.id}' status must be 'available'. Currently in '${volume.status}'`,
    );
  }
  const device = `/dev/vd${String.fromCharCode(98 + server.volumes.length)}`;
  const deleteOnTermination = wanted.delete_on_termination === true;
  server.volumes.push({ volumeId: volume.id, device, deleteOnTermination });
  compute.cinder?.attach(volume, server.id, device);
  record(server, 'attach_volume', call, compute);
  return {
    status: 200,
    body: {
      volumeAttachment: {
        id: volume.id,
        volumeId: volume.id,
        serverId: server.id,
        device,
        tag: null,
        delete_on_termination: deleteOnTermination,
      },
    },
  };
}

function detachVolume(call: Call, compute: Compute): Answer {
  const server = compute.server(call);
  const index = server.volumes.findIndex(({ volumeId }) => volumeId === call.params.volume);
  const volume = compute.cinder?.volumes.get(call.params.volume ?? '');
  if (index < 0 || !volume) throw new ApiFault(404, `volume_id not found: ${call.params.volume}`);
  allow(server, { verb: 'detach_volume', states: interfaceStates });
  if (server.imageId === undefined && index === 0) {
    throw new ApiFault(403, 'Cannot detach a root device volume');
  }
  server.volumes.splice(index, 1);
  compute.cinder?.detach(volume);
  record(server, 'detach_volume', call, compute);
  return { status: 202 };
}
