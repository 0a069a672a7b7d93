import type { BootStage, NodeSummary } from '../../../src/daemon/api-watch.ts';
import type { PowerState } from '../../../src/node/power.ts';
import { duration } from '../format.ts';
import { now } from '../live/clock.ts';

/** A node's state in little, never by colour alone. */

/** Power: a full disc is on, a ring is off, a dashed one is not known. */
export function Power({ power, changing }: { readonly power: PowerState; readonly changing: boolean }) {
  return (
    <span class={`power power-${power}${changing ? ' changing' : ''}`}>
      <svg viewBox="0 0 16 16" aria-hidden="true">
        <circle class="halo" cx="8" cy="8" r="7" />
        <circle class="disc" cx="8" cy="8" r="4.6" />
      </svg>
      {power}
    </span>
  );
}

const steps: readonly BootStage[] = ['firmware', 'dhcp', 'loader', 'kernel', 'agent', 'os'];

const stageNames: Readonly<Record<BootStage, string>> = {
  off: '–',
  on: 'powered',
  firmware: 'firmware',
  dhcp: 'DHCP',
  loader: 'boot loader',
  kernel: 'kernel',
  agent: 'agent',
  os: 'OS up',
  panicked: 'panicked',
};

/** How far the machine's boot has come: a scale of the stages, and the stage's name. */
export function Stage({ stage }: { readonly stage: BootStage }) {
  const reached = steps.indexOf(stage);
  return (
    <span class={`stage stage-${stage}`}>
      {stage !== 'off' && (
        <svg viewBox="0 0 58 8" aria-hidden="true">
          {steps.map((step, index) => (
            <rect
              key={step}
              class={index <= reached ? 'done' : ''}
              x={index * 10}
              y="1"
              width="8"
              height="6"
              rx="1.5"
            />
          ))}
        </svg>
      )}
      {stageNames[stage]}
    </span>
  );
}

/** What is being done with the node, and for how long. */
export function OperationAge({ operation }: Pick<NodeSummary, 'operation'>) {
  if (!operation) return null;
  return (
    <span class="operation">
      {operation.action} <span class="age">{duration(now.value - operation.startedAt)}</span>{' '}
      <span class="quiet">{operation.phase}</span>
    </span>
  );
}

/** What is wrong with a node. */
export function Trouble({ node }: { readonly node: NodeSummary }) {
  const problem = node.failure ?? node.bmc.problem;
  return (
    <>
      {node.faults.map(fault => (
        <span key={fault} class="tag fault">
          {fault}
        </span>
      ))}
      {problem !== undefined && <span class="failure">{problem}</span>}
    </>
  );
}
