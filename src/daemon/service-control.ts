import { hostname } from 'node:os';
import { join } from 'node:path';
import { fingerprintMark } from '../node/service-settings.ts';
import { fingerprintOf, type Identity, keptIdentity } from '../support/certificate.ts';
import { fileDocument } from '../support/document.ts';
import type { ControlParts } from './control-api.ts';
import type { Control } from './control-server.ts';
import { serveRemoteControl } from './remote-control.ts';
import { serviceApi } from './service-api.ts';

/** How long a daemon's certificate lasts: whoever uses it compares fingerprints, not dates. Milliseconds. */
const lifetime = 30 * 365 * 86_400_000;

/** The key and certificate by which this daemon is known to others; made when first needed. */
export function daemonIdentity(stateDirectory: string, now: number): Promise<Identity> {
  return keptIdentity(fileDocument(join(stateDirectory, 'identity.json')), () => ({
    name: `quintupleo ${hostname()}`,
    // Clocks of virtual machines may be behind.
    notBefore: now - 86_400_000,
    notAfter: now + lifetime,
  }));
}

/** Lets another daemon command this one. Says on standard output by which certificate it is known. */
export async function serveAsService(
  { port, manager }: { readonly port: number; readonly manager: string },
  around: {
    readonly parts: ControlParts;
    readonly serialOf: Control['serialOf'];
    readonly stateDirectory: string;
  },
): Promise<AsyncDisposable> {
  const { parts, serialOf, stateDirectory } = around;
  const identity = await daemonIdentity(stateDirectory, parts.clock.now());
  const api = serviceApi(parts, stateDirectory);
  const control = await serveRemoteControl(
    { port, identity, manager },
    {
      api,
      serialOf,
      // Whoever serves for another one hands nothing on.
      remoteOf: () => undefined,
      log: parts.log,
    },
  );
  process.stdout.write(`${fingerprintMark} ${fingerprintOf(identity.certificate)}\n`);
  return control;
}
