import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { ipmitool } from './clients.ts';
import { type ClientLab, startLab } from './lab.ts';
import { runClient } from './programs.ts';

/** Boot flags read back as written, and one boot uses up what was meant for one boot. */

let lab: ClientLab;

beforeAll(async () => {
  lab = await startLab({ node: {} });
});

afterAll(() => lab[Symbol.asyncDispose]());

async function run(args: string): Promise<string> {
  const { text } = await runClient(ipmitool(lab.endpoint('node'), {}, args.split(' ')), lab.folder);
  return text;
}

const devices: Readonly<Record<string, readonly [selector: number, text: string]>> = {
  pxe: [0x04, 'Force PXE'],
  disk: [0x08, 'Force Boot from default Hard-Drive'],
  safe: [0x0c, 'Force Boot from default Hard-Drive, request Safe-Mode'],
  diag: [0x10, 'Force Boot from Diagnostic Partition'],
  cdrom: [0x14, 'Force Boot from CD/DVD'],
  bios: [0x18, 'Force Boot into BIOS Setup'],
  floppy: [0x3c, 'Force Boot from Floppy/primary removable media'],
};

const options: readonly (readonly [options: string, flags: number])[] = [
  ['', 0x80],
  [' options=persistent', 0xc0],
  [' options=efiboot', 0xa0],
  [' options=persistent,efiboot', 0xe0],
];

const combinations = Object.entries(devices).flatMap(([device, [selector, text]]) =>
  options.map(([option, flags]) => ({ device, selector, text, option, flags })),
);

test.each(combinations)('bootdev $device$option', async ({ device, selector, text, option, flags }) => {
  expect(await run(`chassis bootdev ${device}${option}`)).toBe(`Set Boot Device to ${device}\n`);
  const read = await run('chassis bootparam get 5');
  expect(read).toContain(
    `Boot parameter data: ${flags.toString(16)}${selector.toString(16).padStart(2, '0')}000000`,
  );
  expect(read).toContain('Boot Flag Valid');
  expect(read).toContain(`Boot Device Selector : ${text}\n`);
  expect(read).toContain(`Options apply to ${flags & 0x40 ? 'all future boots' : 'only next boot'}`);
  expect(read).toContain(flags & 0x20 ? 'BIOS EFI boot' : 'BIOS PC Compatible (legacy) boot');
});

test('options that mean nothing to a virtual machine read back as well', async () => {
  await run(
    'chassis bootdev pxe options=persistent,clear-cmos,lockkbd,screenblank,verbose=yes,cons_redirect=enable',
  );
  const read = await run('chassis bootparam get 5');
  expect(read).toContain('Boot Device Selector : Force PXE');
  expect(read).toContain('CMOS Clear');
  expect(read).toContain('Lock Keyboard');
  expect(read).toContain('Screen blank');
  expect(read).toContain('Request Verbose Display');
  expect(read).toContain('Request console redirection be enabled');
});

test('bootdev none takes the override back', async () => {
  await run('chassis bootdev pxe options=persistent');
  expect(await run('chassis bootdev none')).toBe('Set Boot Device to none\n');
  expect(await run('chassis bootparam get 5')).toContain('Boot Device Selector : No override');
});

test('a reserved device is refused, and changes nothing', async () => {
  await run('chassis bootdev cdrom options=persistent');
  expect(await run('raw 0x00 0x08 0x05 0x80 0x28 0x00 0x00 0x00')).toContain('Invalid data field in request');
  expect(await run('chassis bootparam get 5')).toContain('Force Boot from CD/DVD');
});

describe('an override', () => {
  async function bootedTo(): Promise<string> {
    const { body } = await lab.daemon.call<{ kind: string; message: string }[]>(
      'GET',
      '/v1/labs/clients/nodes/node/events',
    );
    return body.map(event => JSON.stringify(event)).join('\n');
  }

  test('for one boot is used by the power on, and by no other', async () => {
    await run('power off');
    await run('chassis bootdev pxe options=efiboot');
    await run('power on');
    await expect.poll(() => run('power status')).toContain('is on');
    const read = await run('chassis bootparam get 5');
    expect(read).toContain('Boot Flag Invalid');
    expect(read).toContain('Boot parameter data: 2004000000');
    expect(await bootedTo()).toContain('was used by this boot');
    expect((await lab.status('node')).boot.enabled).toBe('disabled');
  });

  test('for all boots stays', async () => {
    await run('chassis bootdev disk options=persistent');
    await run('power cycle');
    await run('power reset');
    expect(await run('chassis bootparam get 5')).toContain('Boot parameter data: c008000000');
    await run('power off');
    expect((await lab.status('node')).boot).toMatchObject({ enabled: 'continuous', target: 'disk' });
  });

  test('is there after the daemon was', async () => {
    await run('chassis bootdev bios options=persistent,efiboot');
    await lab.restart();
    expect(await run('chassis bootparam get 5')).toContain('Boot parameter data: e018000000');
  });
});
