import { expect, test } from 'vitest';
import { message } from '../../../../src/bmc/redfish/messages/message.ts';
import { RedfishProblem } from '../../../../src/bmc/redfish/messages/problem.ts';
import type { RedfishEvent, TaskWork } from '../../../../src/bmc/redfish/model.ts';
import { newServiceSettings, type ServiceSettings } from '../../../../src/bmc/redfish/settings.ts';
import { TaskTable } from '../../../../src/bmc/redfish/tasks/task-table.ts';
import { VirtualClock } from '../../../../src/support/clock.ts';
import type { Kept } from '../../../../src/support/kept-value.ts';
import { silentLog } from '../../../../src/support/log.ts';
import { createFixture, kept } from '../fixture.ts';

const target = { path: '/redfish/v1/Somewhere', method: 'POST' };
const forever: TaskWork = signal =>
  new Promise((_, reject) => signal.addEventListener('abort', () => reject(signal.reason)));

function createTable(settings: Kept<ServiceSettings> = kept(newServiceSettings)) {
  const clock = new VirtualClock();
  const events: RedfishEvent[] = [];
  const publish = (event: RedfishEvent) => events.push(event);
  const tasks = new TaskTable({ clock, log: silentLog, settings, events: { publish } });
  const told = () => events.map(event => event.message.MessageId.split('.').at(-1));
  return { tasks, clock, told };
}

test('a task ends as its work does, and tells so', async () => {
  const { tasks, clock, told } = createTable();
  const { id } = tasks.start('Work', target, async (_, progress) => {
    progress(0.05);
    progress(0.5);
    return [message('Base.Success')];
  });
  expect(tasks.get(id)).toMatchObject({ state: 'Running', result: undefined });
  await clock.advance(0);
  expect(tasks.get(id)).toMatchObject({ state: 'Completed', status: 'OK', percent: 100 });
  expect(tasks.get(id)?.result?.status).toBe(200);
  expect(told()).toEqual(['TaskStarted', 'TaskProgressChanged', 'TaskCompletedOK']);
});

test('work that is refused or fails makes a task that says why', async () => {
  const { tasks, clock } = createTable();
  const refused = tasks.start('Refused', target, async () => {
    throw new RedfishProblem(409, message('Base.ResourceInUse'));
  });
  const broken = tasks.start('Broken', target, async () => {
    throw new Error('the secret of the house');
  });
  await clock.advance(0);
  expect(tasks.get(refused.id)).toMatchObject({ state: 'Exception', status: 'Critical' });
  expect(tasks.get(refused.id)?.result?.status).toBe(409);
  expect(tasks.get(broken.id)?.result?.status).toBe(500);
  expect(JSON.stringify(tasks.get(broken.id))).not.toContain('secret');
});

test('a task is cancelled when its work gives up', async () => {
  const { tasks, clock, told } = createTable();
  const { id } = tasks.start('Endless', target, forever);
  await clock.advance(0);
  tasks.remove(id);
  expect(tasks.get(id)?.state).toBe('Cancelling');
  await clock.advance(0);
  expect(tasks.get(id)).toMatchObject({ state: 'Cancelled', result: undefined });
  expect(told().at(-1)).toBe('TaskCancelled');
});

test('whoever waits for a task hears of its end, or that it goes on', async () => {
  const { tasks, clock } = createTable();
  const { signal } = new AbortController();
  const quick = tasks.start('Quick', target, async () => []);
  expect((await tasks.ended(quick.id, 1000, signal))?.state).toBe('Completed');
  const endless = tasks.start('Endless', target, forever);
  const ended = tasks.ended(endless.id, 1000, signal);
  await clock.advance(1000);
  expect((await ended)?.state).toBe('Running');
  expect(await tasks.ended('nobody', 1000, signal)).toBeUndefined();
});

test('tasks that have ended are forgotten after a while; those that run are not', async () => {
  const settings = kept(newServiceSettings);
  await settings.change({ taskAutoDelete: 5 });
  const { tasks, clock } = createTable(settings);
  const quick = tasks.start('Quick', target, async () => []);
  const endless = tasks.start('Endless', target, forever);
  await clock.advance(5 * 60_000 - 1);
  expect(tasks.get(quick.id)).toBeDefined();
  await clock.advance(1);
  expect(tasks.all.map(({ id }) => id)).toEqual([endless.id]);
});

test('too many tasks that run are refused, too many that have ended forgotten', async () => {
  const { tasks, clock } = createTable();
  for (let count = 0; count < 2100; count++)
    tasks.start('Quick', target, async () => []) && (await clock.advance(0));
  expect(tasks.all.length).toBeLessThanOrEqual(2001);
  for (let count = 0; count < 1999; count++) tasks.start('Endless', target, forever);
  expect(() => [1, 2].map(() => tasks.start('One too many', target, forever))).toThrow(RedfishProblem);
}, 30_000);

test('a reset that a client does not wait for is a task that ends with it', async () => {
  const { ask, clock } = await createFixture();
  const reset = '/redfish/v1/Systems/n1/Actions/ComputerSystem.Reset';
  const answer = await ask('POST', reset, { ResetType: 'On' }, { prefer: 'respond-async' });
  expect(answer.status).toBe(202);
  expect(answer.at('/TaskState')).toBe('Running');
  const monitor = answer.headers.Location ?? '';
  expect((await ask('GET', monitor)).status).toBe(202);
  await clock.advance(10_000);
  expect((await ask('GET', monitor)).status).toBe(204);
  const task = await ask('GET', String(answer.at('/@odata.id')));
  expect(task.at('/TaskState')).toBe('Completed');
  expect(task.at('/Payload/JsonBody')).toBe('{"ResetType":"On"}');
});

test('a power operation that another takes the place of ends its task', async () => {
  const { ask, clock } = await createFixture();
  const reset = (type: string) =>
    ask(
      'POST',
      '/redfish/v1/Systems/n1/Actions/ComputerSystem.Reset',
      { ResetType: type },
      { prefer: 'respond-async' },
    );
  const first = await reset('On');
  const second = await reset('ForceOff');
  await clock.advance(10_000);
  const states = await Promise.all(
    [first, second].map(async answer => (await ask('GET', String(answer.at('/@odata.id')))).at('/TaskState')),
  );
  expect(states[1]).toBe('Completed');
  expect(['Completed', 'Exception']).toContain(states[0]);
});

test('a power operation of a node that leaves the service ends its task, which says why', async () => {
  const { ask, clock, close } = await createFixture();
  const reset = '/redfish/v1/Systems/n1/Actions/ComputerSystem.Reset';
  const answer = await ask('POST', reset, { ResetType: 'On' }, { prefer: 'respond-async' });
  await close('n1');
  await clock.advance(0);
  const task = await ask('GET', String(answer.at('/@odata.id')));
  expect(task.at('/TaskState')).toBe('Exception');
  expect(task.text).toContain('served no more');
});

test('tasks hide what is secret, can be deleted, and their service is set by clients', async () => {
  const { ask, service, clock } = await createFixture();
  const body = { Image: 'http://bob:hush@192.0.2.1/x.iso', Password: 'hush', UserName: 'bob' };
  const { id } = service.tasks.start('Insert', { ...target, body }, forever);
  const path = `/redfish/v1/TaskService/Tasks/${id}`;
  expect((await ask('GET', path)).text).not.toContain('hush');
  expect((await ask('GET', '/redfish/v1/TaskService/Tasks')).at('/Members@odata.count')).toBe(1);
  const monitor = `/redfish/v1/TaskService/TaskMonitors/${id}`;
  expect((await ask('DELETE', monitor)).status).toBe(204);
  await clock.advance(0);
  expect((await ask('GET', path)).at('/TaskState')).toBe('Cancelled');
  expect((await ask('GET', monitor)).status).toBe(404);
  const all = '/redfish/v1/TaskService/Actions/TaskService.DeleteAllCompletedTasks';
  expect((await ask('POST', all, {})).status).toBe(204);
  expect((await ask('GET', path)).status).toBe(404);
  const patched = await ask('PATCH', '/redfish/v1/TaskService', { TaskAutoDeleteTimeoutMinutes: 7 });
  expect(patched.at('/TaskAutoDeleteTimeoutMinutes')).toBe(7);
});
