import { type MessageKey, registryMessage } from './registries.ts';

/** A message as bodies show it. @see DSP0266 §8.6, schema Message */
export interface Message {
  readonly '@odata.type': string;
  readonly MessageId: string;
  readonly Message: string;
  readonly MessageArgs: readonly string[];
  readonly MessageSeverity: 'OK' | 'Warning' | 'Critical';
  readonly Resolution: string;
  /** JSON pointers of the properties that it is about. */
  readonly RelatedProperties?: readonly string[];
}

/**
 * A message of a registry, with its arguments filled in.
 * @param key - registry and name: `Base.PropertyUnknown`
 * @param properties - JSON pointers of the properties that it is about: `/Boot/BootSourceOverrideTarget`
 */
export function message(
  key: MessageKey,
  args: readonly (string | number)[] = [],
  properties: readonly string[] = [],
): Message {
  const { id, entry } = registryMessage(key);
  const texts = args.map(String);
  return {
    '@odata.type': '#Message.v1_3_0.Message',
    MessageId: id,
    Message: entry.Message.replace(/%(\d)/g, (_, place: string) => texts[Number(place) - 1] ?? ''),
    MessageArgs: texts,
    MessageSeverity: entry.MessageSeverity,
    Resolution: entry.Resolution,
    ...(properties.length > 0 ? { RelatedProperties: properties } : {}),
  };
}

/** Registries speak in general terms: what happened is said after them. */
export function withReason(told: Message, reason: string): Message {
  return { ...told, Message: `${told.Message} ${reason}` };
}
