import { loginFailed } from '../../bmc/redfish/access/login-guard.ts';
import type { RequestHandler } from '../../bmc/redfish/http/http-server.ts';
import { message } from '../../bmc/redfish/messages/message.ts';
import { RedfishProblem } from '../../bmc/redfish/messages/problem.ts';
import { errorAnswer } from '../../bmc/redfish/protocol/answers.ts';
import type { RedfishRequest, RedfishResponse } from '../../bmc/redfish/protocol/request.ts';
import type { FaultView } from '../../faults/faults.ts';
import type { Clock } from '../../support/clock.ts';
import { passing } from './passing.ts';

/** Whose faults matter to requests. */
export type Concerned =
  /** A service of one node. */
  | { readonly view: FaultView }
  /** A service of many nodes, which are named in the path. */
  | { readonly viewOf: (node: string) => FaultView | undefined };

/** A Redfish service as faults let requests reach it. */
export class FaultyHandler implements RequestHandler {
  readonly #handler: RequestHandler;
  readonly #concerned: Concerned;
  readonly #clock: Clock;

  constructor(handler: RequestHandler, concerned: Concerned, clock: Clock) {
    this.#handler = handler;
    this.#concerned = concerned;
    this.#clock = clock;
  }

  /** Whether a connection is taken at all. */
  accepts(): boolean {
    const unreachable = 'view' in this.#concerned && this.#concerned.view.find('bmc-unreachable');
    if (!unreachable) return true;
    unreachable.felt();
    return false;
  }

  /** @throws Error when the connection shall end without an answer */
  async handle(request: RedfishRequest): Promise<RedfishResponse> {
    const view = this.#viewFor(request);
    if (!view || view.live.length === 0) return this.#handler.handle(request);
    const unreachable = view.find('bmc-unreachable');
    if (unreachable) {
      unreachable.felt();
      throw new Error(`the BMC of ${view.node} cannot be reached, on purpose`);
    }
    const slow = view.find('bmc-slow');
    if (slow) {
      slow.felt();
      const { delay, jitter } = slow.fault;
      await passing(view, slow, this.#clock, delay + jitter * slow.chance(), request.signal);
    }
    const refused = 'view' in this.#concerned ? refusedLogin(view, request) : undefined;
    return refused ? errorAnswer(refused) : this.#handler.handle(request);
  }

  #viewFor({ url }: RedfishRequest): FaultView | undefined {
    if ('view' in this.#concerned) return this.#concerned.view;
    const [, node] = nodePath.exec(url) ?? [];
    return node === undefined ? undefined : this.#concerned.viewOf(node);
  }
}

const nodePath = /^\/redfish\/v1\/(?:Systems|Chassis|Managers)\/([^/?]+)/;
const sessionsPath = /^\/redfish\/v1\/SessionService\/Sessions(?:\/Members)?\/?$/;

/** Why whoever asks cannot log in now; sessions that are open go on. */
function refusedLogin(view: FaultView, { method, url, headers }: RedfishRequest): RedfishProblem | undefined {
  const opensSession = method === 'POST' && sessionsPath.test(url);
  const byPassword = headers.authorization !== undefined && headers['x-auth-token'] === undefined;
  const wrong = opensSession || byPassword ? view.find('wrong-password') : undefined;
  if (wrong) {
    wrong.felt();
    return loginFailed();
  }
  const exhausted = opensSession ? view.find('sessions-exhausted') : undefined;
  exhausted?.felt();
  return exhausted && new RedfishProblem(503, message('Base.SessionLimitExceeded'));
}
