import { readFile } from 'node:fs/promises';
import {
  collectionSchemas,
  type SchemaName,
  schemaUri,
  schemaVersions,
  typeOf,
  versionedName,
} from '../messages/schemas.ts';
import { jsonAnswer } from '../protocol/answers.ts';
import { collectionBody, serviceEndpoint, serviceResource } from '../resource.ts';

/** The schemas that the service's resources follow, as DMTF publishes them. @see schema JsonSchemaFile */

const path = '/redfish/v1/JsonSchemas';
const folder = new URL('../../../../dmtf/json-schema/', import.meta.url);

const byName: ReadonlyMap<string, SchemaName> = new Map(
  [...(Object.keys(schemaVersions) as SchemaName[]), ...collectionSchemas].map(schema => [
    versionedName(schema),
    schema,
  ]),
);

export const jsonSchemaCollection = serviceResource({
  path,
  schema: 'JsonSchemaFileCollection',
  read: () =>
    collectionBody(
      'JSON Schema File Collection',
      [...byName.keys()].map(name => `${path}/${name}`),
    ),
});

export const jsonSchemaFile = serviceResource({
  path: `${path}/{schema}`,
  schema: 'JsonSchemaFile',
  read: ({ params }) => {
    const schema = byName.get(params.schema ?? '');
    if (!schema) return undefined;
    const name = versionedName(schema);
    return {
      Id: name,
      Name: `${schema} Schema File`,
      Schema: typeOf(schema),
      Languages: ['en'],
      'Languages@odata.count': 1,
      Location: [
        {
          Language: 'en',
          Uri: schemaUri(schema),
          PublicationUri: `https://redfish.dmtf.org/schemas/v1/${name}.json`,
        },
      ],
      'Location@odata.count': 1,
    };
  },
});

export const jsonSchema = serviceEndpoint({
  path: `${path}/{schema}/{file}`,
  schema: 'JsonSchemaFile',
  get: async ({ params }) => {
    const schema = byName.get(params.schema ?? '');
    const file = schema && `${versionedName(schema)}.json`;
    return file && file === params.file ? jsonAnswer(200, await readFile(new URL(file, folder))) : undefined;
  },
});
