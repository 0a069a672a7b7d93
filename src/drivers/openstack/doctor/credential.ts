import { randomBytes } from 'node:crypto';
import { systemClock } from '../../../support/clock.ts';
import { messageOf } from '../../../support/errors.ts';
import { type Finding, fine, warn } from '../../../support/finding.ts';
import { silentLog } from '../../../support/log.ts';
import { isOpenStackError } from '../client/api-error.ts';
import type { CallContext } from '../client/call.ts';
import { OpenStack } from '../client/openstack.ts';

const check = 'application credential';

/** Tries whether a credential that may make certain calls only can be made, and is taken. */
export async function tryCredential(openstack: OpenStack, ctx: CallContext): Promise<Finding> {
  const { identity, config } = openstack;
  let made: { id: string; secret: string };
  try {
    made = await identity.createApplicationCredential(
      {
        name: `quintupleo-probe-${randomBytes(4).toString('hex')}`,
        accessRules: [{ service: 'compute', method: 'GET', path: '/**' }],
      },
      ctx,
    );
  } catch (error) {
    return warn(
      check,
      `cannot be made: ${messageOf(error)}`,
      'Log in with a password, or an application credential made with --unrestricted; or let this machine serve the BMCs.',
    );
  }
  try {
    const auth = {
      type: 'application-credential',
      credential: { id: made.id },
      secret: made.secret,
    } as const;
    await using restricted = OpenStack.connect(
      { ...config, auth, project: undefined },
      { clock: systemClock, log: silentLog },
    );
    await restricted.compute.listServers({ details: true }, ctx);
    return fine(check, 'may be made, and access rules are honoured');
  } catch (error) {
    if (!isOpenStackError(error, 'unauthorized', 'forbidden')) throw error;
    return warn(
      check,
      `Nova refuses one with access rules: ${error.message}`,
      'A service instance gets one without: it may do in the project what its user may. The operator can mend it: service_type in [keystone_authtoken].',
    );
  } finally {
    // It goes though the one who asked has gone.
    await identity.deleteApplicationCredential(made.id, { reason: 'doctor' });
  }
}
