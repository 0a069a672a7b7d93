import { jsonAnswer } from '../protocol/answers.ts';
import { link, serviceEndpoint, serviceResource } from '../resource.ts';

/** Where all begins. @see DSP0266 §6.3, §8.4; schema ServiceRoot */

const root = '/redfish/v1/';

/** What the root leads to, by the property that does. */
const services = {
  Systems: `${root}Systems`,
  Chassis: `${root}Chassis`,
  Managers: `${root}Managers`,
  Tasks: `${root}TaskService`,
  SessionService: `${root}SessionService`,
  AccountService: `${root}AccountService`,
  EventService: `${root}EventService`,
  UpdateService: `${root}UpdateService`,
  TelemetryService: `${root}TelemetryService`,
  CertificateService: `${root}CertificateService`,
  Registries: `${root}Registries`,
  JsonSchemas: `${root}JsonSchemas`,
} as const;

const sessions = `${root}SessionService/Sessions`;

/** `/redfish`: the versions of the protocol that are there. */
export const versions = serviceEndpoint({
  path: '/redfish',
  schema: 'ServiceRoot',
  open: true,
  get: async () => jsonAnswer(200, { v1: root }),
});

export const serviceRoot = serviceResource({
  path: '/redfish/v1',
  schema: 'ServiceRoot',
  open: true,
  read: ({ service }) => ({
    '@odata.id': root,
    Id: 'RootService',
    Name: 'Root Service',
    RedfishVersion: '1.22.0',
    UUID: service.uuid,
    Product: 'QuintupleO',
    ProtocolFeaturesSupported: {
      ExpandQuery: { Links: true, NoLinks: true, ExpandAll: true, Levels: true, MaxLevels: 4 },
      FilterQuery: true,
      FilterQueryComparisonOperations: true,
      FilterQueryCompoundOperations: true,
      SelectQuery: true,
      TopSkipQuery: true,
      OnlyMemberQuery: true,
      ExcerptQuery: true,
      IncludeOriginOfConditionQuery: false,
      MultipleHTTPRequests: true,
      DeepOperations: { DeepPATCH: false, DeepPOST: false },
    },
    ...Object.fromEntries(Object.entries(services).map(([name, path]) => [name, link(path)])),
    Links: { Sessions: link(sessions) },
  }),
});

/** The OData service document. */
export const odata = serviceEndpoint({
  path: '/redfish/v1/odata',
  schema: 'ServiceRoot',
  open: true,
  get: async () =>
    jsonAnswer(200, {
      '@odata.context': `${root}$metadata`,
      value: [
        { name: 'Service', kind: 'Singleton', url: root },
        ...Object.entries({ ...services, Sessions: sessions }).map(([name, url]) => ({
          name,
          kind: 'Singleton',
          url,
        })),
      ],
    }),
});
