import { readFileSync } from 'node:fs';
import { readFile } from 'node:fs/promises';

/** Message registries of DMTF that this service's messages come from. They are data, kept as DMTF publishes them. */
const files = {
  Base: 'Base.1.22.1.json',
  TaskEvent: 'TaskEvent.1.0.5.json',
  ResourceEvent: 'ResourceEvent.1.4.3.json',
  Update: 'Update.1.3.0.json',
} as const;

/** A registry that this service has. */
export type RegistryName = keyof typeof files;

/** A message of a registry: `Base.Success`. */
export type MessageKey = `${RegistryName}.${string}`;

/** One message as a registry defines it. @see schema MessageRegistry */
export interface RegistryEntry {
  readonly Description: string;
  readonly Message: string;
  readonly MessageSeverity: 'OK' | 'Warning' | 'Critical';
  readonly NumberOfArgs: number;
  readonly Resolution: string;
}

/** A registry's file. */
export interface MessageRegistry {
  readonly Id: string;
  readonly RegistryPrefix: string;
  readonly RegistryVersion: string;
  readonly Language: string;
  readonly Messages: Readonly<Record<string, RegistryEntry>>;
}

export const registryNames = Object.keys(files) as readonly RegistryName[];

const folder = new URL('../../../../dmtf/registries/', import.meta.url);
const read = new Map<RegistryName, MessageRegistry>();

/** The name of a registry's file, and its content as DMTF publishes it. */
export function registryFile(name: RegistryName): { readonly name: string; read(): Promise<Buffer> } {
  const file = files[name];
  return { name: file, read: () => readFile(new URL(file, folder)) };
}

/** A registry, read when it is first needed. */
export function registry(name: RegistryName): MessageRegistry {
  let found = read.get(name);
  if (!found) {
    found = JSON.parse(readFileSync(new URL(files[name], folder), 'utf8')) as MessageRegistry;
    read.set(name, found);
  }
  return found;
}

/** A message's definition and its ID, such as `Base.1.22.Success`. */
export function registryMessage(key: MessageKey): { id: string; entry: RegistryEntry } {
  const [name = '', message = ''] = key.split('.');
  const { RegistryPrefix, RegistryVersion, Messages } = registry(name as RegistryName);
  const entry = Messages[message];
  if (!entry) throw new RangeError(`registry ${name} has no message ${message}`);
  const version = RegistryVersion.split('.').slice(0, 2).join('.');
  return { id: `${RegistryPrefix}.${version}.${message}`, entry };
}
