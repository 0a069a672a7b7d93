import { describe, expect, test } from 'vitest';
import type { Json } from '../cloud-api.ts';
import { expectFault, nowhere, type Workspace } from './workspace.ts';

const start = { 'os-start': null };
const stop = { 'os-stop': null };
const hard = { reboot: { type: 'HARD' } };
const soft = { reboot: { type: 'SOFT' } };

/** Nova's state machine: what is allowed when, what it passes through, and how it refuses. */
export function powerContract(around: () => Workspace): void {
  describe('power', () => {
    let id = '';
    const act = async (body: Json, status = 202) => {
      const reply = await around().act(id, body);
      expect(reply, JSON.stringify(reply.body)).toMatchObject({ status });
      return reply;
    };
    const refused = async (body: Json, verb: string, where: string) =>
      expectFault(
        await around().act(id, body),
        409,
        `Cannot '${verb}' instance ${id} while it is in ${where}`,
      );
    /** Every state on the way is one of these, in this order; slow looks miss some. */
    const passes = async (status: string, ...states: string[]) => {
      const seen = await around().settled(id, status);
      const order = seen.map(state => [...states, status].indexOf(state));
      expect(order, seen.join(', ')).not.toContain(-1);
      expect(order).toEqual([...order].sort((a, b) => a - b));
    };
    const powerState = async () => (await around().server(id))['OS-EXT-STS:power_state'];

    test('of a new server is on', async () => {
      id = await around().createServer('power');
      await around().settled(id, 'ACTIVE');
      expect(await powerState()).toBe(1);
      await refused(start, 'start', 'vm_state active');
      await refused({ unrescue: null }, 'unrescue', 'vm_state active');
    });

    test('goes off, and no further', async () => {
      await act(stop);
      await passes('SHUTOFF', 'ACTIVE powering-off');
      expect(await powerState()).toBe(4);
      await refused(stop, 'stop', 'vm_state stopped');
      await refused(soft, 'reboot', 'vm_state stopped');
    });

    test('comes on', async () => {
      await act(start);
      await passes('ACTIVE', 'SHUTOFF powering-on');
      expect(await powerState()).toBe(1);
    });

    test('is not to be changed twice at once', async () => {
      await act(stop);
      await refused(stop, 'stop', 'task_state powering-off').catch(async error => {
        // A host without machines may be done already.
        await refused(stop, 'stop', 'vm_state stopped').catch(() => Promise.reject(error));
      });
      await around().settled(id, 'SHUTOFF');
    });

    test('comes on by a hard reboot too', async () => {
      await act(hard);
      await passes(
        'ACTIVE',
        'SHUTOFF rebooting_hard',
        'SHUTOFF reboot_pending_hard',
        'SHUTOFF reboot_started_hard',
      );
      await act(hard);
      await passes(
        'ACTIVE',
        'HARD_REBOOT rebooting_hard',
        'HARD_REBOOT reboot_pending_hard',
        'HARD_REBOOT reboot_started_hard',
      );
    });

    test('is reset softly', async () => {
      await act(soft);
      await passes('ACTIVE', 'REBOOT rebooting', 'REBOOT reboot_pending', 'REBOOT reboot_started');
    });

    test('of a rescued server is left alone', async () => {
      expectFault(
        await around().act(id, { rescue: { rescue_image_ref: nowhere } }),
        400,
        `Requested rescue image '${nowhere}' is not supported`,
      );
      await act({ rescue: null }, 200);
      await passes('RESCUE', 'ACTIVE rescuing');
      await refused(stop, 'stop', 'vm_state rescued');
      await refused(start, 'start', 'vm_state rescued');
      await refused(soft, 'reboot', 'vm_state rescued');
      await refused(hard, 'reboot', 'vm_state rescued');
      await refused({ rescue: null }, 'rescue', 'vm_state rescued');
      await refused({ suspend: null }, 'suspend', 'vm_state rescued');
      await refused({ pause: null }, 'pause', 'vm_state rescued');
      await act({ unrescue: null });
      await passes('ACTIVE', 'RESCUE unrescuing');
      expect(await powerState()).toBe(1);
    });

    test('is what it was after a rebuild', async () => {
      await act(stop);
      await around().settled(id, 'SHUTOFF');
      const { imageRef } = await around().serverBody('power');
      await act({ rebuild: { imageRef } });
      await around().settled(id, 'SHUTOFF');
      expect(await powerState()).toBe(4);
    });

    test('is changed by a rescue: it ends on', async () => {
      await act({ rescue: null }, 200);
      await passes('RESCUE', 'SHUTOFF rescuing');
      await act({ unrescue: null });
      await passes('ACTIVE', 'RESCUE unrescuing');
    });

    test('of a locked server is out of reach', async () => {
      await act({ lock: null });
      expect((await around().server(id)).locked).toBe(true);
      const locked = `Instance ${id} is locked`;
      expectFault(await around().act(id, stop), 409, locked);
      expectFault(await around().api.delete('compute', `/servers/${id}`), 409, locked);
      await act({ unlock: null });
    });

    test('knows a non-maskable interrupt since 2.17', async () => {
      await act({ trigger_crash_dump: null });
      const early = await around().api.post(
        'compute',
        `/servers/${id}/action`,
        { trigger_crash_dump: null },
        '2.1',
      );
      expectFault(early, 404, 'The resource could not be found.');
    });

    test('is asked for in words that Nova knows', async () => {
      expectFault(await around().act(id, { nosuch: null }), 400, 'There is no such action: nosuch');
      expectFault(await around().act(id, {}), 400, 'Malformed request body');
      expectFault(await around().act(id, { reboot: { type: 'X' } }), 400, /'X' is not one of/);
      expectFault(await around().act(id, { reboot: {} }), 400, /'type' is a required property/);
      expectFault(await around().act(id, { 'os-resetState': { state: 'active' } }), 403, /reset_state/);
      expectFault(
        await around().act(id, { rescue: { rescue_image_ref: 'nope' } }),
        400,
        /^Invalid input for field\/attribute rescue_image_ref. Value: nope./,
      );
    });

    test('has a history', async () => {
      const { body } = await around().api.get('compute', `/servers/${id}/os-instance-actions`);
      const history = JSON.stringify(body.instanceActions);
      for (const action of [
        'create',
        'stop',
        'start',
        'reboot',
        'rescue',
        'unrescue',
        'rebuild',
        'lock',
        'unlock',
      ]) {
        expect(history).toContain(`"action":"${action}"`);
      }
    });
  });
}
