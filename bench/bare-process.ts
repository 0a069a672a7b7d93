import { startBareResponder } from './bare-responder.ts';

/** Bare responders as a process of their own: node bare-process.js PORT USER PASSWORD ADDRESS... */

const [port = '', user = '', password = '', ...addresses] = process.argv.slice(2);
for (const address of addresses) await startBareResponder({ address, port: Number(port), user, password });
process.send?.('ready');
process.on('disconnect', () => process.exit());
