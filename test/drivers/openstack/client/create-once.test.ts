import fc from 'fast-check';
import { expect, test } from 'vitest';
import { isOpenStackError } from '../../../../src/drivers/openstack/client/api-error.ts';
import { FakeCloud, on, type Reply } from './fake-cloud.ts';
import { connect, ctx, server } from './harness.ts';

/** What happens to one try to create a server: whether the cloud makes it, and what is heard of it. */
const fate = fc.record({
  taken: fc.boolean(),
  heard: fc.constantFrom<'reset' | 'nonsense' | number>('reset', 'nonsense', 500, 502, 504),
});
/** Refusals that a cloud only says before it makes anything. */
const refusal = fc.record({ taken: fc.constant(false), heard: fc.constantFrom(429, 503) });

test('whatever happens to a create and its answer, a server is made at most once, and is known if it is', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(fc.oneof(fate, refusal), { maxLength: 8 }), async fates => {
      await using cloud = await FakeCloud.start();
      const made: string[] = [];
      const left = [...fates];
      cloud.behaviours.unshift(
        on('POST', '/compute/v2.1/servers', () => {
          const { taken, heard } = left.shift() ?? { taken: true, heard: 202 };
          if (taken) made.push(`server-${made.length}`);
          return replyOf(heard, made.at(-1));
        }),
        on('GET', '/compute/v2.1/servers/detail', () => ({
          status: 200,
          body: { servers: made.map(id => server(id)) },
        })),
      );
      const client = connect(cloud.config());
      const find = async () => (await client.compute.listServers({ details: true }, ctx)).servers[0];
      const outcome = await client.compute
        .createServer({ name: 'node', flavorRef: 'f' }, { find }, ctx)
        .catch((error: unknown) => error);
      expect(made.length).toBeLessThanOrEqual(1);
      if (isOpenStackError(outcome)) expect(made).toEqual([]);
      else expect(outcome).toMatchObject({ id: made[0] });
    }),
    { numRuns: 60 },
  );
}, 60_000);

function replyOf(heard: 'reset' | 'nonsense' | number, id: string | undefined): Reply {
  if (heard === 'reset') return 'reset';
  if (heard === 'nonsense') return { status: 202, body: '{"server": ' };
  return { status: heard, body: heard === 202 ? { server: { id } } : {} };
}
