import { QuintupleoError } from '../support/errors.ts';
import type { IronicAccess } from './ironic-client.ts';

/**
 * How Ironic is reached, as OpenStack's variables say. Keystone is not asked: where it guards Ironic, `OS_TOKEN` holds
 * what `openstack token issue` gives.
 * @param url - goes before `OS_ENDPOINT`
 * @param readFile - reads the authority's certificate that `OS_CACERT` names
 * @throws QuintupleoError `IRONIC_ACCESS`
 */
export function ironicAccess(
  env: Readonly<Record<string, string | undefined>>,
  url: string | undefined,
  readFile: (path: string) => string,
): IronicAccess {
  const endpoint = url ?? env.OS_ENDPOINT ?? env.OS_ENDPOINT_OVERRIDE;
  if (!endpoint || !URL.canParse(endpoint) || !/^https?:/.test(endpoint)) {
    throw problem('it is not said where Ironic is', 'Give --url http://HOST:6385, or set OS_ENDPOINT.');
  }
  return {
    url: endpoint,
    auth: authOf(env),
    ...(env.OS_CACERT && { ca: readFile(env.OS_CACERT) }),
  };
}

function authOf(env: Readonly<Record<string, string | undefined>>): IronicAccess['auth'] {
  const { OS_AUTH_TYPE: given, OS_TOKEN: token, OS_USERNAME: username, OS_PASSWORD: password } = env;
  const type = given ?? (token ? 'token' : 'none');
  switch (type) {
    case 'none':
      return { type };
    case 'http_basic':
      if (username && password) return { type, username, password };
      throw problem('http_basic needs a user', 'Set OS_USERNAME and OS_PASSWORD.');
    default:
      if (token) return { type: 'token', token };
      throw problem(
        `OS_AUTH_TYPE is ${type}, and there is no token`,
        'Set OS_TOKEN="$(openstack token issue -f value -c id)".',
      );
  }
}

function problem(message: string, remedy: string): QuintupleoError {
  return new QuintupleoError(message, { family: 'user', code: 'IRONIC_ACCESS', remedy });
}
