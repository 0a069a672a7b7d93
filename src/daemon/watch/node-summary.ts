import type { NodeStatus } from '../api.ts';
import type { BootStage, NodeSummary } from '../api-watch.ts';
import type { LabRecord } from '../lab-record.ts';

/** What a table of nodes shows of a node. */
export function summaryOf(
  { lab, name, power, operation, lastResult, bmc }: NodeStatus,
  stage: BootStage,
  faults: readonly string[],
): NodeSummary {
  return {
    lab,
    name,
    power,
    stage: power === 'off' ? 'off' : stage,
    operation: operation && {
      action: operation.action,
      phase: phaseOf(operation.phase),
      startedAt: operation.startedAt,
    },
    failure: lastResult?.outcome === 'failed' ? lastResult.message : undefined,
    bmc: {
      ipmi: endpoint(bmc.address, bmc.port),
      redfish: bmc.redfish?.url,
      problem: bmc.problem ?? bmc.redfish?.problem,
    },
    faults,
  };
}

/** A node that another daemon serves, and of which nothing is known now. */
export function unknownSummary({ definition, ports }: LabRecord, name: string, problem: string): NodeSummary {
  const ipmi = definition.bmcs[name]?.ipmi;
  return {
    lab: definition.spec.name,
    name,
    power: 'unknown',
    stage: 'off',
    bmc: {
      ipmi: ipmi ? endpoint(ipmi.address, ipmi.port ?? ports[name] ?? 0) : '',
      problem,
    },
    faults: [],
  };
}

function phaseOf(phase: NonNullable<NodeStatus['operation']>['phase']): string {
  return phase.name === 'waiting' ? `waiting: ${phase.reason}` : phase.name;
}

function endpoint(address: string, port: number): string {
  return address.includes(':') ? `[${address}]:${port}` : `${address}:${port}`;
}
