import { expect, test } from 'vitest';
import { OpenStackError } from '../../../src/drivers/openstack/client/api-error.ts';
import type { ScreenConsole } from '../../../src/drivers/openstack/client/compute.ts';
import type { ServerState } from '../../../src/drivers/openstack/machines/power-state.ts';
import { screenOf } from '../../../src/drivers/openstack/machines/screen.ts';

const state = (vm: string, power: number): ServerState => ({
  status: power === 1 ? 'ACTIVE' : 'SHUTOFF',
  'OS-EXT-STS:vm_state': vm,
  'OS-EXT-STS:task_state': null,
  'OS-EXT-STS:power_state': power,
});
const on = state('active', 1);
const off = state('stopped', 4);

/** A cloud that gives pages of some types, and what it was asked for. */
function cloud(pages: Readonly<Partial<Record<ScreenConsole['type'], string | OpenStackError>>>) {
  const asked: string[] = [];
  return {
    asked,
    screenConsole: async (_server: string, { type }: ScreenConsole) => {
      asked.push(type);
      const page = pages[type] ?? refusal(400);
      if (typeof page !== 'string') throw page;
      return { url: page };
    },
  };
}

function refusal(status: number): OpenStackError {
  const code = status === 409 ? 'conflict' : 'bad-request';
  const request = { service: 'compute', method: 'POST', url: 'http://nova/', changes: true } as const;
  return new OpenStackError('No.', { ...request, code, status, passing: false, effect: 'none' });
}

const screen = (calls: ReturnType<typeof cloud>, seen: ServerState | undefined) =>
  screenOf(calls, 'id', seen, new AbortController().signal);

test('is the page of the first kind that the cloud has', async () => {
  const vnc = 'https://cloud:6080/vnc_auto.html';
  const spice = 'https://cloud:6082/spice_auto.html';
  expect(await screen(cloud({ novnc: vnc, 'spice-html5': spice }), on)).toEqual({ kind: 'url', url: vnc });
  expect(await screen(cloud({ 'spice-html5': spice }), undefined)).toEqual({ kind: 'url', url: spice });
});

test('is none of a server that is off, whatever page the cloud would give', async () => {
  const nova = cloud({ novnc: 'https://cloud:6080/vnc_auto.html' });
  const none = { kind: 'none', why: 'The cloud shows it only while it is on.' };
  expect(await screen(nova, off)).toEqual(none);
  expect(nova.asked).toEqual([]);
  expect(await screen(cloud({ novnc: refusal(409) }), on)).toEqual(none);
});

test('is none where the cloud has no page, or one that is no link', async () => {
  const none = { kind: 'none', why: 'The cloud has no console for screens.' };
  expect(await screen(cloud({}), on)).toEqual(none);
  expect(await screen(cloud({ novnc: 'javascript:alert(1)' }), on)).toEqual(none);
});
