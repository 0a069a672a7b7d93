import { expect, test } from 'vitest';
import { createFixture } from './fixture.ts';
import { expectValid, problemsOf } from './validate.ts';

test('a body that is not as its schema says is found', async () => {
  const { ask } = await createFixture({ nodes: ['n1'] });
  const { body } = await ask('GET', '/redfish/v1/Systems/n1');
  expectValid(body);
  const { Name: _, ...nameless } = body;
  expect(problemsOf(nameless)).toHaveLength(1);
  expect(problemsOf({ ...body, Colour: 'red' })).toHaveLength(1);
  expect(problemsOf({ ...body, PowerState: 'Sleeping' })).not.toEqual([]);
  expect(problemsOf({ ...body, Status: { State: 'Enabled', Health: 'Fine' } })).not.toEqual([]);
  expect(problemsOf({ ...body, LastResetTime: 'yesterday' })).not.toEqual([]);
  expect(problemsOf({ ...body, '@odata.type': '#Toaster.v1_0_0.Toaster' })).toHaveLength(1);
});
