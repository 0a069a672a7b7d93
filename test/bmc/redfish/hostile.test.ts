import fc from 'fast-check';
import { expect, test } from 'vitest';
import { routes } from '../../../src/bmc/redfish/resources/index.ts';
import { createFixture, type Fixture } from './fixture.ts';

/** Requests that no client would make: every one is answered, and none by an error of the service itself. */

const methods = ['GET', 'HEAD', 'POST', 'PATCH', 'PUT', 'DELETE', 'OPTIONS', 'TRACE', 'X'];

/** Paths that the service has, paths like them, and others. */
const path = fc.oneof(
  fc.constantFrom(...routes.map(({ at }) => at.path)).map(template => template.replace(/\{\w+\}/g, 'n1')),
  fc.constantFrom(
    '/redfish/v1/Systems/n1/Actions/ComputerSystem.Reset',
    '/redfish/v1/AccountService/Accounts/3',
    '/redfish/v1/AccountService/Accounts/4',
    '/redfish/v1/SessionService/Sessions/Members',
    '/redfish/v1/Managers/n1/VirtualMedia/Cd/Actions/VirtualMedia.InsertMedia',
  ),
  fc.string({ unit: 'binary', maxLength: 60 }).map(text => `/redfish/v1/${text}`),
  fc.webPath(),
);

const query = fc.oneof(
  fc.constant(''),
  fc.webQueryParameters().map(text => `?${text}`),
  fc
    .tuple(
      fc.constantFrom('$filter', '$expand', '$select', '$top', '$skip', 'only', 'excerpt'),
      fc.oneof(fc.string(), fc.constantFrom("Name eq 'x'", '*', '.($levels=2)', 'Name', '3')),
    )
    .map(([name, value]) => `?${name}=${new URLSearchParams({ value }).toString().slice('value='.length)}`),
);

const name = fc.constantFrom(
  ...[
    'UserName',
    'Password',
    'RoleId',
    'Boot',
    'BootSourceOverrideTarget',
    'ResetType',
    'Image',
    'Attributes',
  ],
  ...[
    'SessionTimeout',
    'Enabled',
    'AssetTag',
    'Destination',
    'Protocol',
    'Links',
    '@odata.id',
    '__proto__',
    'x',
  ],
);
const value = fc.letrec(tie => ({
  any: fc.oneof(
    { depthSize: 'small' },
    fc.constantFrom<unknown>(null, true, 0, -1, 1e308, '', 'On', 'Pxe', 'Once', 'http://192.0.2.1/x.iso'),
    fc.string({ unit: 'binary' }),
    fc.array(tie('any'), { maxLength: 3 }),
    fc.dictionary(name, tie('any'), { maxKeys: 4 }),
  ),
}));
const body = fc.oneof(
  fc.constant(undefined),
  fc.dictionary(name, value.any, { maxKeys: 5 }),
  fc.string({ unit: 'binary' }),
  fc.uint8Array().map(bytes => Buffer.from(bytes)),
);

const headers = fc.dictionary(
  fc.constantFrom(
    'if-match',
    'if-none-match',
    'accept',
    'content-type',
    'odata-version',
    'prefer',
    'x-auth-token',
  ),
  fc.oneof(fc.string(), fc.constantFrom('*', '4.0', 'application/json', 'respond-async')),
  { maxKeys: 2 },
);

test('whatever is asked is answered, and never by an error inside', async () => {
  let fixture: Fixture = await createFixture();
  await fc.assert(
    fc
      .asyncProperty(
        fc.constantFrom(...methods),
        path,
        query,
        body,
        headers,
        async (method, path, query, body, headers) => {
          const url = `${path}${query}`;
          // A stream of events does not end by itself.
          fc.pre(!/SSE/i.test(url));
          const { status, text } = await fixture.ask(method, url, body, headers);
          expect(status, `${method} ${url}: ${text}`).toSatisfy(
            (status: number) => (status >= 200 && status < 500) || [501, 503, 507].includes(status),
          );
        },
      )
      .beforeEach(async () => {
        fixture = await createFixture({ nodes: ['n1'] });
      }),
    { numRuns: 400 },
  );
}, 60_000);
