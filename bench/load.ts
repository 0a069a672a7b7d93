import { Client, type Login } from '../test/bmc/ipmi/client.ts';
import { cpuTime } from './proc.ts';
import { type Place, Wire } from './wire.ts';

/** A session that is open, and the way to its BMC. */
export interface Flow {
  readonly wire: Wire;
  readonly place: Place;
  readonly client: Client;
}

/** What a load cost. */
export interface Cost {
  /** Microseconds of the server's processor time for each command. */
  readonly cpu: number;
  readonly perSecond: number;
}

/** Opens so many sessions with one BMC, each from a socket of its own. */
export async function openFlows(place: Place, login: Login, count: number): Promise<Flow[]> {
  const flows: Flow[] = [];
  for (let flow = 0; flow < count; flow++) {
    const wire = await Wire.open();
    const client = new Client(wire.to(place));
    await client.open(login);
    flows.push({ wire, place, client });
  }
  return flows;
}

/** Ends sessions and closes their sockets. */
export async function closeFlows(flows: readonly Flow[]): Promise<void> {
  for (const { client } of flows) await client.command(0x06, 0x3c, sessionIdOf(client));
  for (const wire of new Set(flows.map(flow => flow.wire))) wire.close();
}

/** What Close Session names. */
export function sessionIdOf(client: Client): Buffer {
  const id = Buffer.alloc(4);
  id.writeUInt32LE(client.sessionId);
  return id;
}

const stuck = 30_000;

/**
 * Sends Get Chassis Status `rounds` times over every flow. Datagrams are sealed before the clock starts, so that the
 * client, which shares the machine with the server, costs as little as it can.
 * @param workers - how many commands are under way at once
 * @throws Error when an answer is missing or wrong
 */
export async function sendLoad(
  pid: number,
  flows: readonly Flow[],
  rounds: number,
  workers: number,
): Promise<Cost> {
  const sealed = flows.map(({ client }) => Array.from({ length: rounds }, () => client.request(0x00, 0x01)));
  const shares = Array.from({ length: workers }, (_, worker) =>
    flows.flatMap((flow, at) => (at % workers === worker ? [{ ...flow, datagrams: sealed[at] ?? [] }] : [])),
  );
  const cpuBefore = cpuTime(pid);
  const startedAt = performance.now();
  await Promise.race([Promise.all(shares.map(share => walk(share, rounds))), giveUp()]);
  const seconds = (performance.now() - startedAt) / 1000;
  const commands = flows.length * rounds;
  return { cpu: (cpuTime(pid) - cpuBefore) / commands, perSecond: commands / seconds };
}

/** One command after the other, over all flows in turn. */
function walk(
  share: readonly (Flow & { readonly datagrams: readonly Buffer[] })[],
  rounds: number,
): Promise<void> {
  return new Promise((resolve, reject) => {
    const total = share.length * rounds;
    let sent = 0;
    let length: number | undefined;
    const step = (): void => {
      const flow = share[sent % share.length];
      const datagram = flow?.datagrams[Math.floor(sent / share.length)];
      if (sent === total || !flow || !datagram) {
        resolve();
        return;
      }
      sent++;
      flow.wire.send(datagram, flow.place, answer => {
        length ??= answer.length;
        if (answer.length !== length) reject(new Error('answers differ in length'));
        // The last answers are read in full: the flow is still in order, and so was all before.
        else if (sent > total - share.length && flow.client.answerTo(answer).code !== 0) {
          reject(new Error('Get Chassis Status was refused'));
        } else step();
      });
    };
    step();
  });
}

function giveUp(): Promise<never> {
  return new Promise((_, reject) => {
    setTimeout(() => reject(new Error('answers are missing')), stuck).unref();
  });
}
