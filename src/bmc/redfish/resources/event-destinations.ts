import { z } from 'zod';
import { eventTypes, originTypes, severities } from '../events/event-record.ts';
import { type PostSubscription, type Subscription, subscriptionPath } from '../events/subscriptions.ts';
import type { JsonObject } from '../json.ts';
import { message } from '../messages/message.ts';
import { RedfishProblem } from '../messages/problem.ts';
import { registryNames } from '../messages/registries.ts';
import { action, collectionBody, done, link, type ServiceAt, serviceResource, writing } from '../resource.ts';

const path = '/redfish/v1/EventService/Subscriptions';

const retryPolicies = [
  'TerminateAfterRetries',
  'SuspendRetries',
  'RetryForever',
  'RetryForeverWithBackoff',
] as const;

/** Headers that are the connection's own business. */
const notForClients =
  /^(connection|content-length|content-type|expect|host|te|trailer|transfer-encoding|upgrade)$/i;

/** Days, hours, minutes and seconds, as the schemas have durations: `P1DT2H3M4.5S`. */
const duration = /^P(?:(\d+)D)?(?:T(?:(\d+)H)?(?:(\d+)M)?(?:(\d+(?:\.\d+)?)S)?)?$/;

const context = z.string().max(2048).nullable();
const messageIds = z.array(z.string().regex(/^\w+\.[\w.]+$/)).max(256);
const httpHeaders = z
  .array(
    z.record(
      z
        .string()
        .max(128)
        .regex(/^[\w!#$%&'*+.^`|~-]+$/)
        .refine(name => !notForClients.test(name)),
      z
        .string()
        .max(8192)
        .regex(/^[\t\x20-\x7e\x80-\xff]*$/),
    ),
  )
  .max(32);

const changeable = {
  Context: context.optional(),
  DeliveryRetryPolicy: z.enum(retryPolicies).optional(),
  HttpHeaders: httpHeaders.nullable().optional(),
  VerifyCertificate: z.boolean().optional(),
};

const newSubscription = z.strictObject({
  ...changeable,
  Destination: z.string().max(2048),
  Protocol: z.enum(['Redfish']),
  SubscriptionType: z.enum(['RedfishEvent']).optional(),
  EventFormatType: z.enum(['Event']).optional(),
  EventTypes: z.array(z.enum(eventTypes)).optional(),
  RegistryPrefixes: z.array(z.enum(registryNames)).optional(),
  ExcludeRegistryPrefixes: z.array(z.enum(registryNames)).optional(),
  MessageIds: messageIds.optional(),
  ExcludeMessageIds: messageIds.optional(),
  ResourceTypes: z.array(z.enum(originTypes)).optional(),
  Severities: z.array(z.enum(severities)).optional(),
  OriginResources: z
    .array(z.strictObject({ '@odata.id': z.string().max(1024) }))
    .max(1024)
    .optional(),
  SubordinateResources: z.boolean().optional(),
});

/** @see schema EventDestinationCollection */
export const eventDestinations = serviceResource({
  path,
  schema: 'EventDestinationCollection',
  volatile: true,
  read: ({ service }) =>
    collectionBody(
      'Event Subscriptions',
      service.events.subscriptions.all.map(({ id }) => subscriptionPath(id)),
    ),
  create: writing(newSubscription, async ({ service, user }: ServiceAt, wanted) => {
    const { id } = await service.events.subscriptions.create({
      destination: wanted.Destination,
      context: wanted.Context ?? null,
      filter: {
        registryPrefixes: wanted.RegistryPrefixes ?? [],
        excludeRegistryPrefixes: wanted.ExcludeRegistryPrefixes ?? [],
        messageIds: wanted.MessageIds ?? [],
        excludeMessageIds: wanted.ExcludeMessageIds ?? [],
        resourceTypes: wanted.ResourceTypes ?? [],
        severities: wanted.Severities ?? [],
        originResources: wanted.OriginResources?.map(origin => origin['@odata.id']) ?? [],
        subordinateResources: wanted.SubordinateResources ?? false,
        eventTypes: wanted.EventTypes ?? [],
      },
      headers: headersOf(wanted.HttpHeaders),
      retryPolicy: wanted.DeliveryRetryPolicy ?? 'TerminateAfterRetries',
      verifyCertificate: wanted.VerifyCertificate ?? false,
      account: user.account?.id,
      userName: user.account?.name,
    });
    return { kind: 'created', path: subscriptionPath(id) };
  }),
});

/** @see schema EventDestination */
export const eventDestination = serviceResource({
  path: `${path}/{subscription}`,
  schema: 'EventDestination',
  volatile: true,
  read: at => {
    const found = subscriptionAt(at);
    if (!found) return undefined;
    return found.kind === 'post' ? postBody(found) : streamBody(found);
  },
  owner,
  patch: writing(z.strictObject(changeable), async (at: ServiceAt, change) => {
    const { id, context, headers, retryPolicy, verifyCertificate } = postAt(at);
    await at.service.events.subscriptions.change(id, {
      context: change.Context === undefined ? context : change.Context,
      headers: change.HttpHeaders === undefined ? headers : headersOf(change.HttpHeaders),
      retryPolicy: change.DeliveryRetryPolicy ?? retryPolicy,
      verifyCertificate: change.VerifyCertificate ?? verifyCertificate,
    });
    return done;
  }),
  remove: async ({ service, params }) => {
    await service.events.subscriptions.remove(params.subscription ?? '');
    return done;
  },
  actions: {
    'EventDestination.SuspendSubscription': action(
      z.strictObject({}),
      async (at: ServiceAt) => {
        await at.service.events.subscriptions.change(postAt(at).id, { suspended: true });
        return done;
      },
      { available: isPost },
    ),
    'EventDestination.ResumeSubscription': action(
      z.strictObject({ DeliverBufferedEventDuration: z.string().regex(duration).optional() }),
      async (at: ServiceAt, { DeliverBufferedEventDuration: within }) => {
        const maxAge = within === undefined ? undefined : millisecondsOf(within);
        await at.service.events.subscriptions.resume(postAt(at).id, maxAge);
        return done;
      },
      { available: isPost },
    ),
  },
});

function postBody(subscription: PostSubscription): JsonObject {
  const { id, filter } = subscription;
  return {
    Id: id,
    Name: `Event Subscription ${id}`,
    Destination: subscription.destination,
    Context: subscription.context,
    Protocol: 'Redfish',
    SubscriptionType: 'RedfishEvent',
    EventFormatType: 'Event',
    // What the schema names for clients that have not asked for types.
    EventTypes: filter.eventTypes.length > 0 ? filter.eventTypes : ['Other'],
    RegistryPrefixes: filter.registryPrefixes,
    ExcludeRegistryPrefixes: filter.excludeRegistryPrefixes,
    MessageIds: filter.messageIds,
    ExcludeMessageIds: filter.excludeMessageIds,
    ResourceTypes: filter.resourceTypes,
    Severities: filter.severities,
    OriginResources: filter.originResources.map(link),
    SubordinateResources: filter.subordinateResources,
    IncludeOriginOfCondition: false,
    HttpHeaders: [],
    DeliveryRetryPolicy: subscription.retryPolicy,
    VerifyCertificate: subscription.verifyCertificate,
    Status: subscription.suspended ? { State: 'Disabled' } : { State: 'Enabled', Health: 'OK' },
  };
}

function streamBody({ id, destination }: Subscription): JsonObject {
  return {
    Id: id,
    Name: `Event Stream ${id}`,
    Destination: destination,
    Context: '',
    Protocol: 'Redfish',
    SubscriptionType: 'SSE',
    EventFormatType: 'Event',
    Status: { State: 'Enabled', Health: 'OK' },
  };
}

function subscriptionAt({ service, params }: ServiceAt): Subscription | undefined {
  return service.events.subscriptions.get(params.subscription ?? '');
}

/** The account whose it is, while that is still the same user's. */
function owner(at: ServiceAt): number | undefined {
  const { account, userName } = subscriptionAt(at) ?? {};
  if (account === undefined) return undefined;
  return at.service.accounts.get(account)?.name === userName ? account : undefined;
}

function isPost(at: ServiceAt): boolean {
  return subscriptionAt(at)?.kind === 'post';
}

/** Of a stream nothing can be changed: it is the client's connection. */
function postAt(at: ServiceAt): PostSubscription {
  const found = subscriptionAt(at);
  if (found?.kind === 'post') return found;
  throw new RedfishProblem(405, message('Base.OperationNotAllowed'), { Allow: 'GET, HEAD, DELETE' });
}

function headersOf(
  headers: readonly Readonly<Record<string, string>>[] | null | undefined,
): Readonly<Record<string, string>> {
  return Object.assign({}, ...(headers ?? []));
}

/** @param text - {@link duration} */
function millisecondsOf(text: string): number {
  const [, days = 0, hours = 0, minutes = 0, seconds = 0] = duration.exec(text) ?? [];
  return (((Number(days) * 24 + Number(hours)) * 60 + Number(minutes)) * 60 + Number(seconds)) * 1000;
}
