import type { DropReason } from './drops.ts';
import type { LanHost } from './host.ts';
import type { LanSession } from './session.ts';
import { buildResponse, parseRequest } from './wire/message.ts';
import { PayloadType } from './wire/session20.ts';

/**
 * Takes the IPMI message of a session's authentic packet. A request that is repeated gets the answer that it had, and is
 * not carried out again.
 * @param answer - sends to where the packet came from; called at once or when the command's effect is safe
 * @returns why it was dropped, if it was
 */
export function takeRequest(
  host: LanHost,
  session: LanSession,
  payload: Buffer,
  answer: (datagram: Buffer) => void,
): DropReason | undefined {
  const request = parseRequest(payload);
  if (typeof request === 'string') return request;
  const earlier = session.exchange.begin(payload, session.heardAt);
  if (earlier === 'in-progress') return 'duplicate-in-progress';
  if (earlier !== 'new') {
    answer(session.seal(PayloadType.ipmi, earlier));
    return undefined;
  }
  host.run(request, session, session.protocol === 'rmcp+', ({ code, data }) => {
    const response = buildResponse(request, code, data);
    session.exchange.end(payload, response);
    answer(session.seal(PayloadType.ipmi, response));
  });
  return undefined;
}
