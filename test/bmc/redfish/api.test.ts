import { expect, test } from 'vitest';
import { createFixture } from './fixture.ts';

test('a path outside the service is not found', async () => {
  const { ask } = await createFixture();
  const answer = await ask('GET', '/nothing');
  expect(answer.status).toBe(404);
  expect(answer.at('/error/code')).toBe('Base.1.22.ResourceMissingAtURI');
});
