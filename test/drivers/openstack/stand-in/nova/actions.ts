import { type Answer, ApiFault, type Call, type Fields, isFields, text } from '../service.ts';
import type { Compute } from './compute.ts';
import { minorVersion, since } from './microversion.ts';
import type { Server, TaskState, VmState } from './server.ts';

/** When something may be done with a server. */
interface Rule {
  /** As Nova's refusals call it. */
  readonly verb: string;
  readonly states: readonly VmState[];
  /** Tasks during which it may be done, besides none. */
  readonly during?: readonly TaskState[];
}

interface Action extends Rule {
  /** As the history of actions calls it. */
  readonly history: string;
  readonly run: (server: Server, argument: Fields, call: Call, compute: Compute) => Answer;
}

const accepted: Answer = { status: 202 };

const act = (
  verb: string,
  states: readonly VmState[],
  run: Action['run'],
  options: { readonly history?: string; readonly during?: readonly TaskState[] } = {},
): Action => ({
  verb,
  states,
  run,
  history: options.history ?? verb,
  ...(options.during ? { during: options.during } : {}),
});

const actions: Readonly<Record<string, Action>> = {
  'os-start': act('start', ['stopped'], (server, _argument, _call, { lifecycle }) => {
    lifecycle.start(server);
    return accepted;
  }),
  'os-stop': act('stop', ['active', 'error'], (server, _argument, _call, { lifecycle }) => {
    lifecycle.stop(server);
    return accepted;
  }),
  'reboot SOFT': act('reboot', ['active'], (server, _argument, _call, { lifecycle }) => {
    lifecycle.softReboot(server);
    return accepted;
  }),
  'reboot HARD': act(
    'reboot',
    ['active', 'stopped', 'error'],
    (server, _argument, _call, { lifecycle }) => {
      lifecycle.hardReboot(server);
      return accepted;
    },
    { during: ['rebooting', 'reboot_pending', 'reboot_started', 'rebooting_hard'] },
  ),
  rescue: act('rescue', ['active', 'stopped', 'error'], (server, argument, call, compute) => {
    const imageId = text(argument.rescue_image_ref) ?? server.imageId ?? '';
    const image = compute.glance.images.get(imageId);
    if (image?.fields.status !== 'active') {
      throw new ApiFault(400, `Requested rescue image '${imageId}' is not supported`);
    }
    const stable = 'hw_rescue_bus' in image.properties || 'hw_rescue_device' in image.properties;
    if (server.imageId === undefined && (minorVersion(call.headers) < 87 || !stable)) {
      throw new ApiFault(400, 'Cannot rescue a volume-backed instance');
    }
    compute.lifecycle.rescue(server, imageId);
    return { status: 200, body: { adminPass: 'rescue-pass' } };
  }),
  unrescue: act('unrescue', ['rescued'], (server, _argument, _call, { lifecycle }) => {
    lifecycle.unrescue(server);
    return accepted;
  }),
  rebuild: act('rebuild', ['active', 'stopped', 'error'], (server, argument, call, compute) => {
    const image = compute.glance.images.get(text(argument.imageRef) ?? '');
    if (!image) throw new ApiFault(400, `Cannot find image for rebuild`);
    if (server.imageId === undefined && minorVersion(call.headers) < 93) {
      throw new ApiFault(400, 'Unable to rebuild with a different image for a volume-backed server.');
    }
    compute.lifecycle.rebuild(server, image.id, { ...image.properties });
    return {
      status: 202,
      body: { server: { ...compute.view(server, call, true), adminPass: 'rebuild-pass' } },
    };
  }),
  trigger_crash_dump: act('trigger_crash_dump', ['active', 'rescued', 'error'], server => {
    server.guest.interrupts++;
    return accepted;
  }),
};

/** Actions that are known, and whose refusals matter, but which nothing here carries out. */
const refusedOnly: Readonly<Record<string, Rule>> = {
  suspend: { verb: 'suspend', states: ['active'] },
  pause: { verb: 'pause', states: ['active'] },
};

/** `POST /servers/ID/action`. */
export function serverAction(call: Call, compute: Compute): Answer {
  const server = compute.server(call);
  const [name, value] = isFields(call.body) ? (Object.entries(call.body)[0] ?? []) : [];
  if (name === undefined) throw new ApiFault(400, 'Malformed request body');
  const argument = isFields(value) ? value : {};
  switch (name) {
    case 'lock':
    case 'unlock':
      server.locked = name === 'lock';
      record(server, name, call, compute);
      compute.lifecycle.touch(server);
      return accepted;
    case 'os-getConsoleOutput':
      return consoleOutput(server, argument);
    case 'os-resetState':
      throw new ApiFault(
        403,
        "Policy doesn't allow os_compute_api:os-admin-actions:reset_state to be performed.",
      );
    case 'trigger_crash_dump':
      since(call.headers, 17);
      break;
  }
  const key = name === 'reboot' ? `reboot ${rebootType(argument)}` : name;
  const action = actions[key];
  const rule = action ?? refusedOnly[key];
  if (!rule) throw new ApiFault(400, `There is no such action: ${name}`);
  checkArgument(name, argument);
  allow(server, rule);
  if (!action) throw new ApiFault(501, `The stand-in cloud does not ${name}.`);
  const answer = action.run(server, argument, call, compute);
  record(server, action.history, call, compute);
  return answer;
}

/** Refuses what may not be done with a server now, in Nova's words. */
export function allow(server: Server, rule: Rule): void {
  checkLock(server);
  const refuse = (where: string) =>
    new ApiFault(409, `Cannot '${rule.verb}' instance ${server.id} while it is in ${where}`);
  if (!rule.states.includes(server.vmState)) throw refuse(`vm_state ${server.vmState}`);
  const task = server.taskState;
  if (task !== undefined && !rule.during?.includes(task)) throw refuse(`task_state ${task}`);
}

/** Refuses a change of a server's metadata when Nova does. */
export function allowMetadata(server: Server, verb: 'update' | 'delete'): void {
  checkLock(server);
  if (server.vmState === 'active' || server.vmState === 'stopped') return;
  const state = `vm_state ${server.vmState}`;
  throw new ApiFault(409, `Cannot '${verb} metadata' instance ${server.id} while it is in ${state}`);
}

export function checkLock(server: Server): void {
  if (server.locked) throw new ApiFault(409, `Instance ${server.id} is locked`);
}

export function record(server: Server, action: string, call: Call, compute: Compute): void {
  server.actions.unshift({ action, requestId: call.requestId, startTime: compute.clock.now() });
}

function rebootType(argument: Fields): string {
  if (!('type' in argument)) {
    throw new ApiFault(
      400,
      "Invalid input for field/attribute reboot. Value: {}. 'type' is a required property",
    );
  }
  const type = String(argument.type);
  if (/^(HARD|Hard|hard|SOFT|Soft|soft)$/.test(type)) return type.toUpperCase();
  throw new ApiFault(
    400,
    `Invalid input for field/attribute type. Value: ${type}. '${type}' is not one of ['HARD', 'Hard', 'hard', 'SOFT', 'Soft', 'soft']`,
  );
}

function checkArgument(name: string, argument: Fields): void {
  const image = argument.rescue_image_ref;
  if (name !== 'rescue' || image === undefined || /^[0-9a-f-]{36}$/.test(String(image))) return;
  throw new ApiFault(
    400,
    `Invalid input for field/attribute rescue_image_ref. Value: ${image}. '${image}' is not a 'uuid'`,
  );
}

function consoleOutput(server: Server, argument: Fields): Answer {
  const { length } = argument;
  if (length !== undefined && length !== null && !/^-?\d+$/.test(String(length))) {
    throw new ApiFault(
      400,
      `Invalid input for field/attribute length. Value: ${length}. '${length}' does not match '^-?[0-9]+$'`,
    );
  }
  if (server.launchedAt === undefined) throw new ApiFault(409, `Instance ${server.id} is not ready`);
  const count = Number(length ?? -1);
  const lines = server.guest.console.split('\n');
  return { status: 200, body: { output: (count < 0 ? lines : lines.slice(-count)).join('\n') } };
}
