import { createServer } from 'node:net';
import { expect, test } from 'vitest';
import { leftPlaces, withPorts } from '../../src/daemon/lab-ports.ts';
import { recordFor } from '../../src/daemon/lab-record.ts';
import type { Place } from '../../src/daemon/port-choice.ts';
import { TcpReservations } from '../../src/daemon/tcp-reservations.ts';
import { redfishLab } from './harness.ts';

async function freePlace(): Promise<Place> {
  const server = createServer();
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  await new Promise(resolve => server.close(resolve));
  return { address: '127.0.0.1', port: typeof address === 'object' ? (address?.port ?? 0) : 0 };
}

test('a place that is held is had by nobody else until it is let go', async () => {
  await using mine = new TcpReservations();
  await using theirs = new TcpReservations();
  const place = await freePlace();
  expect(await mine.reserve(place)).toBe(true);
  expect(await theirs.reserve(place)).toBe(false);
  await mine.release(place);
  expect(await theirs.reserve(place)).toBe(true);
});

test('at an address that is still to come, a place can be had', async () => {
  await using mine = new TcpReservations();
  expect(await mine.reserve({ address: '192.0.2.1', port: 8443 })).toBe(true);
  await mine.release({ address: '192.0.2.1', port: 8443 });
});

test('what a lab has no more is let go, and what it keeps is not', async () => {
  const nothing: ReadonlySet<string> = new Set();
  const free = async () => true;
  const ports = (count: number) =>
    withPorts(
      recordFor(redfishLab(count), undefined),
      { udp: nothing, tcp: nothing },
      { udp: free, tcp: free },
    );
  const before = await ports(3);
  const now = { ...before, definition: redfishLab(2) };
  const left = leftPlaces(before, now);
  expect(left.udp).toEqual([{ address: '127.0.0.1', port: before.ports['node-3'] }]);
  expect(left.tcp).toEqual([{ address: '127.0.0.1', port: before.redfish?.ports['node-3'] }]);
  expect(leftPlaces(before, before)).toEqual({ udp: [], tcp: [] });
});
