import { startBareResponder } from './bare-responder.ts';

/** The bare responder as a process of its own: node bare-process.js ADDRESS PORT USER PASSWORD. */

const [address = '', port = '', user = '', password = ''] = process.argv.slice(2);
await startBareResponder({ address, port: Number(port), user, password });
process.send?.('ready');
process.on('disconnect', () => process.exit());
