import { useSignal } from '@preact/signals';
import type { OperationAnswer, PowerRequest } from '../../../src/daemon/api.ts';
import type { NodeSummary } from '../../../src/daemon/api-watch.ts';
import type { PowerAction } from '../../../src/node/power.ts';
import { send } from '../http.ts';
import { confirmed } from '../parts/confirm.tsx';
import { attempt } from '../parts/notice.tsx';
import { nodePath } from '../routes.ts';

interface Command {
  readonly action: PowerAction;
  readonly name: string;
  /** Asked before it is done. */
  readonly warning?: string;
}

const whenOff: readonly Command[] = [{ action: 'on', name: 'Power on' }];

const whenOn: readonly Command[] = [
  { action: 'soft-off', name: 'Shut down', warning: 'Its operating system is asked to shut down.' },
  {
    action: 'graceful-restart',
    name: 'Restart',
    warning: 'Its operating system is asked to shut down, then it is powered on.',
  },
  {
    action: 'off',
    name: 'Power off',
    warning: 'It loses power at once; what its system has not written is lost.',
  },
  {
    action: 'reset',
    name: 'Reset',
    warning: 'It is reset at once; what its system has not written is lost.',
  },
  {
    action: 'cycle',
    name: 'Power cycle',
    warning: 'It loses power at once, then it is powered on; what its system has not written is lost.',
  },
  { action: 'nmi', name: 'NMI', warning: 'Most systems answer a non-maskable interrupt by a crash dump.' },
];

/** The buttons of a node's chassis. */
export function PowerButtons({ node }: { readonly node: NodeSummary }) {
  const busy = useSignal(false);
  const commands = node.power === 'off' ? whenOff : node.power === 'on' ? whenOn : [...whenOff, ...whenOn];
  const press = async ({ action, name, warning }: Command) => {
    if (
      warning !== undefined &&
      !(await confirmed({ title: `${name}: ${node.name}?`, text: warning, action: name }))
    ) {
      return;
    }
    busy.value = true;
    const request: PowerRequest = { action, wait: 0 };
    await attempt(
      () => send<OperationAnswer>('POST', `/v1${nodePath(node)}/power`, request),
      `${node.name}: ${name.toLowerCase()} accepted`,
    );
    busy.value = false;
  };
  return (
    <fieldset class="row power-buttons">
      <legend class="unseen">Power</legend>
      {commands.map(command => (
        <button
          key={command.action}
          type="button"
          class={command.action === 'on' ? 'primary' : ''}
          disabled={busy.value}
          onClick={() => void press(command)}
        >
          {command.name}
        </button>
      ))}
    </fieldset>
  );
}
