import { z } from 'zod';
import { eventTypes, originTypes, severities, testEvent } from '../events/event-record.ts';
import { message } from '../messages/message.ts';
import { registryNames } from '../messages/registries.ts';
import { action, done, link, type ServiceAt, serviceResource, writing } from '../resource.ts';

const path = '/redfish/v1/EventService';

/** @see schema EventService */
export const eventService = serviceResource({
  path,
  schema: 'EventService',
  read: ({ service }) => ({
    Id: 'EventService',
    Name: 'Event Service',
    ServiceEnabled: true,
    Status: { State: 'Enabled', Health: 'OK' },
    DeliveryRetryAttempts: service.settings.value.eventRetryAttempts,
    DeliveryRetryIntervalSeconds: service.settings.value.eventRetryInterval,
    EventFormatTypes: ['Event'],
    EventTypesForSubscription: eventTypes,
    RegistryPrefixes: registryNames,
    ExcludeRegistryPrefix: true,
    ExcludeMessageId: true,
    ResourceTypes: originTypes,
    Severities: severities,
    OriginResourcesSupported: true,
    SubordinateResourcesSupported: true,
    IncludeOriginOfConditionSupported: false,
    ServerSentEventUri: `${path}/SSE`,
    SSEFilterPropertiesSupported: {
      EventFormatType: true,
      EventType: true,
      MessageId: true,
      MetricReportDefinition: false,
      OriginResource: true,
      RegistryPrefix: true,
      ResourceType: true,
      SubordinateResources: true,
    },
    SSEIncludeOriginOfConditionSupported: false,
    Subscriptions: link(`${path}/Subscriptions`),
  }),
  patch: writing(
    z.strictObject({
      DeliveryRetryAttempts: z.int().min(0).max(100).optional(),
      DeliveryRetryIntervalSeconds: z.int().min(1).max(86_400).optional(),
    }),
    async ({ service }: ServiceAt, { DeliveryRetryAttempts, DeliveryRetryIntervalSeconds }) => {
      const { eventRetryAttempts, eventRetryInterval } = service.settings.value;
      await service.settings.change({
        eventRetryAttempts: DeliveryRetryAttempts ?? eventRetryAttempts,
        eventRetryInterval: DeliveryRetryIntervalSeconds ?? eventRetryInterval,
      });
      return done;
    },
  ),
  actions: {
    'EventService.SubmitTestEvent': action(
      testEvent,
      async ({ service }: ServiceAt, event) => {
        service.events.test(event);
        return done;
      },
      {
        allowable: () => ({
          'EventType@Redfish.AllowableValues': eventTypes,
          'MessageSeverity@Redfish.AllowableValues': severities,
        }),
      },
    ),
    'EventService.TestEventSubscription': action(z.strictObject({}), async ({ service }: ServiceAt) => {
      service.events.publish({
        message: message('ResourceEvent.TestMessage'),
        origin: path,
        at: service.clock.now(),
      });
      return done;
    }),
  },
});
