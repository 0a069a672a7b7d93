import { z } from 'zod';
import type { Command } from '../../../node/command.ts';
import type { RestorePolicy } from '../../../node/power.ts';
import { productOf } from '../../../node/sensors.ts';
import type { NodeState, RestartCause } from '../../../node/state.ts';
import type { WatchdogAction } from '../../../node/watchdog.ts';
import type { JsonObject } from '../json.ts';
import type { RedfishBmc } from '../model.ts';
import { obey } from '../nodes/obey.ts';
import { chassisPath, managerPath, systemPath, systems } from '../nodes/paths.ts';
import { action, collectionBody, done, link, nodeResource, serviceResource, writing } from '../resource.ts';
import { firmwareVersion } from '../update/update-inventory.ts';
import { indicatorBody, indicatorCommands, indicatorContent } from './indicator.ts';
import { bmcTime } from './managers.ts';
import { processorSummary } from './processors.ts';
import { hasSecureBoot } from './secure-boot.ts';
import { powerStateOf, runningStatus } from './status.ts';
import { bootBody, bootCommands, bootContent, defaultBootOrder } from './system-boot.ts';
import { reset } from './system-reset.ts';

/** Systems: what a node is to those who run something on it. @see schema ComputerSystem */

const restorePolicies = ['AlwaysOn', 'AlwaysOff', 'LastState'] as const;
type RestorePolicyName = (typeof restorePolicies)[number];

const restorePolicyOf: Readonly<Record<RestorePolicyName, RestorePolicy>> = {
  AlwaysOn: 'always-on',
  AlwaysOff: 'always-off',
  LastState: 'previous',
};

const nameOfRestorePolicy: Readonly<Record<RestorePolicy, RestorePolicyName>> = {
  'always-on': 'AlwaysOn',
  'always-off': 'AlwaysOff',
  previous: 'LastState',
};

/** What IPMI's asset tag can hold too. */
const assetTag = z
  .string()
  .max(63)
  .regex(/^[\x20-\x7e\xa0-\xff]*$/);

const content = z.strictObject({
  AssetTag: assetTag.nullable().optional(),
  HostName: z.string().max(255).nullable().optional(),
  ...indicatorContent,
  PowerRestorePolicy: z.enum(restorePolicies).optional(),
  Boot: bootContent.optional(),
});

export const computerSystemCollection = serviceResource({
  path: systems,
  schema: 'ComputerSystemCollection',
  read: ({ service }) => collectionBody('Systems', [...service.bmcs.values()].map(systemPath)),
});

export const computerSystem = nodeResource({
  path: '/redfish/v1/Systems/{system}',
  schema: 'ComputerSystem',
  read: ({ bmc, service }) => systemBody(bmc, service.version),
  patch: writing(content, async ({ bmc, user }, wanted) => {
    const commands = commandsFor(bmc, wanted, user.name);
    for (const command of commands) await obey(bmc.node, command);
    if (wanted.HostName !== undefined) await bmc.settings.change({ hostName: wanted.HostName ?? '' });
    return done;
  }),
  actions: {
    'ComputerSystem.Reset': reset,
    'ComputerSystem.SetDefaultBootOrder': action(
      z.strictObject({}),
      async ({ bmc: { node }, user }) => {
        const command = defaultBootOrder(node, user.name);
        if (command) await obey(node, command);
        return done;
      },
      { available: ({ bmc }) => bmc.node.capabilities.firmwareSettings.includes('bootOrder') },
    ),
  },
});

/** All of what a client wrote as commands; throws before the first one is given. */
function commandsFor(bmc: RedfishBmc, wanted: z.infer<typeof content>, by: string): readonly Command[] {
  const { AssetTag: tag, PowerRestorePolicy: policy } = wanted;
  return [
    ...(wanted.Boot ? bootCommands(bmc.node, wanted.Boot, by) : []),
    ...(tag === undefined ? [] : [{ type: 'set-asset-tag', tag: tag ?? '' } as const]),
    ...(policy ? [{ type: 'set-restore-policy', policy: restorePolicyOf[policy] } as const] : []),
    ...indicatorCommands(wanted),
  ];
}

function systemBody(bmc: RedfishBmc, version: string): JsonObject {
  const { node } = bmc;
  const { spec, state } = node;
  const { durable } = state;
  const path = systemPath(bmc);
  const { manufacturer, model, serial } = productOf(spec);
  return {
    Id: bmc.id,
    Name: spec.name,
    Description: `${model} of lab ${bmc.lab}`,
    SystemType: 'Virtual',
    Manufacturer: manufacturer,
    Model: model,
    SerialNumber: serial,
    UUID: spec.uuid,
    AssetTag: durable.assetTag,
    HostName: bmc.settings.value.hostName || null,
    BiosVersion: firmwareVersion({ kind: 'BIOS', bmc }, version) ?? null,
    PowerState: powerStateOf(state),
    Status: runningStatus(state),
    ...indicatorBody(state),
    PowerRestorePolicy: nameOfRestorePolicy[durable.restorePolicy],
    ...lastReset(bmc),
    Boot: bootBody(bmc),
    BootProgress: bootProgress(bmc),
    ProcessorSummary: processorSummary(bmc),
    MemorySummary: {
      TotalSystemMemoryGiB: node.hardware.memory / 2 ** 30,
    },
    HostWatchdogTimer: watchdog(state),
    SerialConsole: {
      IPMI: { ServiceEnabled: true, Port: bmc.ipmi.port },
      MaxConcurrentSessions: 1,
    },
    GraphicalConsole: { ServiceEnabled: false },
    Bios: link(`${path}/Bios`),
    ...(hasSecureBoot(node) && { SecureBoot: link(`${path}/SecureBoot`) }),
    Processors: link(`${path}/Processors`),
    Memory: link(`${path}/Memory`),
    EthernetInterfaces: link(`${path}/EthernetInterfaces`),
    NetworkInterfaces: link(`${path}/NetworkInterfaces`),
    Storage: link(`${path}/Storage`),
    SimpleStorage: link(`${path}/SimpleStorage`),
    VirtualMedia: link(`${path}/VirtualMedia`),
    LogServices: link(`${path}/LogServices`),
    Links: {
      Chassis: [link(chassisPath(bmc))],
      'Chassis@odata.count': 1,
      ManagedBy: [link(managerPath(bmc))],
      'ManagedBy@odata.count': 1,
    },
  };
}

function lastReset(bmc: RedfishBmc): JsonObject {
  const { bootedAt, restartCause } = bmc.node.state.durable;
  if (bootedAt === undefined) return {};
  return { LastResetTime: bmcTime(bmc, bootedAt), LastResetCause: resetCauses[restartCause] };
}

const resetCauses: Readonly<Record<RestartCause, string>> = {
  unknown: 'Unknown',
  command: 'ManagementCommand',
  watchdog: 'WatchdogExpiration',
  'restore-policy': 'PowerRestorePolicy',
  guest: 'OSSoftRestart',
};

/** How far the machine was last seen to come: nobody sees what a system that boots from its disk does. */
function bootProgress(bmc: RedfishBmc): JsonObject {
  const { power, durable, log, fetched } = bmc.node.state;
  if (power !== 'on' || durable.bootedAt === undefined) return { LastState: 'None' };
  const loaded = fetched.length > 0 ? log.entries.findLast(({ kind }) => kind === 'netboot') : undefined;
  return {
    LastState: loaded ? 'OSBootStarted' : 'PrimaryProcessorInitializationStarted',
    LastStateTime: bmcTime(bmc, loaded?.at ?? durable.bootedAt),
  };
}

function watchdog({ watchdog: { settings, expiresAt } }: NodeState): JsonObject {
  const running = expiresAt !== undefined;
  return {
    FunctionEnabled: running,
    TimeoutAction: watchdogActions[settings?.action ?? 'none'],
    WarningAction: 'None',
    Status: { State: running ? 'Enabled' : 'Disabled' },
  };
}

const watchdogActions: Readonly<Record<WatchdogAction, string>> = {
  none: 'None',
  reset: 'ResetSystem',
  off: 'PowerDown',
  cycle: 'PowerCycle',
};
