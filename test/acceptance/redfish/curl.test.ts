import { spawn } from 'node:child_process';
import { writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { hasProgram, runClient } from '../ipmi/programs.ts';
import { login, type RedfishLab, reader, startRedfishLab } from './lab.ts';

/** The habits of people with curl, who trust the lab's certificate and nothing else. */

/** What curl was answered. */
interface Reply {
  readonly status: number;
  /** By their names in lower case. */
  readonly headers: Readonly<Record<string, string | undefined>>;
  readonly body: Readonly<Record<string, unknown>>;
}

const root = '/redfish/v1';
const system = `${root}/Systems/node-1`;
const json = ['-H', 'Content-Type: application/json'];
const as = ({ user, password }: { readonly user: string; readonly password: string }) => [
  '-u',
  `${user}:${password}`,
];
const withToken = (token: string | undefined) => ['-H', `X-Auth-Token: ${token}`];
const post = (content: unknown) => [...json, '-d', JSON.stringify(content)];
const patch = (content: unknown) => ['-X', 'PATCH', ...post(content)];

describe.skipIf(!hasProgram('curl'))('curl', () => {
  let lab: RedfishLab;
  let images: ReturnType<typeof createServer>;

  beforeAll(async () => {
    lab = await startRedfishLab({ name: 'simulated', latency: 50, faultRate: 0, seed: 1 });
    images = createServer((_, response) => response.end(Buffer.alloc(4096)));
    await new Promise<void>(resolve => images.listen(0, '127.0.0.1', resolve));
  });

  afterAll(async () => {
    images?.close();
    await lab?.[Symbol.asyncDispose]();
  });

  const url = (path: string) => `${lab.url('own', 'node-1')}${path}`;
  const run = (...args: readonly string[]) =>
    runClient(['curl', '-sS', '--noproxy', '*', ...args], lab.folder);

  async function curl(path: string, ...args: readonly string[]): Promise<Reply> {
    const { text } = await run('-i', '--cacert', join(lab.folder, 'lab.pem'), ...args, url(path));
    // What comes before the last head is `100 Continue`.
    const [, status = '', lines = '', body = ''] =
      text.match(/^(?:HTTP\S+ 1.*\r\n\r\n)?HTTP\S+ (\d+).*\r\n((?:.+\r\n)*)\r\n([\s\S]*)$/) ?? [];
    if (status === '') throw new Error(text);
    const fields = lines.split('\r\n').map(line => {
      const colon = line.indexOf(':');
      return [line.slice(0, colon).toLowerCase(), line.slice(colon + 1).trim()] as const;
    });
    return {
      status: Number(status),
      headers: Object.fromEntries(fields),
      body: body.startsWith('{') ? (JSON.parse(body) as Reply['body']) : {},
    };
  }

  test('knows the service by the lab’s certificate, under its address and as localhost', async () => {
    const { port } = new URL(url(''));
    for (const host of ['127.0.0.1', 'localhost']) {
      const { status, text } = await run(
        ...['--cacert', join(lab.folder, 'lab.pem')],
        ...['--resolve', `localhost:${port}:127.0.0.1`, `https://${host}:${port}/redfish`],
      );
      expect({ status, text: text.trim() }).toEqual({ status: 0, text: '{"v1":"/redfish/v1/"}' });
    }
    // 60: the certificate cannot be verified.
    expect((await run(url('/redfish'))).status).toBe(60);
    const elsewhere = ['--resolve', `elsewhere.example:${port}:127.0.0.1`];
    const trusted = ['--cacert', join(lab.folder, 'lab.pem')];
    const misnamed = await run(...trusted, ...elsewhere, `https://elsewhere.example:${port}/redfish`);
    expect(misnamed.status).toBe(60);
  });

  test('logs in, uses the token, and logs out', async () => {
    const session = await curl(
      `${root}/SessionService/Sessions`,
      ...post({ UserName: login.user, Password: login.password }),
    );
    expect(session.status).toBe(201);
    const { location = '', 'x-auth-token': token } = session.headers;
    expect(session.body).toMatchObject({ '@odata.id': location, UserName: login.user, Password: null });
    expect(await curl(system, ...withToken(token))).toMatchObject({ status: 200, body: { Id: 'node-1' } });
    expect((await curl(location, '-X', 'DELETE', ...withToken(token))).status).toBe(200);
    expect((await curl(system, ...withToken(token))).status).toBe(401);
  });

  test('is let in by its user’s password only, and sees no more without one than where to log in', async () => {
    expect((await curl(system, ...as(login))).status).toBe(200);
    const wrong = await curl(system, ...as({ ...login, password: 'wrong' }));
    expect(wrong.status).toBe(401);
    expect(wrong.headers['www-authenticate']).toMatch(/^Basic /);
    expect(wrong.body).toMatchObject({
      error: { '@Message.ExtendedInfo': [{ MessageId: expect.stringMatching(/^Base\./) }] },
    });
    expect((await curl(system)).status).toBe(401);
    expect((await curl(root)).status).toBe(200);
  });

  test('of somebody who may only look is refused what changes anything', async () => {
    expect((await curl(system, ...as(reader))).status).toBe(200);
    const refusals = await Promise.all([
      curl(system, ...as(reader), ...patch({ AssetTag: 'mine' })),
      curl(`${system}/Actions/ComputerSystem.Reset`, ...as(reader), ...post({ ResetType: 'On' })),
      curl(`${root}/AccountService/Accounts`, ...as(reader), ...post({ UserName: 'me' })),
    ]);
    for (const { status, body } of refusals) {
      expect(status).toBe(403);
      expect(JSON.stringify(body)).toContain('InsufficientPrivilege');
    }
    expect((await curl(system, ...as(login))).body).toMatchObject({ PowerState: 'Off' });
  });

  test('asks only for what has changed, and changes only what it has seen', async () => {
    const kept = join(lab.folder, 'etag');
    const first = await curl(system, ...as(login), '--etag-save', kept);
    expect((await curl(system, ...as(login), '--etag-compare', kept)).status).toBe(304);
    const seen = ['-H', `If-Match: ${first.headers.etag}`];
    const changed = await curl(system, ...as(login), ...seen, ...patch({ AssetTag: 'rack 7' }));
    expect([200, 204]).toContain(changed.status);
    expect((await curl(system, ...as(login), ...seen, ...patch({ AssetTag: 'rack 8' }))).status).toBe(412);
    const after = await curl(system, ...as(login), '--etag-compare', kept);
    expect(after).toMatchObject({ status: 200, body: { AssetTag: 'rack 7' } });
    expect(after.headers.etag).not.toBe(first.headers.etag);
  });

  test('has a node boot from the network once', async () => {
    const boot = { BootSourceOverrideTarget: 'Pxe', BootSourceOverrideEnabled: 'Once' };
    const told = await curl(system, ...as(login), ...patch({ Boot: boot }));
    expect([200, 204]).toContain(told.status);
    expect((await curl(system, ...as(login))).body).toMatchObject({ Boot: boot });
    const reset = await curl(
      `${system}/Actions/ComputerSystem.Reset`,
      ...as(login),
      ...post({ ResetType: 'On' }),
    );
    expect(reset.status).toBe(204);
    await expect
      .poll(async () => (await curl(system, ...as(login))).body, { timeout: 10_000 })
      .toMatchObject({
        PowerState: 'On',
        Boot: { BootSourceOverrideTarget: 'None', BootSourceOverrideEnabled: 'Disabled' },
      });
  });

  test('is told which property is wrong', async () => {
    const { status, body } = await curl(
      system,
      ...as(login),
      ...patch({ Boot: { BootSourceOverrideTarget: 'Floppy' } }),
    );
    expect(status).toBe(400);
    const text = JSON.stringify(body);
    expect(text).toContain('PropertyValueNotInList');
    expect(text).toContain('/Boot/BootSourceOverrideTarget');
    expect((await curl(system, ...as(login), ...json, '-X', 'PATCH', '-d', '{"Boot":')).status).toBe(400);
    // What curl calls content that nobody has named a type for.
    expect((await curl(system, ...as(login), '-X', 'PATCH', '-d', '{}')).status).toBe(415);
    const wrongMethod = await curl(system, ...as(login), '-X', 'PUT', ...json, '-d', '{}');
    expect(wrongMethod.status).toBe(405);
    expect(wrongMethod.headers.allow).toContain('PATCH');
  });

  test('puts a disc into the drive and takes it out', async () => {
    const drive = `${root}/Managers/node-1/VirtualMedia/Cd`;
    const image = `http://127.0.0.1:${(images.address() as AddressInfo).port}/boot.iso`;
    const inserted = await curl(
      `${drive}/Actions/VirtualMedia.InsertMedia`,
      ...as(login),
      ...post({ Image: image }),
    );
    expect(inserted.status).toBe(204);
    expect((await curl(drive, ...as(login))).body).toMatchObject({ Image: image, Inserted: true });
    const ejected = await curl(`${drive}/Actions/VirtualMedia.EjectMedia`, ...as(login), '-X', 'POST');
    expect(ejected.status).toBe(204);
    expect((await curl(drive, ...as(login))).body).toMatchObject({ Inserted: false });
  });

  test('uploads firmware, and follows the task to its end', async () => {
    const file = join(lab.folder, 'bios-2.7.1.bin');
    // Enough for curl to ask first whether it may send it.
    await writeFile(file, Buffer.alloc(2 << 20, 1));
    const { body } = await curl(`${root}/UpdateService`, ...as(login));
    const parameters = JSON.stringify({ Targets: [`${root}/UpdateService/FirmwareInventory/BIOS-node-1`] });
    const pushed = await curl(
      String(body.MultipartHttpPushUri),
      ...as(login),
      ...['-F', `UpdateParameters=${parameters};type=application/json`],
      ...['-F', `UpdateFile=@${file};type=application/octet-stream`],
    );
    expect(pushed.status).toBe(202);
    const { location = '' } = pushed.headers;
    await expect
      .poll(async () => (await curl(location, ...as(login))).status, { timeout: 10_000 })
      .not.toBe(202);
    const { '@odata.id': task = '' } = pushed.body;
    expect((await curl(String(task), ...as(login))).body).toMatchObject({
      TaskState: 'Completed',
      TaskStatus: 'OK',
    });
    expect((await curl(system, ...as(login))).body).toMatchObject({ BiosVersion: '2.7.1' });
  });

  test('asks for heads, options, parts and compressed answers', async () => {
    const head = await curl(system, ...as(login), '--head');
    expect(head).toMatchObject({ status: 200, body: {} });
    expect(head.headers['odata-version']).toBe('4.0');
    const options = await curl(system, ...as(login), '-X', 'OPTIONS');
    expect(options.status).toBe(204);
    expect(options.headers.allow).toContain('PATCH');
    const part = await curl(`${system}?$select=PowerState`, ...as(login), '--compressed');
    expect(part.status).toBe(200);
    expect(part.body).toHaveProperty('PowerState');
    expect(part.body).not.toHaveProperty('Boot');
    const slash = await curl(`${root}/`, '-L');
    expect(slash.body).toMatchObject({ RedfishVersion: expect.any(String) });
  });

  test('hears events as they come, those that it has asked for', async () => {
    const stream = spawn(
      'curl',
      [
        ...[
          '-sSN',
          '--noproxy',
          '*',
          '--max-time',
          '30',
          '--cacert',
          join(lab.folder, 'lab.pem'),
          ...as(login),
        ],
        ...['-G', '--data-urlencode', "$filter=ResourceType eq 'ComputerSystem'"],
        url(`${root}/EventService/SSE`),
      ],
      { stdio: ['ignore', 'pipe', 'inherit'] },
    );
    let heard = '';
    try {
      for await (const part of stream.stdout.setEncoding('utf8')) {
        if (heard === '') {
          await curl(
            `${system}/Actions/ComputerSystem.Reset`,
            ...as(login),
            ...post({ ResetType: 'ForceOff' }),
          );
        }
        heard += part;
        if (heard.includes('ResourcePoweredOff')) break;
      }
    } finally {
      stream.kill('SIGKILL');
    }
    expect(heard).toMatch(/^: events follow\n\nid: /);
    expect(heard).toMatch(/ResourcePoweredOff.*"\/redfish\/v1\/Systems\/node-1"/);
    expect(heard).not.toContain('TaskEvent');
  });
});
