import { roleOf } from '../access/privileges.ts';
import { eventTestOf } from '../events/event-query.ts';
import { message } from '../messages/message.ts';
import { RedfishProblem } from '../messages/problem.ts';
import type { RedfishRequest } from '../protocol/request.ts';
import { type ServiceAt, serviceEndpoint } from '../resource.ts';

/** Server-sent events. @see DSP0266 §13.5 */
export const eventStream = serviceEndpoint({
  path: '/redfish/v1/EventService/SSE',
  schema: 'EventDestination',
  get: async (at, request) => {
    const { url, headers, signal, method } = request;
    if (!accepts(headers.accept)) {
      throw new RedfishProblem(406, message('Base.HeaderInvalid', ['Accept']));
    }
    const filter = new URLSearchParams(url.split('?')[1] ?? '').get('$filter');
    const wants = filter === null ? () => true : eventTestOf(filter);
    const answer = {
      status: 200,
      headers: {
        'Content-Type': 'text/event-stream;charset=utf-8',
        'Cache-Control': 'no-cache',
        'OData-Version': '4.0',
        // Proxies shall not wait until they have enough of it.
        'X-Accel-Buffering': 'no',
      },
    };
    if (method === 'HEAD') return { ...answer, body: undefined };
    const stream = at.service.events.listen({
      remote: endOf(request),
      account: at.user.account?.id,
      userName: at.user.account?.name,
      wants,
      after: headers['last-event-id'],
      isAllowed: () => mayListen(at, headers['x-auth-token'] ?? ''),
      signal,
    });
    return { ...answer, body: stream.text() };
  },
});

/** Whether the client still has the account and the session by which it began to listen. Whoever listens is not idle. */
function mayListen({ service, user }: ServiceAt, token: string): boolean {
  const before = user.account;
  const account = before && service.accounts.get(before.id);
  if (!account?.enabled || account.name !== before?.name || !roleOf(account.privilege)) return false;
  if (!account.password.equals(before.password)) return false;
  return user.session === undefined || service.sessions.find(token)?.id === user.session;
}

/** The client's end of the connection. */
function endOf({ remote, remotePort = 0 }: RedfishRequest): string {
  return `${remote.includes(':') ? `[${remote}]` : remote}:${remotePort}`;
}

function accepts(accept: string | undefined): boolean {
  return accept === undefined || /text\/event-stream|text\/\*|\*\/\*/i.test(accept);
}
