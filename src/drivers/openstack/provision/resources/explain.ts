import { QuintupleoError } from '../../../../support/errors.ts';
import { OpenStackError } from '../../client/api-error.ts';

/**
 * The error that a person reads when the cloud refused something: what it was, the cloud's own sentence, a remedy.
 * @param what - the thing and what was to be done with it: `network provision cannot be made`
 */
export function explain(what: string, error: unknown): unknown {
  if (!(error instanceof OpenStackError)) return error;
  const { code, remedy } = remedyFor(error);
  return new QuintupleoError(`${what}: ${error.message}`, {
    family: 'platform',
    code,
    ...(remedy === undefined ? {} : { remedy }),
    cause: error,
  });
}

/** Does `work`, and says of an error what was being done. */
export async function explaining<T>(what: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    throw explain(what, error);
  }
}

function remedyFor(error: OpenStackError): { code: string; remedy?: string } {
  const by = error.requestId === undefined ? '' : ` (request ${error.requestId})`;
  switch (error.code) {
    case 'over-limit':
      return {
        code: 'QUOTA_EXCEEDED',
        remedy: 'Take away what the project no longer needs, or ask for a larger quota.',
      };
    case 'forbidden':
      return {
        code: 'POLICY_FORBIDS',
        remedy: `The cloud's policy does not let this user do that${by}: see what the doctor says, or ask the cloud's operator.`,
      };
    case 'unauthorized':
      return { code: 'CLOUD_LOGIN_REFUSED', remedy: 'Look at the credentials in clouds.yaml.' };
    case 'unreachable':
      return {
        code: 'CLOUD_UNREACHABLE',
        remedy: 'Run up again when the cloud answers: it goes on where it ended.',
      };
    case 'conflict':
      return { code: 'CLOUD_CONFLICT', remedy: 'Something else uses or changes it: run the command again.' };
    case 'not-supported':
      return { code: 'CLOUD_LACKS', remedy: 'This cloud cannot do that: leave the setting out.' };
    case 'server-fault':
      return {
        code: 'CLOUD_FAULT',
        remedy: `Run the command again; if it stays, tell the cloud's operator${by}.`,
      };
    case 'bad-request':
    case 'not-found':
    case 'too-large':
      return { code: 'CLOUD_REFUSED' };
  }
}
