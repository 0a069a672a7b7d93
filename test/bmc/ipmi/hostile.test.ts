import fc from 'fast-check';
import { expect, test } from 'vitest';
import { Client, lanRequest, openSessionPayload, packet15, packet20, presencePing } from './client.ts';
import { admin, createFixture } from './fixture.ts';

/** Whether the BMC still does for an honest client what it should. */
async function isWell(fixture: Awaited<ReturnType<typeof createFixture>>): Promise<boolean> {
  const client = new Client(fixture.transport());
  await client.open(admin);
  return (await client.command(0x00, 0x01)).code === 0;
}

test('no bytes of a stranger make it throw or run a command', async () => {
  const fixture = await createFixture({ ipmi15: true });
  const anything = fc.uint8Array({ maxLength: 1500, size: 'max' });
  const rmcpPlus = fc
    .tuple(fc.integer({ min: 0, max: 255 }), fc.uint8Array({ maxLength: 200 }))
    .map(([type, rest]) => Uint8Array.from([6, 0, 0xff, 7, 6, type, ...rest]));
  const setup = fc
    .tuple(fc.constantFrom(0x00, 0x01, 0x10, 0x12, 0x14), fc.uint8Array({ maxLength: 80 }))
    .map(([type, payload]) => packet20(type, payload));
  const ipmi15 = fc.uint8Array({ maxLength: 80 }).map(payload => packet15(0, 0, payload));
  fc.assert(
    fc.property(fc.oneof(anything, rmcpPlus, setup, ipmi15), bytes => {
      fixture.send(Buffer.from(bytes));
    }),
    { numRuns: 3000 },
  );
  expect(fixture.drops.counts['internal-error']).toBeUndefined();
  expect(fixture.executed).toEqual([]);
  expect(await isWell(fixture)).toBe(true);
});

test('a real packet with any bit changed is never carried out', async () => {
  const fixture = await createFixture();
  const client = new Client(fixture.transport());
  await client.open(admin);
  await client.command(0x06, 0x3b, Uint8Array.of(4));
  fixture.executed.length = 0;
  const datagram = client.request(0x00, 0x02, Uint8Array.of(1));
  for (let bit = 0; bit < datagram.length * 8; bit++) {
    const changed = Buffer.from(datagram);
    changed[bit >> 3] = (changed[bit >> 3] ?? 0) ^ (1 << (bit & 7));
    // RMCP's sequence number and reserved byte are in front of what is authenticated.
    if (bit >> 3 !== 1 && bit >> 3 !== 2) fixture.send(changed);
  }
  expect(fixture.executed).toEqual([]);
  expect(fixture.send(datagram)).toHaveLength(1);
  expect(fixture.executed).toEqual(['Chassis Control']);
});

test('a real packet cut short, lengthened or spliced is never carried out', async () => {
  const fixture = await createFixture();
  const client = new Client(fixture.transport());
  await client.open(admin);
  const datagram = client.request(0x00, 0x01);
  const other = client.request(0x00, 0x01);
  fc.assert(
    fc.property(
      fc.nat({ max: datagram.length - 1 }),
      fc.uint8Array({ maxLength: 40 }),
      fc.boolean(),
      (cut, tail, splice) => {
        const end = splice ? other.subarray(cut + 1) : tail;
        const made = Buffer.concat([datagram.subarray(0, cut), end]);
        if (!made.equals(datagram) && !made.equals(other)) fixture.send(made);
      },
    ),
    { numRuns: 2000 },
  );
  expect(fixture.executed).toEqual([]);
  expect(fixture.drops.counts['internal-error']).toBeUndefined();
});

test.each([3, 17])('a proof with any bit changed opens no session, suite %i', async suite => {
  const fixture = await createFixture();
  const wire = fixture.transport();
  const proofLength = suite === 3 ? 20 : 32;
  for (let bit = 0; bit < proofLength * 8; bit++) {
    const client = new Client({
      exchange: datagram => {
        const isRakp3 = datagram[5] === 0x14;
        const at = datagram.length - 1 - (bit >> 3);
        if (isRakp3) datagram[at] = (datagram[at] ?? 0) ^ (1 << (bit & 7));
        return wire.exchange(datagram);
      },
    });
    await expect(client.open({ ...admin, suite })).rejects.toMatchObject({ payloadType: 0x15, status: 0x0f });
  }
  expect([...fixture.bmc.sessions]).toEqual([]);
});

test('what killed other BMCs does not kill this one', async () => {
  const fixture = await createFixture();
  const [opened] = fixture.send(packet20(0x10, openSessionPayload([1, 1, 1])));
  const id = opened?.readUInt32LE(24) ?? 0;
  const message = lanRequest(0x00, 0x01, Buffer.alloc(0), 1);
  expect(fixture.send(packet20(0x00, message, id, 1))).toEqual([]); // a session packet before RAKP
  expect(fixture.send(packet20(0x12, Buffer.alloc(6)))).toEqual([]); // a short RAKP 1
  expect(fixture.send(Buffer.from([6, 0, 0xff, 0x86]))).toEqual([]); // an acknowledgement of nothing
  expect(fixture.send(presencePing)).toHaveLength(1);
  expect(fixture.send(Buffer.alloc(1500, 6))).toEqual([]);
  expect(await isWell(fixture)).toBe(true);
});

test('what comes from port 0, to which no answer can be sent, is dropped', async () => {
  const fixture = await createFixture();
  expect(fixture.send(presencePing, { address: '127.0.0.1', port: 0 })).toEqual([]);
  expect(fixture.drops.counts).toEqual({ unanswerable: 1 });
});
