import type { EventEntry, EventKind } from '../../../node/event-log.ts';
import { sensors } from '../../../node/sensors.ts';
import { type Message, message } from '../messages/message.ts';
import type { MessageKey } from '../messages/registries.ts';

/**
 * What the registries have that says what an entry of a node's event log says: for its log entry and for subscribers. It
 * has the entry's own severity and words.
 * @param node - the node's name
 * @returns `undefined` for a record that a client added
 */
export function logMessage(node: string, entry: EventEntry): Message | undefined {
  if (entry.kind === 'record-added') return undefined;
  const [key, ...args] = entry.kind === 'sensor-crossed' ? crossing(entry) : registryMessages[entry.kind];
  const told = message(
    key,
    args.map(arg => (arg === theNode ? node : arg)),
  );
  return { ...told, Message: entry.message, MessageSeverity: severities[entry.severity] };
}

/** Severities as Redfish has them. */
export const severities = { ok: 'OK', warning: 'Warning', critical: 'Critical' } as const;

const theNode = '{node}';

function crossing({ sensor }: EventEntry): readonly [MessageKey, ...string[]] {
  const { limit = 'upperCritical', beyond = true, name = '' } = sensor ?? {};
  const value = sensors.find(one => one.name === name)?.thresholds[limit];
  const level = limit.endsWith('NonCritical') ? 'Warning' : 'Error';
  const change = beyond ? 'Exceeded' : 'Cleared';
  return [`ResourceEvent.Resource${level}Threshold${change}`, name, String(value)];
}

const registryMessages: Readonly<
  Record<Exclude<EventKind, 'record-added' | 'sensor-crossed'>, readonly [MessageKey, ...string[]]>
> = {
  'power-on': ['ResourceEvent.ResourcePoweredOn', theNode],
  'power-off': ['ResourceEvent.ResourcePoweredOff', theNode],
  'power-failed': ['ResourceEvent.ResourceErrorsDetected', 'PowerState', 'power control'],
  booted: ['ResourceEvent.ResourceStateChanged', theNode, 'Starting'],
  reset: ['ResourceEvent.ResourceStateChanged', theNode, 'Starting'],
  netboot: ['ResourceEvent.ResourceStateChanged', theNode, 'Starting'],
  nmi: ['ResourceEvent.ResourceChanged'],
  panicked: ['ResourceEvent.ResourceStatusChangedCritical', theNode, 'Critical'],
  'boot-override-set': ['ResourceEvent.ResourceChanged'],
  'boot-override-used': ['ResourceEvent.ResourceChanged'],
  'boot-override-expired': ['ResourceEvent.ResourceChanged'],
  'firmware-set': ['ResourceEvent.ResourceChanged'],
  'firmware-taken-up': ['ResourceEvent.ResourceChanged'],
  'media-inserted': ['ResourceEvent.ResourceChanged'],
  'media-ejected': ['ResourceEvent.ResourceChanged'],
  'media-failed': ['ResourceEvent.ResourceErrorsDetected', 'Image', 'virtual media'],
  'watchdog-expired': ['ResourceEvent.ResourceErrorsDetected', 'HostWatchdogTimer', 'watchdog'],
  'log-cleared': ['ResourceEvent.ResourceChanged'],
};
