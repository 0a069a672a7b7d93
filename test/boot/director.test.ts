import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { request } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { mostReports, type SavedAssignments } from '../../src/boot/assignments.ts';
import type { DeployFiles } from '../../src/boot/deploy-files.ts';
import { type BootDirectorOptions, createBootDirector } from '../../src/boot/director.ts';
import { baseUrl, parseMac } from '../../src/boot/ipxe-scripts.ts';
import { VirtualClock } from '../../src/support/clock.ts';
import { memoryDocument } from '../../src/support/document.ts';
import { QuintupleoError } from '../../src/support/errors.ts';
import { silentLog } from '../../src/support/log.ts';

const mac = '20:57:f8:00:00:01';
const host = '192.168.123.1:8080';

let folder = '';
let files: DeployFiles;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'quintupleo-director-'));
  for (const name of ['vmlinuz', 'initrd', 'disk.img']) await writeFile(join(folder, name), `the ${name}`);
  files = {
    kernel: join(folder, 'vmlinuz'),
    ramdisk: join(folder, 'initrd'),
    image: { path: join(folder, 'disk.img'), size: 12, sha256: 'cd'.repeat(32) },
    packages: [],
  };
});
afterAll(() => rm(folder, { recursive: true, force: true }));

async function makeDirector(options: Partial<BootDirectorOptions> = {}) {
  let tokens = 0;
  const director = await createBootDirector({
    nodeOf: address => (address === mac ? 'node-1' : undefined),
    deployFiles: async () => files,
    document: memoryDocument<SavedAssignments>(),
    log: silentLog,
    clock: new VirtualClock(),
    token: () => `token${++tokens}`,
    ...options,
  });
  const ask = (path: string, init: RequestInit = {}, from = host) =>
    director.fetch(
      new Request(`http://${host}${path}`, { ...init, headers: { host: from, ...init.headers } }),
    );
  const text = async (path: string) => (await ask(path)).text();
  const report = (query: string, of = mac) => ask(`/report/${of}?${query}`, { method: 'POST' });
  return { director, ask, text, report };
}

describe('scripts', () => {
  test('the first one leads a machine to its own, under the name by which it came', async () => {
    const { ask } = await makeDirector();
    for (const from of [host, '10.0.2.2:8080', '[fe80::b:c%25net0]']) {
      const script = await (await ask('/boot.ipxe', {}, from)).text();
      expect(script).toMatch(/^#!ipxe\n/);
      expect(script).toContain(`chain --replace --timeout 20000 http://${from}/boot/\${netX/mac:hexhyp} ||`);
    }
  });

  test('a Host header that could carry commands is refused', async () => {
    const { ask } = await makeDirector();
    for (const from of ['a b', 'x || poweroff', '$' + '{evil}', 'host:123456', 'h/../x', 'a'.repeat(200)]) {
      expect((await ask('/boot.ipxe', {}, from)).status, from).toBe(400);
      expect((await ask(`/boot/${mac}`, {}, from)).status, from).toBe(400);
    }
  });

  test('a node without an assignment goes on to its next boot device', async () => {
    const { ask } = await makeDirector();
    const response = await ask(`/boot/${mac}`);
    expect(response.status).toBe(200);
    const script = await response.text();
    expect(script).toContain('nothing to deploy on node-1');
    expect(script).toMatch(/exit 1\n$/);
    expect(script).not.toContain('kernel');
  });

  test('a machine that is no node is told so', async () => {
    const { ask } = await makeDirector();
    const response = await ask('/boot/52-54-00-12-34-56');
    expect(response.status).toBe(404);
    expect(await response.text()).toContain('52:54:00:12:34:56 is no node of a lab here');
  });

  test('what is no MAC address is refused', async () => {
    const { ask } = await makeDirector();
    for (const address of ['x', '20:57:f8:00:00', '20:57:f8:00:00:01:02', '20:57:f8:00:00:0g']) {
      expect((await ask(`/boot/${address}`)).status, address).toBe(400);
    }
  });

  test('an assigned node gets kernel, ramdisk and what these need to know', async () => {
    const { director, text } = await makeDirector();
    const token = await director.assign(mac, { kind: 'deploy' });
    const script = await text('/boot/20-57-F8-00-00-01');
    const base = `http://${host}`;
    expect(script).toContain(`kernel ${base}/deploy/${mac}/vmlinuz initrd=initrd `);
    expect(script).toContain(`initrd --name initrd ${base}/deploy/${mac}/initrd`);
    expect(script).toContain(` quintupleo.report=${base}/report/${mac}?token=${token} `);
    expect(script).toContain(` quintupleo.image=${base}/deploy/${mac}/disk.img `);
    expect(script).toContain(` quintupleo.sha256=${files.image.sha256} `);
    expect(script).toContain(' console=ttyS0');
  });

  test('a node whose disk is written is left alone', async () => {
    const { director, text, report } = await makeDirector();
    const token = await director.assign(mac, { kind: 'deploy' });
    await report(`token=${token}&stage=ramdisk`);
    expect(await text(`/boot/${mac}`)).toContain('kernel ');
    await report(`token=${token}&stage=deployed`);
    expect(await text(`/boot/${mac}`)).toContain('nothing to deploy');
  });
});

describe('files', () => {
  test('are those that the node was assigned', async () => {
    const { director, ask, text } = await makeDirector();
    expect((await ask(`/deploy/${mac}/vmlinuz`)).status).toBe(404);
    await director.assign(mac, { kind: 'deploy' });
    for (const name of ['vmlinuz', 'initrd', 'disk.img']) {
      expect(await text(`/deploy/${mac}/${name}`)).toBe(`the ${name}`);
    }
    expect((await ask(`/deploy/${mac}/passwd`)).status).toBe(404);
    expect((await ask(`/deploy/${mac}/..%2f..%2fetc%2fpasswd`)).status).toBe(404);
  });

  test('that cannot be made refuse the assignment', async () => {
    const unavailable = new QuintupleoError('no packages', {
      family: 'platform',
      code: 'PACKAGES_UNAVAILABLE',
    });
    const { director, text } = await makeDirector({ deployFiles: () => Promise.reject(unavailable) });
    await expect(director.assign(mac, { kind: 'deploy' })).rejects.toBe(unavailable);
    expect(await text(`/boot/${mac}`)).toContain('nothing to deploy');
  });

  test('are made once for all who ask meanwhile, and again later', async () => {
    let made = 0;
    const { director } = await makeDirector({
      deployFiles: async () => {
        made++;
        await new Promise(setImmediate);
        return files;
      },
    });
    await Promise.all(
      [mac, '20:57:f8:00:00:02'].map(address => director.assign(address, { kind: 'deploy' })),
    );
    expect(made).toBe(1);
    await director.assign(mac, { kind: 'deploy' });
    expect(made).toBe(2);
  });

  test('that come too late are assigned to nobody', async () => {
    const stop = new AbortController();
    const { director } = await makeDirector({
      deployFiles: async () => {
        stop.abort(new Error('enough'));
        return files;
      },
    });
    await expect(director.assign(mac, { kind: 'deploy' }, stop.signal)).rejects.toThrow('enough');
    expect(director.assignment(mac)).toBeUndefined();
  });

  test('that are gone from the disk are an error, not a crash', async () => {
    const gone: DeployFiles = { ...files, kernel: join(folder, 'gone') };
    const { director, ask } = await makeDirector({ deployFiles: async () => gone });
    await director.assign(mac, { kind: 'deploy' });
    expect((await ask(`/deploy/${mac}/vmlinuz`)).status).toBe(500);
  });
});

describe('reports', () => {
  test('are kept in order, with their time and details, and told to listeners', async () => {
    const clock = new VirtualClock(1_000);
    const { director, report } = await makeDirector({ clock });
    const heard: string[] = [];
    const stop = director.onReport(({ stage }) => heard.push(stage));
    const token = await director.assign(mac, { kind: 'deploy' });
    expect((await report(`token=${token}&stage=ramdisk&address=192.0.2.7&note=a+b`)).status).toBe(204);
    await clock.advance(500);
    await report(`token=${token}&stage=deployed`);
    stop();
    await report(`token=${token}&stage=disk`);
    expect(director.reports(mac)).toEqual([
      { at: 1_000, mac, stage: 'ramdisk', detail: { address: '192.0.2.7', note: 'a b' } },
      { at: 1_500, mac, stage: 'deployed', detail: {} },
      { at: 1_500, mac, stage: 'disk', detail: {} },
    ]);
    expect(heard).toEqual(['ramdisk', 'deployed']);
  });

  test('of an earlier run, or of nobody, are refused', async () => {
    const { director, report } = await makeDirector();
    expect((await report('token=&stage=ramdisk')).status).toBe(403);
    const old = await director.assign(mac, { kind: 'deploy' });
    await report(`token=${old}&stage=ramdisk`);
    const current = await director.assign(mac, { kind: 'deploy' });
    expect(director.reports(mac)).toEqual([]);
    expect((await report(`token=${old}&stage=disk`)).status).toBe(403);
    expect((await report(`token=${current}&stage=ramdisk`, '20:57:f8:00:00:02')).status).toBe(403);
    expect(director.reports(mac)).toEqual([]);
  });

  test('are bounded in number and size', async () => {
    const { director, report } = await makeDirector();
    const token = await director.assign(mac, { kind: 'deploy' });
    for (let count = 0; count < mostReports + 5; count++) await report(`token=${token}&stage=s${count}`);
    expect(director.reports(mac)).toHaveLength(mostReports);
    expect(director.reports(mac).at(-1)?.stage).toBe(`s${mostReports + 4}`);

    const many = Array.from({ length: 40 }, (_, key) => `k${key}=${'v'.repeat(20)}`).join('&');
    await report(`token=${token}&stage=many&${many}`);
    expect(Object.keys(director.reports(mac).at(-1)?.detail ?? {}).length).toBeLessThanOrEqual(16);
    await report(`token=${token}&stage=long&text=${'v'.repeat(1_000)}`);
    expect(director.reports(mac).at(-1)?.detail.text).toHaveLength(256);
    expect((await report(`token=${token}&stage=huge&text=${'v'.repeat(5_000)}`)).status).toBe(414);
    expect((await report(`token=${token}&stage=Not%20a%20stage`)).status).toBe(400);
  });

  test('carry nothing that steers a terminal', async () => {
    const { director, report } = await makeDirector();
    const token = await director.assign(mac, { kind: 'deploy' });
    await report(`token=${token}&stage=ramdisk&text=${encodeURIComponent('\u001b[2Jhello\n')}`);
    expect(director.reports(mac)[0]?.detail.text).toBe(' [2Jhello ');
  });

  test('whatever is sent, the answer is one of those that are known', async () => {
    const { director, ask } = await makeDirector();
    await director.assign(mac, { kind: 'deploy' });
    await fc.assert(
      fc.asyncProperty(fc.webPath(), fc.webQueryParameters(), async (path, query) => {
        const response = await ask(`/report${path}?${query}`, { method: 'POST' });
        expect([400, 403, 404, 414]).toContain(response.status);
      }),
    );
    expect(director.reports(mac)).toEqual([]);
  });

  test('and assignments survive a restart', async () => {
    const document = memoryDocument<SavedAssignments>();
    const first = await makeDirector({ document });
    const token = await first.director.assign(mac, { kind: 'deploy' });
    await first.report(`token=${token}&stage=ramdisk`);

    const second = await makeDirector({ document });
    expect(second.director.reports(mac).map(({ stage }) => stage)).toEqual(['ramdisk']);
    expect(await second.text(`/boot/${mac}`)).toContain(`token=${token}`);
    expect((await second.report(`token=${token}&stage=deployed`)).status).toBe(204);

    await second.director.clear(mac);
    const third = await makeDirector({ document });
    expect(third.director.assignment(mac)).toBeUndefined();
  });

  test('of a file that cannot be understood are given up, so that the director starts', async () => {
    const document = memoryDocument<SavedAssignments>();
    await document.write(JSON.parse(`{"${mac}":{"kind":"rescue"}}`));
    const { director } = await makeDirector({ document });
    expect(director.assignment(mac)).toBeUndefined();
  });

  test('that come at the same time are all on disk when they are answered', async () => {
    const document = memoryDocument<SavedAssignments>();
    const { director, report } = await makeDirector({ document });
    const token = await director.assign(mac, { kind: 'deploy' });
    await Promise.all([1, 2, 3, 4].map(count => report(`token=${token}&stage=s${count}`)));
    expect((await document.read())?.[mac]?.reports).toHaveLength(4);
  });
});

describe('listening', () => {
  test('serves real clients, at several addresses, and stops', async () => {
    const { director } = await makeDirector();
    await director.assign(mac, { kind: 'deploy' });
    const listener = await director.listen('127.0.0.1', 0);
    const other = await director.listen('127.0.0.2', listener.port);
    const url = `http://127.0.0.1:${listener.port}`;
    expect(await (await fetch(`${url}/boot.ipxe`)).text()).toContain(url);
    const image = await fetch(`${url}/deploy/${mac}/disk.img`, { headers: { range: 'bytes=4-' } });
    expect([image.status, await image.text()]).toEqual([206, 'disk.img']);
    await other.close();
    await director.close();
    await expect(fetch(`${url}/boot.ipxe`)).rejects.toThrow();
  });

  test('answers machines that name it by an address with a zone, as firmware does', async () => {
    const { director } = await makeDirector();
    const { port } = await director.listen('127.0.0.1', 0);
    const base = `[fe80::b:c%25net0]:${port}`;
    const script = await new Promise<string>((resolve, reject) => {
      const asking = request({ port, path: '/boot.ipxe', headers: { host: base } }, async response => {
        response.setEncoding('utf8');
        resolve((await response.toArray()).join(''));
      });
      asking.once('error', reject).end();
    });
    expect(script).toContain(`http://${base}/boot/`);
    await director.close();
  });

  test('says so when the address is taken', async () => {
    const { director } = await makeDirector();
    const { port } = await director.listen('127.0.0.1', 0);
    await expect(director.listen('127.0.0.1', port)).rejects.toMatchObject({ code: 'BOOT_ADDRESS' });
    await director.close();
  });
});

test('MAC addresses are spelled one way', () => {
  expect(parseMac('20-57-F8-00-00-01')).toBe(mac);
  expect(parseMac('2057f8000001')).toBeUndefined();
});

test('base URLs come from harmless Host headers only', () => {
  expect(baseUrl('lab.example:80')).toBe('http://lab.example:80');
  expect(baseUrl('[::1]:80')).toBe('http://[::1]:80');
  expect(baseUrl(undefined)).toBeUndefined();
  expect(baseUrl('')).toBeUndefined();
  expect(baseUrl('user@host')).toBeUndefined();
});
