import { expect, test } from 'vitest';
import { StandInCloud } from './stand-in-cloud.ts';
import { promptTiming } from './timing.ts';

test('a token opens the cloud, and without one it stays shut', async () => {
  await using cloud = await StandInCloud.start({ timing: promptTiming });
  const refused = await fetch(`${cloud.url}/compute/v2.1/servers`);
  expect(refused.status).toBe(401);
  await refused.text();
  const { user, password } = { user: cloud.tenants[0].userName, password: cloud.tenants[0].password };
  const answer = await fetch(`${cloud.authUrl}/auth/tokens`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({
      auth: {
        identity: {
          methods: ['password'],
          password: { user: { name: user, domain: { name: 'Default' }, password } },
        },
        scope: { project: { name: cloud.tenants[0].projectName, domain: { name: 'Default' } } },
      },
    }),
  });
  expect(answer.status).toBe(201);
  await answer.text();
  const list = await fetch(`${cloud.url}/compute/v2.1/servers/detail`, {
    headers: { 'x-auth-token': answer.headers.get('x-subject-token') ?? '' },
  });
  expect(await list.json()).toEqual({ servers: [] });
});
