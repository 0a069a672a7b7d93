import { collectionSchemas, schemaVersions, typeVersions } from '../messages/schemas.ts';
import { serviceEndpoint } from '../resource.ts';

/** `$metadata`: which of DMTF's schemas the service follows. @see DSP0266 §8.5, OData CSDL XML 4.0 */

const published = 'http://redfish.dmtf.org/schemas/v1';

function document(): string {
  const versioned = Object.entries({ ...schemaVersions, ...typeVersions });
  const references = [
    ...versioned.map(([name, version]) => reference(name, [name, `${name}.${version}`])),
    ...collectionSchemas.map(name => reference(name, [name])),
    `  <edmx:Reference Uri="${published}/RedfishExtensions_v1.xml">`,
    '    <edmx:Include Namespace="RedfishExtensions.v1_0_0" Alias="Redfish"/>',
    '  </edmx:Reference>',
  ];
  return [
    '<?xml version="1.0" encoding="UTF-8"?>',
    '<edmx:Edmx xmlns:edmx="http://docs.oasis-open.org/odata/ns/edmx" Version="4.0">',
    ...references,
    '  <edmx:DataServices>',
    '    <Schema xmlns="http://docs.oasis-open.org/odata/ns/edm" Namespace="Service">',
    `      <EntityContainer Name="Service" Extends="ServiceRoot.${schemaVersions.ServiceRoot}.ServiceContainer"/>`,
    '    </Schema>',
    '  </edmx:DataServices>',
    '</edmx:Edmx>',
    '',
  ].join('\n');
}

function reference(name: string, namespaces: readonly string[]): string {
  return [
    `  <edmx:Reference Uri="${published}/${name}_v1.xml">`,
    ...namespaces.map(namespace => `    <edmx:Include Namespace="${namespace}"/>`),
    '  </edmx:Reference>',
  ].join('\n');
}

let made: Buffer | undefined;

export const metadata = serviceEndpoint({
  path: '/redfish/v1/$metadata',
  schema: 'ServiceRoot',
  open: true,
  get: async () => {
    made ??= Buffer.from(document());
    return {
      status: 200,
      headers: {
        'Content-Type': 'application/xml;charset=utf-8',
        'Content-Length': String(made.length),
      },
      body: made,
    };
  },
});
