import { createSocket } from 'node:dgram';

/** RMCP, ASF class, presence ping, no data. @see IPMI 2.0 §13.2.3 */
const presencePing = Buffer.from('0600ff06000011be80010000', 'hex');
const pongType = 0x40;

/** How often it is asked, and how long each answer may take. Milliseconds. */
const tries = 3;
const patience = 500;

/** Whether somebody answers at a BMC's address as BMCs do. */
export function answersPing(address: string, port: number): Promise<boolean> {
  return new Promise(resolve => {
    const socket = createSocket(address.includes(':') ? 'udp6' : 'udp4');
    let left = tries;
    const ask = () => {
      if (left-- === 0) end(false);
      else socket.send(presencePing, port, reachable(address), error => error && end(false));
    };
    const timer = setInterval(ask, patience);
    const end = (answered: boolean) => {
      clearInterval(timer);
      socket.removeAllListeners('message');
      socket.close(() => resolve(answered));
    };
    socket.on('error', () => end(false));
    socket.on('message', message => {
      if (message[8] === pongType) end(true);
    });
    ask();
  });
}

/** Who listens at every address is reached at this host's own. */
function reachable(address: string): string {
  if (address === '0.0.0.0') return '127.0.0.1';
  return address === '::' ? '::1' : address;
}
