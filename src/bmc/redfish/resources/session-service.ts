import { z } from 'zod';
import { roleOf } from '../access/privileges.ts';
import { message } from '../messages/message.ts';
import { collectionBody, done, link, serviceResource, writing } from '../resource.ts';

/** Logging in and out. @see DSP0266 §13.3.4; schemas SessionService, Session */

const path = '/redfish/v1/SessionService';

export const sessionService = serviceResource({
  path,
  schema: 'SessionService',
  read: ({ service }) => ({
    Id: 'SessionService',
    Name: 'Session Service',
    Status: { State: 'Enabled', Health: 'OK' },
    ServiceEnabled: true,
    SessionTimeout: service.settings.value.sessionTimeout,
    Sessions: link(`${path}/Sessions`),
  }),
  patch: writing(
    z.strictObject({ SessionTimeout: z.int().min(30).max(86_400).optional() }),
    async ({ service }, { SessionTimeout }) => {
      if (SessionTimeout !== undefined) await service.settings.change({ sessionTimeout: SessionTimeout });
      return done;
    },
  ),
});

export const sessionCollection = serviceResource({
  path: `${path}/Sessions`,
  schema: 'SessionCollection',
  // Sessions end by time alone.
  volatile: true,
  read: ({ service }) =>
    collectionBody(
      'Session Collection',
      service.sessions.all.map(({ id }) => `${path}/Sessions/${id}`),
    ),
  create: {
    ...writing(
      z.strictObject({ UserName: z.string(), Password: z.string() }),
      async ({ service, user }, { UserName, Password }) => {
        const { session, token } = service.sessions.open(UserName, Password, user.remote);
        return {
          kind: 'created',
          path: `${path}/Sessions/${session.id}`,
          headers: { 'X-Auth-Token': token },
        };
      },
    ),
    open: true,
  },
});

export const session = serviceResource({
  path: `${path}/Sessions/{session}`,
  schema: 'Session',
  volatile: true,
  owner: ({ service, params }) => service.sessions.get(params.session ?? '')?.account,
  read: ({ service, params }) => {
    const session = service.sessions.get(params.session ?? '');
    if (!session) return undefined;
    const role = roleOf(service.accounts.get(session.account)?.privilege ?? 'none');
    return {
      Id: session.id,
      Name: `Session of ${session.userName}`,
      UserName: session.userName,
      Password: null,
      SessionType: 'Redfish',
      CreatedTime: new Date(session.createdAt).toISOString(),
      ClientOriginIPAddress: session.remote,
      Roles: role ? [role] : [],
    };
  },
  remove: async ({ service, params }) => {
    service.sessions.close(params.session ?? '');
    return { kind: 'done', messages: [message('Base.SessionTerminated')] };
  },
});
