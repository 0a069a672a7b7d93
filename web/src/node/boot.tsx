import { useSignal } from '@preact/signals';
import type { BootOverride, BootRequest, BootTarget, NodeStatus } from '../../../src/daemon/api.ts';
import { send } from '../http.ts';
import { attempt } from '../parts/notice.tsx';
import { nodePath } from '../routes.ts';
import { mayOperate } from '../session.ts';

const targets: Readonly<Partial<Record<BootTarget, string>>> = {
  pxe: 'Network',
  disk: 'Disk',
  cdrom: 'CD',
  removable: 'USB',
  'bios-setup': 'Firmware setup',
  diagnostic: 'Diagnostics',
  'disk-safe-mode': 'Disk, safe mode',
};

/** What a node boots next, and a form to change it. */
export function Boot({ node, onChange }: { readonly node: NodeStatus; readonly onChange: () => void }) {
  const target = useSignal<BootTarget>(node.boot.target === 'default' ? 'pxe' : node.boot.target);
  const busy = useSignal(false);
  const set = async (request: BootRequest) => {
    busy.value = true;
    const path = `/v1${nodePath(node)}/boot`;
    if (await attempt(() => send('PUT', path, request), `${node.name}: ${text(request)}`)) onChange();
    busy.value = false;
  };
  const request = (enabled: BootRequest['enabled']): BootRequest => ({
    target: enabled === 'disabled' ? 'default' : target.value,
    enabled,
    mode: undefined,
  });
  return (
    <section class="card" aria-labelledby="boot">
      <h2 id="boot">Next boot</h2>
      <p>
        {text(node.boot)} <span class="tag">{node.firmware.toUpperCase()}</span>
      </p>
      {mayOperate.value && (
        <fieldset class="row" disabled={busy.value}>
          <legend class="unseen">Boot override</legend>
          <label>
            <span class="unseen">Boot from</span>
            <select
              value={target.value}
              onChange={({ currentTarget }) => {
                target.value = currentTarget.value as BootTarget;
              }}
            >
              {Object.entries(targets).map(([name, shown]) => (
                <option key={name} value={name}>
                  {shown}
                </option>
              ))}
            </select>
          </label>
          <button type="button" onClick={() => void set(request('once'))}>
            Once
          </button>
          <button type="button" onClick={() => void set(request('continuous'))}>
            Always
          </button>
          {node.boot.enabled !== 'disabled' && (
            <button type="button" class="plain" onClick={() => void set(request('disabled'))}>
              Take back
            </button>
          )}
        </fieldset>
      )}
    </section>
  );
}

function text({ enabled, target }: Pick<BootOverride, 'enabled' | 'target'>): string {
  const name = targets[target] ?? target;
  switch (enabled) {
    case 'disabled':
      return "In the node's own order";
    case 'once':
      return `${name}, once`;
    case 'continuous':
      return `${name}, at every boot`;
  }
}
