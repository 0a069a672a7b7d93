import type { IncomingHttpHeaders } from 'node:http';
import { type Answer, ApiFault } from '../service.ts';

/** Minor version of the newest microversion, 2.93 being Zed's. */
export const newestMinor = 93;

const asked = (headers: IncomingHttpHeaders): string => {
  const standard = headers['openstack-api-version'];
  const own = headers['x-openstack-nova-api-version'];
  if (typeof standard === 'string' && standard.startsWith('compute '))
    return standard.slice('compute '.length);
  return typeof own === 'string' ? own : '2.1';
};

/** Minor version that a request is to be answered by. */
export function minorVersion(headers: IncomingHttpHeaders): number {
  const version = asked(headers);
  return version === 'latest' ? newestMinor : Number(version.split('.')[1]);
}

/** The refusal of a version that is no version, or none of this cloud's. */
export function refuseVersion(headers: IncomingHttpHeaders, newest: number): Answer | undefined {
  const version = asked(headers);
  if (version === 'latest') return undefined;
  if (!/^\d+\.\d+$/.test(version)) {
    return {
      status: 400,
      body: {
        badRequest: {
          code: 400,
          message: `API Version String ${version} is of invalid format. Must be of format MajorNum.MinorNum.`,
        },
      },
    };
  }
  const [major, minor] = version.split('.').map(Number);
  if (major === 2 && minor !== undefined && minor >= 1 && minor <= newest) return undefined;
  return {
    status: 406,
    body: {
      computeFault: {
        code: 406,
        message: `Version ${version} is not supported by the API. Minimum is 2.1 and maximum is 2.${newest}.`,
      },
    },
  };
}

export function versionHeaders(headers: IncomingHttpHeaders, newest: number): Record<string, string> {
  const version = asked(headers) === 'latest' ? `2.${newest}` : asked(headers);
  return {
    'OpenStack-API-Version': `compute ${version}`,
    'X-OpenStack-Nova-API-Version': version,
    Vary: 'OpenStack-API-Version',
  };
}

/** Refuses what did not exist in the version that was asked for. */
export function since(headers: IncomingHttpHeaders, minor: number): void {
  if (minorVersion(headers) < minor) throw new ApiFault(404, 'The resource could not be found.');
}
