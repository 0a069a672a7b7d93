import type { FirmwareSettings } from '../../../node/firmware-settings.ts';
import type { JsonObject } from '../json.ts';
import { typeOf } from '../messages/schemas.ts';
import type { RedfishService } from '../model.ts';
import { serviceEndpoint, serviceResource } from '../resource.ts';
import { type BiosAttribute, biosAttributes } from './bios-attributes.ts';

/** What BIOS attributes there are. One registry serves all nodes of a service. @see schema AttributeRegistry */

const name = 'BiosAttributeRegistry';
const version = '1.0.0';

export const biosRegistryId = `${name}.${version}`;
export const biosRegistryPath = `/redfish/v1/Registries/${biosRegistryId}`;
const filePath = `${biosRegistryPath}/${biosRegistryId}.json`;

export const biosRegistryFile = serviceResource({
  path: biosRegistryPath,
  schema: 'MessageRegistryFile',
  read: () => ({
    Id: biosRegistryId,
    Name: 'BIOS Attribute Registry File',
    Registry: `${name}.${version.split('.').slice(0, 2).join('.')}`,
    Languages: ['en'],
    'Languages@odata.count': 1,
    Location: [{ Language: 'en', Uri: filePath }],
    'Location@odata.count': 1,
  }),
});

export const biosRegistry = serviceEndpoint({
  path: filePath,
  schema: 'MessageRegistryFile',
  get: async ({ service }) => ({
    status: 200,
    headers: { 'Content-Type': 'application/json' },
    body: Buffer.from(JSON.stringify(registryBody(service))),
  }),
});

function registryBody(service: RedfishService): JsonObject {
  const nodes = [...service.bmcs.values()].map(({ node }) => node);
  const settable = new Set(nodes.flatMap(({ capabilities }) => capabilities.firmwareSettings));
  return {
    '@odata.type': typeOf('AttributeRegistry'),
    Id: biosRegistryId,
    Name: 'BIOS Attribute Registry',
    Language: 'en',
    OwningEntity: 'QuintupleO',
    RegistryVersion: version,
    RegistryEntries: {
      Attributes: biosAttributes.map((attribute, index) => entry(attribute, index + 1, settable)),
    },
  };
}

function entry(
  { name, setting, display, help, type }: BiosAttribute,
  order: number,
  settable: ReadonlySet<keyof FirmwareSettings>,
): JsonObject {
  const bounds =
    type.kind === 'Enumeration'
      ? { Value: type.values.map(value => ({ ValueName: value, ValueDisplayName: value })) }
      : { LowerBound: type.least, UpperBound: type.most, ScalarIncrement: 1 };
  return {
    AttributeName: name,
    Type: type.kind,
    DisplayName: display,
    DisplayOrder: order,
    HelpText: help,
    MenuPath: './',
    ReadOnly: !settable.has(setting),
    ResetRequired: true,
    Immutable: false,
    IsSystemUniqueProperty: false,
    ...bounds,
  };
}
