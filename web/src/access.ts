import { ask, get, Refusal, send } from './http.ts';
import { type Session, session } from './session.ts';

/** Logging in and out. */

/** How somebody proves who they are: by the ticket of `quintupleo open`, or as a user of a lab's Redfish service. */
export type Proof =
  | { readonly ticket: string }
  | { readonly lab: string; readonly user: string; readonly password: string };

/** Finds out whether somebody is logged in; a ticket in the address is used up first. */
export async function resume(): Promise<void> {
  const ticket = takeTicket();
  if (ticket !== undefined) {
    const done = await logIn({ ticket }).catch((error: unknown) => error);
    if (!(done instanceof Refusal)) return;
  }
  try {
    session.value = { state: 'in', session: await get<Session>('/session') };
  } catch (error) {
    if (!(error instanceof Refusal)) throw error;
    session.value = { state: 'out', ended: ticket !== undefined };
  }
}

/** @throws {Refusal} */
export async function logIn(proof: Proof): Promise<void> {
  const answer = await send<Session>('POST', '/login', proof);
  if (answer) session.value = { state: 'in', session: answer };
}

/** @throws {Refusal} */
export async function logOut(): Promise<void> {
  await send('POST', '/logout');
  session.value = { state: 'out', ended: false };
}

/** Names of the labs whose users may log in. @throws {Refusal} */
export async function labsToLogIn(): Promise<readonly string[]> {
  return (await (await ask('/labs-to-log-in', {})).json()) as readonly string[];
}

/** The ticket in the address, which is taken out of it: it stays in no history. */
function takeTicket(): string | undefined {
  const [, ticket] = /^#ticket=(.+)$/.exec(location.hash) ?? [];
  if (ticket === undefined) return undefined;
  history.replaceState(null, '', location.pathname + location.search);
  return decodeURIComponent(ticket);
}
