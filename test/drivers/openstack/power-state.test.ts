import { describe, expect, test } from 'vitest';
import {
  guestWentOff,
  isDeleted,
  powerOf,
  type ServerState,
} from '../../../src/drivers/openstack/machines/power-state.ts';

const server = (
  status: string,
  vm: string | null,
  task: string | null,
  power: number,
  fault?: string,
): ServerState => ({
  status,
  'OS-EXT-STS:vm_state': vm,
  'OS-EXT-STS:task_state': task,
  'OS-EXT-STS:power_state': power,
  ...(fault === undefined ? {} : { fault: { message: fault } }),
});

describe('the power of a server', () => {
  test.each([
    ['ACTIVE', 'active', null, 1, 'on'],
    ['SHUTOFF', 'stopped', null, 4, 'off'],
    // Transitions count as where they come from.
    ['ACTIVE', 'active', 'powering-off', 1, 'on'],
    ['SHUTOFF', 'stopped', 'powering-on', 4, 'off'],
    ['HARD_REBOOT', 'active', 'reboot_started_hard', 1, 'on'],
    ['HARD_REBOOT', 'stopped', 'rebooting_hard', 4, 'off'],
    ['REBOOT', 'active', 'reboot_started', 1, 'on'],
    ['RESCUE', 'rescued', 'unrescuing', 1, 'on'],
    ['BUILD', 'building', 'spawning', 0, 'off'],
    // The guest powered itself off and Nova has not followed.
    ['ACTIVE', 'active', null, 4, 'off'],
    ['ACTIVE', 'active', 'powering-off', 4, 'off'],
    ['RESCUE', 'rescued', null, 1, 'on'],
    ['RESCUE', 'rescued', null, 4, 'off'],
    // Started behind Nova's back.
    ['SHUTOFF', 'stopped', null, 1, 'on'],
    ['ERROR', 'error', null, 1, 'on'],
    ['ERROR', 'error', null, 4, 'off'],
    ['ERROR', 'error', null, 0, 'unknown'],
    ['PAUSED', 'paused', null, 3, 'on'],
    ['SUSPENDED', 'suspended', null, 4, 'off'],
    ['SHELVED_OFFLOADED', 'shelved_offloaded', null, 4, 'off'],
    ['VERIFY_RESIZE', 'resized', null, 1, 'on'],
    // A cell that is down shows little more than the ID.
    ['UNKNOWN', null, null, 0, 'unknown'],
  ])('%s, %s, %s, %i is %s', (status, vm, task, power, expected) => {
    expect(powerOf(server(status, vm, task, power))).toBe(expected);
  });

  test('is the guest’s doing when Nova still takes the server for active', () => {
    expect(guestWentOff(server('ACTIVE', 'active', null, 4))).toBe(true);
    expect(guestWentOff(server('SHUTOFF', 'stopped', null, 4))).toBe(false);
  });
});

test('a server that can be restored counts as deleted', () => {
  expect(isDeleted(server('SOFT_DELETED', 'soft-delete', null, 4))).toBe(true);
  expect(isDeleted(server('DELETED', null, null, 0))).toBe(true);
  expect(isDeleted(server('ERROR', 'error', null, 0))).toBe(false);
});
