import { describe, expect, test } from 'vitest';
import { nodeStatus } from './fake-daemon.ts';
import { TwoLabs } from './two-labs.ts';

const here = new TwoLabs();

describe('boot', () => {
  test('sets an override, for one boot unless told otherwise', async () => {
    const boot = { enabled: 'continuous', target: 'pxe', revision: 1 };
    here.daemon.answers.set('PUT /v1/labs/other/nodes/lone/boot', {
      json: { ...nodeStatus('other', 'lone'), boot, firmware: 'uefi' },
    });
    expect(await here.run('boot', 'lone', 'pxe', '--persist', '--uefi')).toEqual({
      status: 0,
      out: 'other/lone: pxe, at every boot; UEFI\n',
      err: '',
    });
    await here.run('boot', 'lone', 'bios');
    await here.run('boot', 'lone', 'none');
    expect(here.daemon.asked.filter(({ what }) => what.startsWith('PUT')).map(({ body }) => body)).toEqual([
      { target: 'pxe', enabled: 'continuous', mode: 'uefi' },
      { target: 'bios-setup', enabled: 'once' },
      { target: 'default', enabled: 'disabled' },
    ]);
  });

  test('without a target shows it', async () => {
    expect((await here.run('boot', 'lone')).out).toBe(
      'other/lone: no override: boots as its firmware does, from its first disk; BIOS\n',
    );
    expect(JSON.parse((await here.run('boot', 'lone', '--json')).out)).toEqual({
      ...{ lab: 'other', node: 'lone' },
      boot: { enabled: 'disabled', target: 'default', mode: 'bios' },
    });
  });

  test.each([
    [['lone', 'floppy'], '"floppy" is no boot target.'],
    [['lone', 'pxe', '--once', '--persist'], '--once and --persist exclude each other.'],
    [['lone', 'pxe', '--uefi', '--legacy'], '--uefi and --legacy exclude each other.'],
  ])('%j is wrong', async (args, message) => {
    const { status, err } = await here.run('boot', ...args);
    expect(status).toBe(2);
    expect(err).toContain(message);
  });
});

describe('why', () => {
  const finding = { check: 'BMC', result: 'ok', message: 'answers' };

  test('says that nothing stands in the way, or what does', async () => {
    here.daemon.answers.set('GET /v1/labs/other/nodes/lone/why', { json: [finding] });
    expect(await here.run('why', 'lone')).toEqual({
      status: 0,
      out: 'ok    BMC: answers\n\nNothing stands in the way of a network boot of other/lone.\n',
      err: '',
    });
    const fault = { check: 'instance', result: 'fail', message: 'there is none', remedy: 'Run up again.' };
    here.daemon.answers.set('GET /v1/labs/other/nodes/lone/why', { json: [finding, fault] });
    const { status, out } = await here.run('why', 'lone');
    expect(status).toBe(1);
    expect(out).toContain(
      'fail  instance: there is none\n      Run up again.\n\nOne thing stands in the way',
    );
    const json = JSON.parse((await here.run('why', 'lone', '--json')).out);
    expect(json).toEqual([{ ...finding, remedy: null }, fault]);
  });
});
