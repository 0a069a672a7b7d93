import { type RegistryName, registry, registryFile, registryNames } from '../messages/registries.ts';
import { jsonAnswer } from '../protocol/answers.ts';
import { collectionBody, serviceEndpoint, serviceResource } from '../resource.ts';
import { biosRegistryPath } from './bios-registry.ts';

/** The registries that the service's messages and settings are explained in. @see schema MessageRegistryFile */

const path = '/redfish/v1/Registries';

export const registryCollection = serviceResource({
  path,
  schema: 'MessageRegistryFileCollection',
  read: () =>
    collectionBody('Registry File Collection', [
      ...registryNames.map(name => `${path}/${registry(name).Id}`),
      biosRegistryPath,
    ]),
});

export const messageRegistryFile = serviceResource({
  path: `${path}/{registry}`,
  schema: 'MessageRegistryFile',
  read: ({ params }) => {
    const name = named(params.registry);
    if (!name) return undefined;
    const { Id, RegistryPrefix, RegistryVersion, Language } = registry(name);
    const file = registryFile(name).name;
    return {
      Id,
      Name: `${RegistryPrefix} Message Registry File`,
      Registry: `${RegistryPrefix}.${RegistryVersion.split('.').slice(0, 2).join('.')}`,
      Languages: [Language],
      'Languages@odata.count': 1,
      Location: [
        {
          Language,
          Uri: `${path}/${Id}/${file}`,
          PublicationUri: `https://redfish.dmtf.org/registries/${file}`,
        },
      ],
      'Location@odata.count': 1,
    };
  },
});

export const messageRegistry = serviceEndpoint({
  path: `${path}/{registry}/{file}`,
  schema: 'MessageRegistry',
  get: async ({ params }) => {
    const name = named(params.registry);
    const file = name && registryFile(name);
    return file && file.name === params.file ? jsonAnswer(200, await file.read()) : undefined;
  },
});

function named(id: string | undefined): RegistryName | undefined {
  return registryNames.find(name => registry(name).Id === id);
}
