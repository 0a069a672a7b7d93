import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import fc from 'fast-check';
import { request } from 'undici';
import { describe, expect, test } from 'vitest';
import { Destinations } from '../../src/support/destinations.ts';
import { QuintupleoError } from '../../src/support/errors.ts';

const connection = { verifyCertificate: true, timeout: 5_000 };

function refuses(allow: readonly string[] | undefined, ...urls: string[]) {
  const destinations = new Destinations(allow);
  for (const url of urls) expect(destinations.refusal(url), url).toBeDefined();
}

function takes(allow: readonly string[] | undefined, ...urls: string[]) {
  const destinations = new Destinations(allow);
  for (const url of urls) expect(destinations.refusal(url), url).toBeUndefined();
}

describe('without a list', () => {
  test('labs and the world may be asked', () => {
    takes(undefined, 'http://192.168.123.1/a.iso', 'https://10.0.0.1:8443/', 'http://example.org/a.iso');
    takes(undefined, 'http://[fd00::1]/a', 'http://[2001:db8::1]/a', 'http://100.64.0.1/');
  });

  test('this host, its links and the secrets of its cloud may not, however they are written', () => {
    refuses(undefined, 'http://127.0.0.1/', 'http://127.1/', 'http://0x7f000001/', 'http://2130706433/');
    refuses(
      undefined,
      'http://[::1]/',
      'http://[::ffff:127.0.0.1]/',
      'http://[::ffff:7f00:1]/',
      'http://[::]/',
    );
    refuses(undefined, 'http://0.0.0.0/', 'http://0/', 'http://169.254.169.254/latest', 'http://[fe80::1]/');
    refuses(
      undefined,
      'http://[fd00:ec2::254]/',
      'http://224.0.0.1/',
      'http://[ff02::1]/',
      'http://255.255.255.255/',
    );
    refuses(
      undefined,
      'http://[64:ff9b::7f00:1]/',
      'http://[2002:7f00:1::]/',
      'http://[::ffff:169.254.169.254]/',
    );
  });

  test('nothing but http and https is spoken', () => {
    refuses(
      undefined,
      'file:///etc/passwd',
      'ftp://192.0.2.1/',
      'nfs://192.0.2.1/',
      'gopher://192.0.2.1/',
      'x',
      '',
    );
  });
});

describe('a list', () => {
  test('allows what it names, and nothing else', () => {
    const list = ['127.0.0.1', '192.0.2.0/24', '2001:db8::/32', 'images.example.org'];
    takes(list, 'http://127.0.0.1:8080/', 'http://192.0.2.77/', 'http://[2001:db8::7]/');
    refuses(list, 'http://127.0.0.2/', 'http://192.0.3.1/', 'http://[2001:db9::]/', 'http://10.0.0.1/');
  });

  test('may name everything', () => takes(['any'], 'http://127.0.0.1/', 'http://[fe80::1]/'));

  test('may be empty: then nothing is allowed', () => refuses([], 'http://192.0.2.1/'));

  test('with something that is no rule is refused', () => {
    for (const rule of ['192.0.2.0/33', 'a b', 'http://x', '*', 'x..y', '-a', '']) {
      expect(() => new Destinations([rule]), rule).toThrow(QuintupleoError);
    }
  });
});

describe('a name', () => {
  const resolving = (allow: readonly string[] | undefined, ...addresses: string[]) =>
    new Destinations(allow, async () =>
      addresses.map(address => ({ address, family: address.includes(':') ? 6 : 4 })),
    );
  const found = (destinations: Destinations, name: string) =>
    new Promise((resolve, reject) => {
      destinations.lookup(name, { all: true }, (error, all) => (error ? reject(error) : resolve(all)));
    });

  test('leads to those of its addresses that are allowed', async () => {
    const destinations = resolving(undefined, '127.0.0.1', '192.0.2.1', '::1');
    expect(await found(destinations, 'mixed.example.org')).toEqual([{ address: '192.0.2.1', family: 4 }]);
  });

  test('that is an address which is not allowed leads nowhere', async () => {
    for (const address of ['127.0.0.1', '169.254.169.254', '::1', 'fe80::1%eth0', '::ffff:127.0.0.1']) {
      await expect(found(resolving(undefined, address), 'x.example.org'), address).rejects.toMatchObject({
        code: 'DESTINATION_REFUSED',
      });
    }
  });

  test('on the list leads wherever it leads', async () => {
    const list = ['images.example.org', '*.lab.example.org'];
    const here = [{ address: '127.0.0.1', family: 4 }];
    const destinations = resolving(list, '127.0.0.1');
    for (const name of [
      'images.example.org',
      'IMAGES.example.org.',
      'a.lab.example.org',
      'a.b.lab.example.org',
    ])
      expect(await found(destinations, name), name).toEqual(here);
    for (const name of ['example.org', 'lab.example.org', 'xlab.example.org', 'images.example.org.evil.test'])
      await expect(found(destinations, name), name).rejects.toThrow();
  });
});

test('a connection is looked at when it is made, whatever the name was before', async () => {
  const server = createServer((_, response) => response.end('secret')).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  let asked = 0;
  const addresses = ['192.0.2.1', '127.0.0.1'];
  const destinations = new Destinations(undefined, async () => [
    { address: addresses[Math.min(asked++, 1)] ?? '', family: 4 },
  ]);
  try {
    await new Promise<void>(resolve => destinations.lookup('rebinds.test', {}, () => resolve()));
    const agent = destinations.agent(connection);
    for (const host of ['rebinds.test', '127.0.0.1', '[::ffff:127.0.0.1]', 'localhost']) {
      const asking = request(`http://${host}:${port}/`, { dispatcher: agent });
      await expect(asking, host).rejects.toMatchObject({ code: 'DESTINATION_REFUSED' });
    }
    await agent.destroy();
    const allowed = new Destinations(['127.0.0.1']).agent(connection);
    const answer = await request(`http://127.0.0.1:${port}/`, { dispatcher: allowed });
    expect(await answer.body.text()).toBe('secret');
    await allowed.destroy();
  } finally {
    server.close();
  }
});

test('no loopback address is ever allowed by default', () => {
  const destinations = new Destinations();
  fc.assert(
    fc.property(fc.integer({ min: 0x7f000000, max: 0x7fffffff }), number => {
      expect(destinations.refusal(`http://${number}/`)).toBeDefined();
      expect(
        destinations.refusal(
          `http://[::ffff:${(number >>> 16).toString(16)}:${(number & 0xffff).toString(16)}]/`,
        ),
      ).toBeDefined();
    }),
  );
});

test('an address of IPv6 can be connected to where it is allowed', async () => {
  const server = createServer((_, response) => response.end('here')).listen(0, '::1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const agent = new Destinations(['::1']).agent(connection);
  try {
    const answer = await request(`http://[::1]:${port}/`, { dispatcher: agent });
    expect(await answer.body.text()).toBe('here');
  } finally {
    await agent.destroy();
    server.close();
  }
});
