import { roleOf } from '../../bmc/redfish/access/privileges.ts';
import { RedfishProblem } from '../../bmc/redfish/messages/problem.ts';
import type { RedfishService } from '../../bmc/redfish/model.ts';
import { QuintupleoError } from '../../support/errors.ts';
import type { WebSessions, WebUser } from './web-sessions.ts';

/** How somebody shows who they are. */
export type Proof =
  | { readonly ticket: string }
  | { readonly lab: string; readonly user: string; readonly password: string };

/** The part of a Redfish service that knows who may log in. */
export type LoginService = Pick<RedfishService, 'sessions' | 'accounts'>;

/** A lab, as far as somebody may log in to it. */
export interface LoginLab {
  readonly name: string;
  /** The Redfish service that shows all of its nodes, as it is now; `undefined`: it has none. */
  readonly redfishService: LoginService | undefined;
}

/**
 * Who may use the dashboard: the users of a lab's Redfish service, each for that lab and with the role that the user
 * has there, and whoever has a ticket. Sessions are those of the Redfish service: they end when the account changes, and
 * wrong passwords are slowed down and lock the account as they do there.
 */
export class WebLogins {
  readonly #labs: () => readonly LoginLab[];
  readonly #sessions: WebSessions;

  constructor(labs: () => readonly LoginLab[], sessions: WebSessions) {
    this.#labs = labs;
    this.#sessions = sessions;
  }

  /** Names of the labs that have users. */
  labs(): string[] {
    return this.#labs()
      .filter(({ redfishService }) => redfishService !== undefined)
      .map(({ name }) => name);
  }

  /** @throws QuintupleoError `WRONG_TICKET`, `WRONG_LOGIN`, `TOO_MANY_LOGINS` */
  user(proof: Proof, remote: string): WebUser {
    if ('lab' in proof) return this.#userOf(proof, remote);
    if (!this.#sessions.use(proof.ticket)) {
      throw refused('WRONG_TICKET', 'that link has been used, or is too old: run "quintupleo open" again');
    }
    return { name: 'administrator of this daemon', lab: undefined, role: () => 'Administrator' };
  }

  #userOf({ lab, user, password }: Extract<Proof, { lab: string }>, remote: string): WebUser {
    const service = this.#serviceOf(lab);
    // The same whether there is no such lab, no such user or another password.
    if (!service) throw refused('WRONG_LOGIN', 'these are no user and password of that lab');
    try {
      const { session, token } = service.sessions.open(user, password, remote);
      return {
        name: session.userName,
        lab,
        role: () => {
          // A service that was set up anew has forgotten its sessions.
          const now = this.#serviceOf(lab);
          const found = now?.sessions.find(token);
          const account = found && now?.accounts.get(found.account);
          return account && roleOf(account.privilege);
        },
        left: () => service.sessions.close(session.id),
      };
    } catch (error) {
      if (!(error instanceof RedfishProblem)) throw error;
      throw error.status === 401
        ? refused('WRONG_LOGIN', 'these are no user and password of that lab')
        : refused('TOO_MANY_LOGINS', 'too many logins at a time, or too many wrong ones: wait a little');
    }
  }

  #serviceOf(lab: string): LoginService | undefined {
    return this.#labs().find(({ name }) => name === lab)?.redfishService;
  }
}

function refused(code: string, message: string): QuintupleoError {
  return new QuintupleoError(message, { family: 'user', code });
}
