import { describe, expect, test } from 'vitest';
import { collectionSchemas, typeOf } from '../../../src/bmc/redfish/messages/schemas.ts';
import { routes } from '../../../src/bmc/redfish/resources/index.ts';
import { createFixture, type Fixture } from './fixture.ts';
import { problemsOf } from './validate.ts';
import { walk } from './walk.ts';

const image = {
  url: 'http://192.0.2.1/boot.iso',
  file: '/nowhere/boot.iso',
  size: 1 << 20,
  writeProtected: true,
};

/** What nodes may be like. */
const states: Readonly<Record<string, (fixture: Fixture) => Promise<unknown>>> = {
  off: async () => undefined,
  on: ({ power }) => power('n1', 'on'),
  'in transition': ({ bmc }) => bmc('n1').node.command({ type: 'power', action: 'on', by: 'test' }),
  'on, with media': async ({ bmc, power }) => {
    await bmc('n1').node.command({ type: 'set-media', slot: 'cd', image, by: 'test' });
    await power('n1', 'on');
  },
  'with settings that wait for the next boot': ({ bmc }) =>
    bmc('n1').node.command({ type: 'set-firmware', settings: { mode: 'bios', netbootNics: 0 }, by: 'test' }),
  'with a boot override': ({ bmc }) =>
    bmc('n1').node.command({
      type: 'set-boot-override',
      override: { enabled: 'once', target: 'pxe', detail: undefined },
      expiresAfter: undefined,
      by: 'test',
    }),
};

describe.each(Object.keys(states))('of a service whose node is %s', state => {
  test('every link leads somewhere, and every body is as its schema says', async () => {
    const fixture = await createFixture();
    await states[state]?.(fixture);
    const problems: string[] = [];
    for (const { path, from, answer } of await walk(fixture)) {
      if (answer.status !== 200) problems.push(`${path}: ${answer.status}, linked from ${from}`);
      else if (answer.body['@odata.id'] !== undefined) {
        problems.push(...problemsOf(answer.body).map(problem => `${path}: ${problem}`));
        const own = String(answer.body['@odata.id']).replace(/\/$/, '');
        if (own !== path.replace(/\/$/, '')) problems.push(`${path}: calls itself ${own}`);
      }
    }
    expect(problems).toEqual([]);
  }, 60_000);
});

test('every schema of a resource is in the metadata', async () => {
  const { ask } = await createFixture({ nodes: ['n1'] });
  const { text } = await ask('GET', '/redfish/v1/$metadata', undefined, { authorization: undefined });
  const included = [...text.matchAll(/<edmx:Include Namespace="([^"]+)"/g)].map(([, name]) => `#${name}`);
  const used = new Set(routes.map(({ at }) => at.schema));
  const types = [...used].map(schema => typeOf(schema).split('.').slice(0, -1).join('.'));
  expect(types.filter(type => !included.includes(type))).toEqual([]);
  expect(collectionSchemas.filter(schema => !used.has(schema))).toEqual([]);
});
