import type { SensorReading } from '../../../src/daemon/api-watch.ts';
import { Loaded } from '../parts/loaded.tsx';
import { useResource } from '../parts/resource.ts';
import { nodePath } from '../routes.ts';
import type { NodeName } from './name.ts';

const units: Readonly<Record<string, string>> = {
  'degrees C': '°C',
  volts: 'V',
  watts: 'W',
  percent: '%',
};

/** What a node's sensors read now. */
export function Sensors({ node }: { readonly node: NodeName }) {
  const sensors = useResource<readonly SensorReading[]>(`/v1${nodePath(node)}/sensors`, 5000);
  return (
    <Loaded resource={sensors.current.value}>
      {readings => (
        <table class="plain-table">
          <thead>
            <tr>
              <th scope="col">Sensor</th>
              <th scope="col" class="number">
                Reading
              </th>
              <th scope="col">State</th>
            </tr>
          </thead>
          <tbody>
            {readings.map(({ name, value, unit, state }) => (
              <tr key={name}>
                <th scope="row">{name}</th>
                <td class="number">
                  {value === undefined ? '–' : `${Number(value.toFixed(2))} ${units[unit] ?? unit}`}
                </td>
                <td class={`state ${state}`}>{state}</td>
              </tr>
            ))}
          </tbody>
        </table>
      )}
    </Loaded>
  );
}
