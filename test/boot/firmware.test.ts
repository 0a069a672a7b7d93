import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { SavedAssignments } from '../../src/boot/assignments.ts';
import { isCard, linkLocalAddress } from '../../src/boot/caller.ts';
import { type BootDirectorOptions, type BootFetch, createBootDirector } from '../../src/boot/director.ts';
import { type FirmwareAsks, firmwarePatience } from '../../src/boot/firmware-desk.ts';
import { discScript, diskShell, networkScript } from '../../src/boot/firmware-scripts.ts';
import type { FirmwareAnswer, FirmwareQuestion } from '../../src/node/firmware.ts';
import { VirtualClock } from '../../src/support/clock.ts';
import { memoryDocument } from '../../src/support/document.ts';
import { silentLog } from '../../src/support/log.ts';

const mac = '20:57:f8:00:00:01';
const own = { address: 'fe80::2257:f8ff:fe00:1%pxe0', ownAddress: 'fe80::b:c%pxe0' };
const arp = [
  'IP address       HW type     Flags       HW address            Mask     Device',
  '192.0.2.7        0x1         0x2         20:57:f8:00:00:01     *        br0',
  '192.0.2.8        0x1         0x2         20:57:f8:00:00:02     *        br0',
  '192.0.2.77       0x1         0x0         00:00:00:00:00:00     *        br0',
].join('\n');

async function makeDirector(firmwareAsks?: FirmwareAsks, mediaFile?: BootDirectorOptions['mediaFile']) {
  const clock = new VirtualClock();
  const fetches: BootFetch[] = [];
  const director = await createBootDirector({
    nodeOf: address => (address === mac ? 'node-1' : undefined),
    deployFiles: () => Promise.reject(new Error('none here')),
    document: memoryDocument<SavedAssignments>(),
    log: silentLog,
    clock,
    firmwareAsks,
    mediaFile,
    neighbours: async () => arp,
  });
  director.onFetch(fetch => fetches.push(fetch));
  const ask = (boot = 'b1', of = mac, caller = own) =>
    director.fetch(
      new Request(`http://[fe80::b:c]:8623/firmware/${of}?boot=${boot}&platform=pcbios`),
      caller,
    );
  const text = async (boot?: string) => (await ask(boot)).text();
  return { director, clock, fetches, ask, text };
}

/** Answers always the same, and remembers what it was asked. */
function desk(answer: FirmwareAnswer | undefined) {
  const questions: FirmwareQuestion[] = [];
  const asks: FirmwareAsks = async question => {
    questions.push(question);
    return answer;
  };
  return { questions, asks };
}

describe('what firmware is told', () => {
  test('is one question and one answer a boot', async () => {
    const { asks, questions } = desk({ kind: 'network' });
    const { text } = await makeDirector(asks);
    expect(await text('0x6b042f2d')).toMatch(/^#!ipxe\n.*\nautoboot net0 \|\|\nexit 0\n$/);
    expect(questions).toEqual([{ mac, boot: '0x6b042f2d' }]);
  });

  test('leaves the disk to the disc that asked', async () => {
    const { text } = await makeDirector(desk({ kind: 'disk' }).asks);
    expect(await text()).toBe('#!ipxe\necho quintupleo: node-1 boots from its disk\nexit 0\n');
  });

  test('holds a machine that is about to be powered off', async () => {
    const { text } = await makeDirector(desk({ kind: 'wait' }).asks);
    const script = await text();
    expect(script).toMatch(/\n:wait\nsleep 60\ngoto wait\n$/);
    expect(script).not.toMatch(/exit|boot net0/);
  });

  test('boots media from the director itself, without DHCP, but never what iPXE would read as more than a name', async () => {
    const boot = async (image: string) => (await makeDirector(desk({ kind: 'media', image }).asks)).text();
    expect(await boot('node-1-cd-c0ffee.img')).toContain(
      `\nsanboot --no-describe http://[fe80::b:c%25net0]:8623/media/${mac}/node-1-cd-c0ffee.img ||\n`,
    );
    expect(await boot('x.img')).not.toContain('ifconf');
    expect(await boot('x.img')).toMatch(/\nexit 0\n$/);
    for (const image of ['a b', `\${net0/mac}`, 'a\nshell', '../a', 'a/b', '.a', '']) {
      expect(await boot(image), image).not.toContain('sanboot');
    }
  });

  test('is polite to machines of nobody', async () => {
    const { asks, questions } = desk(undefined);
    const { text, ask } = await makeDirector(asks);
    expect(await text()).toMatch(/is no node of a lab here, booting from the disk\nexit 0\n$/);
    const stranger = await ask('b1', '20:57:f8:00:00:02', {
      ...own,
      address: linkLocalAddress('20:57:f8:00:00:02'),
    });
    expect([stranger.status, await stranger.text()]).toEqual([200, expect.stringContaining('is no node')]);
    expect(questions).toHaveLength(1);
    expect(await (await makeDirector()).text()).toContain('is no node');
  });

  test('is to boot from the disk where the one who knows fails', async () => {
    const { text } = await makeDirector(() => Promise.reject(new Error('no disk space')));
    expect(await text()).toMatch(
      /nobody can say now what node-1 shall boot, booting from the disk\nexit 0\n$/,
    );
  });

  test('comes in time, and is the same for every try of a boot', async () => {
    let answer = (_: FirmwareAnswer) => {};
    let asked = 0;
    const { text, clock } = await makeDirector(() => {
      asked++;
      return new Promise(resolve => {
        answer = resolve;
      });
    });
    const first = text('b1');
    await clock.advance(firmwarePatience - 500);
    const second = text('b1');
    await clock.advance(500);
    expect(await first).toContain('nobody can say now');
    expect(await second).toContain('nobody can say now');
    expect(await text('b1')).toContain('nobody can say now');
    expect(asked).toBe(1);
    answer({ kind: 'network' });
    await clock.advance(0);
    const later = text('b1');
    await clock.advance(0);
    answer({ kind: 'network' });
    expect(await later).toContain('autoboot');
    expect(asked).toBe(2);
  });

  test('another boot does not wait for what the last one asked', async () => {
    const answers: ((answer: FirmwareAnswer) => void)[] = [];
    const { text, clock } = await makeDirector(() => new Promise(resolve => answers.push(resolve)));
    const first = text('b1');
    await clock.advance(0);
    const second = text('b2');
    await clock.advance(0);
    answers[1]?.({ kind: 'network' });
    expect(await second).toContain('autoboot');
    answers[0]?.({ kind: 'disk' });
    expect(await first).toContain('its disk');
  });

  test('needs a MAC address and the name of a boot', async () => {
    const { ask } = await makeDirector(desk({ kind: 'disk' }).asks);
    for (const boot of ['', 'a b', 'x'.repeat(65), '%24']) expect((await ask(boot)).status, boot).toBe(400);
    expect((await ask('b1', 'nonsense')).status).toBe(400);
  });
});

describe('nobody but the card itself', () => {
  test('is told what its node boots', async () => {
    const { asks, questions } = desk({ kind: 'network' });
    const { director, ask, fetches } = await makeDirector(asks);
    const callers = [
      { ...own, address: 'fe80::2257:f8ff:fe00:2%pxe0' },
      { ...own, address: own.ownAddress },
      { address: '192.0.2.8', ownAddress: '192.0.2.1' },
      { address: '192.0.2.9', ownAddress: '192.0.2.1' },
      { address: '::ffff:192.0.2.8', ownAddress: '::ffff:192.0.2.1' },
      { address: '2001:db8::7', ownAddress: '2001:db8::1' },
    ];
    for (const caller of callers) {
      expect((await ask('b1', mac, caller)).status, caller.address).toBe(403);
      for (const path of [`boot/${mac}`, `deploy/${mac}/vmlinuz`, `media/${mac}/a.img`]) {
        const request = new Request(`http://192.0.2.1/${path}`, { headers: { host: '192.0.2.1' } });
        expect((await director.fetch(request, caller)).status, caller.address).toBe(403);
      }
    }
    expect(questions).toEqual([]);
    expect(fetches.every(({ status }) => status === 403)).toBe(true);
    expect(
      (await ask('b1', mac, { address: '::ffff:192.0.2.7', ownAddress: '::ffff:192.0.2.1' })).status,
    ).toBe(200);
  });

  test('except on this host, where machines on user networking have no address of their own', async () => {
    const neighbours = async () => arp;
    for (const address of ['127.0.0.1', '::1', '10.1.2.3']) {
      expect(await isCard({ address, ownAddress: address }, mac, neighbours), address).toBe(true);
    }
  });

  test('has the link-local address that follows from its MAC address', () => {
    expect(linkLocalAddress(mac)).toBe('fe80::2257:f8ff:fe00:1');
    expect(linkLocalAddress('02:00:00:00:00:00')).toBe('fe80::ff:fe00:0');
    const byte = fc.integer({ min: 0, max: 255 });
    fc.assert(
      fc.property(fc.array(byte, { minLength: 6, maxLength: 6 }), bytes => {
        const address = linkLocalAddress(bytes.map(one => one.toString(16).padStart(2, '0')).join(':'));
        expect(address).toMatch(/^fe80::[0-9a-f:]*ff:fe[0-9a-f]{2}:[0-9a-f]{1,4}$/);
      }),
    );
  });
});

test('an image is for the node that has it, whole or in parts', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'quintupleo-media-'));
  try {
    const path = join(folder, 'node-1-cd-0.img');
    await writeFile(path, 'the whole image');
    const slots = new Map([[`${mac} node-1-cd-0.img`, path]]);
    const { director, fetches } = await makeDirector(undefined, (of, image) => slots.get(`${of} ${image}`));
    const ask = (name: string, init: RequestInit = {}) =>
      director.fetch(new Request(`http://[fe80::b:c]:8623/media/${mac}/${name}`, init), own);
    expect(await (await ask('node-1-cd-0.img')).text()).toBe('the whole image');
    const part = await ask('node-1-cd-0.img', { headers: { range: 'bytes=4-8' } });
    expect([part.status, await part.text()]).toEqual([206, 'whole']);
    const head = await ask('node-1-cd-0.img', { method: 'HEAD' });
    expect([head.status, head.headers.get('content-length'), await head.text()]).toEqual([200, '15', '']);
    for (const name of ['other.img', '..%2fnode-1-cd-0.img', '%2e%2e'])
      expect((await ask(name)).status).toBe(404);
    slots.clear();
    expect((await ask('node-1-cd-0.img')).status).toBe(404);
    expect(fetches[0]).toMatchObject({ mac, what: 'media', file: 'node-1-cd-0.img', status: 200, bytes: 15 });
  } finally {
    await rm(folder, { recursive: true });
  }
});

test('every answer is an event', async () => {
  const { director, fetches, text } = await makeDirector(desk({ kind: 'disk' }).asks);
  const said = await text();
  await director.fetch(new Request('http://h/nowhere/else'));
  await director.fetch(new Request(`http://h/deploy/${mac}/vmlinuz`));
  expect(fetches).toEqual([
    {
      at: expect.any(Number),
      mac,
      what: 'firmware',
      answer: 'disk',
      file: undefined,
      status: 200,
      bytes: said.length,
    },
    {
      at: expect.any(Number),
      mac: undefined,
      what: 'other',
      answer: undefined,
      file: undefined,
      status: 404,
      bytes: 0,
    },
    {
      at: expect.any(Number),
      mac,
      what: 'deploy',
      answer: undefined,
      file: 'vmlinuz',
      status: 404,
      bytes: 0,
    },
  ]);
});

describe('the disc', () => {
  test('asks a few times in the name of one boot, and then boots from the disk', () => {
    const script = discScript('bios').split('\n');
    expect(script.filter(line => line.startsWith('set boot '))).toHaveLength(1);
    const ask = script.find(line => line.startsWith('imgfetch')) ?? '';
    expect(ask).toContain(
      `http://[fe80::b:c%25net0]:8623/firmware/\${net0/mac:hexhyp}?boot=\${boot}&platform=`,
    );
    expect(script.slice(script.indexOf(':disk'))).toEqual([
      ':disk',
      'sanboot --no-describe --drive 0x80 ||',
      'exit 1',
      '',
    ]);
  });

  test('for rescue asks nobody, and goes on to the disk where a network boot fails; a disk tries again', () => {
    expect(networkScript('disc')).not.toContain('fe80');
    expect(networkScript('disc')).toMatch(
      /\nautoboot \|\|\n(.*\n)*iseq \$\{platform\} pcbios && sanboot .*\nexit 1\n$/,
    );
    expect(networkScript('disk')).toMatch(/\n:again\n(.*\n)*autoboot \|\|\nsleep 5\ngoto again\n$/);
  });

  test('under UEFI lets the shell look for a disk that the firmware does not boot by itself', () => {
    expect(discScript('uefi')).toContain('chain file:/shellx64.efi');
    expect(diskShell()).toContain('\\EFI\\BOOT\\BOOTX64.EFI');
    expect(diskShell()).toMatch(/^@echo -off\r\n/);
  });
});
