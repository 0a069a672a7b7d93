import { RedfishProblem } from '../messages/problem.ts';
import type { RedfishService, Requester } from '../model.ts';
import type { RedfishRequest } from '../protocol/request.ts';
import { loginFailed } from './login-guard.ts';
import { roleOf } from './privileges.ts';

/**
 * Who asks, by the session or the credentials that the request shows.
 * @param open - whether it is for everybody, so that wrong credentials are as good as none
 * @throws {@link RedfishProblem} 401
 * @see DSP0266 §13.3
 */
export function requesterOf(service: RedfishService, request: RedfishRequest, open: boolean): Requester {
  try {
    return bySession(service, request) ?? byPassword(service, request) ?? nobody(request);
  } catch (error) {
    if (open && error instanceof RedfishProblem) return nobody(request);
    throw error;
  }
}

function bySession(service: RedfishService, { headers, remote }: RedfishRequest): Requester | undefined {
  const token = headers['x-auth-token'];
  if (token === undefined) return undefined;
  const session = service.sessions.find(token);
  const account = session && service.accounts.get(session.account);
  if (!account) throw loginFailed();
  return {
    account,
    role: roleOf(account.privilege),
    session: session.id,
    name: `${account.name} from ${remote}`,
    remote,
  };
}

function byPassword(service: RedfishService, { headers, remote }: RedfishRequest): Requester | undefined {
  const authorization = headers.authorization;
  if (authorization === undefined) return undefined;
  const encoded = /^basic +([A-Za-z0-9+/=_-]+)$/i.exec(authorization)?.[1];
  const [, userName, password] =
    /^([^:]*):(.*)$/s.exec(Buffer.from(encoded ?? '', 'base64').toString()) ?? [];
  if (userName === undefined || password === undefined) throw loginFailed();
  const account = service.logins.check(userName, password, remote);
  return {
    account,
    role: roleOf(account.privilege),
    session: undefined,
    name: `${account.name} from ${remote}`,
    remote,
  };
}

function nobody({ remote }: RedfishRequest): Requester {
  return { account: undefined, role: undefined, session: undefined, name: `nobody from ${remote}`, remote };
}
