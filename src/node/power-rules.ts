import { nextBoot } from './boot.ts';
import { prolongBootOverride } from './boot-rules.ts';
import type { Refusal, Reply } from './command.ts';
import { type Capabilities, type DriverErrorKind, type MachineAct, mayPass } from './driver.ts';
import type { PowerAction, PowerState } from './power.ts';
import type {
  DriverCall,
  Operation,
  OperationResult,
  OperationStep,
  PendingAction,
  RestartCause,
} from './state.ts';
import { isTelling, mediaToTell, noteTold, tellLater, toTell } from './telling-rules.ts';
import { accepted, keep, record, set, type Turn } from './turn.ts';

/** The driver calls that each action consists of. */
const stepsOf: Readonly<Record<PowerAction, readonly [OperationStep, ...OperationStep[]]>> = {
  on: ['on'],
  off: ['off'],
  'soft-off': ['soft-off'],
  reset: ['reset'],
  cycle: ['off', 'on'],
  'graceful-restart': ['soft-off', 'on'],
  nmi: ['nmi'],
};

/** What an observation must show before a step is done; a reset and an NMI are done when the driver says so. */
const provenBy: Readonly<Record<OperationStep, PowerState | undefined>> = {
  on: 'on',
  off: 'off',
  'soft-off': 'off',
  reset: undefined,
  nmi: undefined,
};

/** Hard commands do not wait for what a guest may or may not do. */
const hard: readonly PowerAction[] = ['off', 'reset', 'cycle'];

const firstRetryAfter = 1_000;
const lastRetryAfter = 10_000;
const keptResults = 16;

/** The driver call that an action needs and a machine has not; `undefined` when it can be done. */
export function missingStep(
  action: PowerAction,
  { actions }: Pick<Capabilities, 'actions'>,
): OperationStep | undefined {
  return stepsOf[action].find(step => !actions.includes(step));
}

/** Takes a power command: does it, joins it to what is being done, puts it behind that, or refuses. */
export function askPower(turn: Turn, action: PowerAction, trigger: RestartCause): Reply {
  const missing = missingStep(action, turn.capabilities);
  if (missing) return refuse('unsupported', `this node's driver cannot do ${missing}`);

  const { operation, pending } = turn.state.durable;
  const heading = whereTo(turn);
  const needsRunning = action !== 'on' && action !== 'off' && action !== 'soft-off';
  if (needsRunning && heading === 'off') return refuse('wrong-state', `${action} needs a machine that is on`);
  if (needsRunning && heading === 'unknown') return refuse('busy', 'the machine has not been seen yet');
  if (action === 'nmi' && operation) return refuse('busy', `${operation.action} is under way`);

  prolongBootOverride(turn);
  if (!operation) {
    if (!needsRunning && isProven(turn, stepsOf[action][0])) return accepted;
    return { accepted: true, operation: begin(turn, action, trigger) };
  }
  const latest = pending ?? operation;
  if (joins(turn, action, latest.action)) return { accepted: true, operation: latest.id };
  return { accepted: true, operation: putBehind(turn, action, trigger) };
}

/** The observed power state has changed. */
export function powerSeen(turn: Turn): void {
  const { operation } = turn.state.durable;
  if (operation?.phase.name === 'waiting') changePhase(turn, operation, { name: 'queued' });
}

/** The driver has done what it was called for. */
export function callDone(turn: Turn, call: DriverCall): void {
  set(turn, { call: undefined });
  noteTold(turn, call.act);
  if (isTelling(call.act)) return;
  set(turn, { unsure: false });
  const { operation } = turn.state.durable;
  if (operation) stepTaken(turn, operation);
}

/** The driver could not do what it was called for, or was told to give up. */
export function callFailed(turn: Turn, call: DriverCall, kind: DriverErrorKind, message: string): void {
  set(turn, { call: undefined });
  if (isTelling(call.act)) {
    tellLater(turn, call.act, message);
    return;
  }
  // It may have had an effect that has not been seen yet.
  set(turn, { unsure: true });
  const { operation, pending } = turn.state.durable;
  if (!operation) return;
  if (call.aborted && pending && overrides(pending.action, operation)) return;
  stepFailed(turn, operation, kind, message);
}

function stepTaken(turn: Turn, operation: Operation): void {
  const proof = provenBy[operation.steps[0]];
  if (proof === undefined || turn.state.power === proof) finishStep(turn, operation);
  else changePhase(turn, operation, { name: 'verifying' });
}

function stepFailed(turn: Turn, operation: Operation, kind: DriverErrorKind, message: string): void {
  if (turn.state.power === provenBy[operation.steps[0]]) {
    finishStep(turn, operation);
  } else if (!mayPass(kind) || turn.now >= operation.deadline) {
    end(turn, operation, 'failed', message);
  } else {
    tryAgainLater(turn, operation, message);
  }
}

function tryAgainLater(turn: Turn, operation: Operation, reason: string): void {
  const delay = Math.min(firstRetryAfter * 2 ** operation.retries, lastRetryAfter);
  keep(turn, {
    operation: {
      ...operation,
      retries: operation.retries + 1,
      phase: { name: 'waiting', until: Math.min(turn.now + delay, operation.deadline), reason },
    },
  });
}

/**
 * Brings the operation as far as it can come without waiting, and decides what the driver does next. Every
 * transition ends here: this is the only place that starts a driver call.
 */
export function settlePower(turn: Turn): void {
  for (;;) {
    const { operation, pending } = turn.state.durable;
    if (!operation) {
      if (pending && !turn.state.call) {
        takeUp(turn, pending);
        continue;
      }
      break;
    }
    if (turn.state.call) {
      abortIfUseless(turn, operation, pending);
      break;
    }
    if (pending && overrides(pending.action, operation)) {
      end(turn, operation, 'superseded', `${pending.action} was asked for`);
      continue;
    }
    if (isProven(turn, operation.steps[0])) {
      finishStep(turn, operation);
      continue;
    }
    if (turn.now >= operation.deadline && operation.phase.name !== 'queued') {
      end(turn, operation, 'failed', tooLate(operation));
      continue;
    }
    if (operation.phase.name === 'waiting' && turn.now >= operation.phase.until) {
      changePhase(turn, operation, { name: 'queued' });
      continue;
    }
    break;
  }
  callDriver(turn);
}

/** Calls the driver if there is something to do and no call is under way. */
function callDriver(turn: Turn): void {
  const { operation } = turn.state.durable;
  if (turn.state.call) return;
  const step = operation?.phase.name === 'queued' && turn.state.seen ? operation.steps[0] : undefined;
  // What takes the machine from its guest goes first; under anything else the guest may restart it by itself.
  const urgent = step === 'on' || step === 'off' || step === 'reset';
  const telling = urgent ? mediaToTell(turn) : toTell(turn);
  if (telling) startCall(turn, telling);
  else if (step) startCall(turn, actOf(turn, step));
}

/** Takes an operation up again that a restart of the daemon has interrupted. */
export function resumePower(turn: Turn): void {
  const { operation } = turn.state.durable;
  if (!operation) return;
  set(turn, { unsure: operation.phase.name !== 'queued' });
  if (operation.steps[0] === 'nmi' && operation.phase.name !== 'queued') {
    // A second NMI would dump a second core: better none than two.
    end(turn, operation, 'failed', 'the daemon was restarted; whether the NMI was sent is not known');
    return;
  }
  keep(turn, {
    operation: {
      ...operation,
      phase: { name: 'queued' },
      retries: 0,
      deadline: deadlineOf(turn, operation.steps[0]),
    },
  });
}

/** When time alone moves the operation on: milliseconds since the epoch. */
export function powerWakeTime(operation: Operation, call: DriverCall | undefined): number | undefined {
  // While a call is under way its end moves things on; only the operation's own call can come too late.
  if (call) return operation.phase.name === 'acting' && !call.aborted ? operation.deadline : undefined;
  switch (operation.phase.name) {
    case 'queued':
    case 'acting':
      return undefined;
    case 'verifying':
      return operation.deadline;
    case 'waiting':
      return Math.min(operation.phase.until, operation.deadline);
  }
}

/** The power state in which the node will be when all that was asked for is done. */
function whereTo(turn: Turn): PowerState {
  const { operation, pending } = turn.state.durable;
  if (pending) return endsIn(pending.action);
  if (!operation) return turn.state.power;
  // A guest that was asked to power off may not: until it has, the machine is on.
  if (operation.steps[0] === 'soft-off' && turn.state.power === 'on') return 'on';
  return endsIn(operation.action);
}

function endsIn(action: PowerAction): PowerState {
  return action === 'off' || action === 'soft-off' ? 'off' : 'on';
}

/** Whether what is asked for is already being done, or waiting to be done. */
function joins(turn: Turn, action: PowerAction, latest: PowerAction): boolean {
  const { operation, pending } = turn.state.durable;
  if (action === 'on')
    return stepsOf[latest].includes('on') || (latest === 'reset' && turn.state.power === 'on');
  if (action === 'soft-off') return endsIn(latest) === 'off';
  if (action === 'off') return latest === 'off';
  // A machine that is to be powered on anyway boots anew by that, if it has not been started yet.
  return pending?.action === 'on' && operation?.steps[0] !== 'on';
}

function putBehind(turn: Turn, action: PowerAction, trigger: RestartCause): number {
  const { pending, nextOperationId: id } = turn.state.durable;
  if (pending) finished(turn, pending, 'superseded', `${action} was asked for`);
  keep(turn, { pending: { id, action, trigger }, nextOperationId: id + 1 });
  return id;
}

/** Whether an action takes the place of an operation instead of waiting for its end. */
function overrides(action: PowerAction, operation: Operation): boolean {
  if (operation.steps[0] === 'soft-off') return hard.includes(action);
  return action === 'off';
}

function abortIfUseless(turn: Turn, operation: Operation, pending: PendingAction | undefined): void {
  const { call } = turn.state;
  if (!call || call.aborted || call.act.action === 'set-next-boot') return;
  const late = turn.now >= operation.deadline;
  const unwanted =
    pending !== undefined && overrides(pending.action, operation) && operation.steps[0] !== 'off';
  if (!late && !unwanted) return;
  set(turn, { call: { ...call, aborted: true } });
  turn.effects.push({ type: 'abort-call', id: call.id });
}

function takeUp(turn: Turn, pending: PendingAction): void {
  keep(turn, { pending: undefined });
  const steps = stepsOf[pending.action];
  if (steps.length === 1 && isProven(turn, steps[0])) {
    finished(turn, pending, 'done', '');
  } else if (turn.state.power === 'off' && endsIn(pending.action) === 'on') {
    // A cycle or a reset that waited for an operation which left the machine off: what it is for is a fresh boot.
    begin(turn, 'on', pending.trigger, pending.id);
  } else {
    begin(turn, pending.action, pending.trigger, pending.id);
  }
}

function begin(turn: Turn, action: PowerAction, trigger: RestartCause, reserved?: number): number {
  const id = reserved ?? turn.state.durable.nextOperationId;
  const steps = stepsOf[action];
  keep(turn, {
    nextOperationId: Math.max(turn.state.durable.nextOperationId, id + 1),
    operation: {
      id,
      action,
      steps,
      phase: { name: 'queued' },
      retries: 0,
      trigger,
      startedAt: turn.now,
      deadline: deadlineOf(turn, steps[0]),
    },
  });
  return id;
}

function finishStep(turn: Turn, operation: Operation): void {
  if (operation.steps[0] === 'nmi') record(turn, 'nmi', 'NMI sent');
  const [, next, ...later] = operation.steps;
  if (next === undefined) {
    end(turn, operation, 'done', '');
    return;
  }
  keep(turn, {
    operation: {
      ...operation,
      steps: [next, ...later],
      phase: { name: 'queued' },
      retries: 0,
      deadline: deadlineOf(turn, next),
    },
  });
}

function end(turn: Turn, operation: Operation, outcome: OperationResult['outcome'], message: string): void {
  keep(turn, { operation: undefined });
  prolongBootOverride(turn);
  finished(turn, operation, outcome, message);
}

function finished(
  turn: Turn,
  what: Pick<Operation, 'id' | 'action'>,
  outcome: OperationResult['outcome'],
  message: string,
): void {
  const result: OperationResult = { id: what.id, action: what.action, outcome, message, at: turn.now };
  set(turn, { results: [...turn.state.results.slice(1 - keptResults), result] });
  if (outcome === 'failed') record(turn, 'power-failed', `${what.action} failed: ${message}`, 'critical');
}

/** Whether what was observed shows that nothing is left to do for a step. */
function isProven(turn: Turn, step: OperationStep): boolean {
  const { seen, unsure, power } = turn.state;
  return seen && !unsure && power === provenBy[step];
}

function changePhase(turn: Turn, operation: Operation, phase: Operation['phase']): void {
  keep(turn, { operation: { ...operation, phase } });
}

function startCall(turn: Turn, act: MachineAct): void {
  const id = turn.state.nextCallId;
  set(turn, { call: { id, act, aborted: false }, nextCallId: id + 1 });
  const { operation } = turn.state.durable;
  if (operation && !isTelling(act)) changePhase(turn, operation, { name: 'acting' });
  turn.effects.push({ type: 'call', id, act });
}

function actOf(turn: Turn, step: OperationStep): MachineAct {
  const { boot: override, firmware } = turn.state.durable;
  const boot = nextBoot(override, firmware);
  return step === 'on' || step === 'reset' ? { action: step, boot } : { action: step };
}

function deadlineOf(turn: Turn, step: OperationStep): number {
  const { timeouts } = turn.capabilities;
  const limit = {
    on: timeouts.on,
    off: timeouts.off,
    'soft-off': timeouts.softOff,
    reset: timeouts.reset,
    nmi: timeouts.reset,
  };
  return turn.now + limit[step];
}

function tooLate(operation: Operation): string {
  if (operation.phase.name === 'waiting') return operation.phase.reason;
  if (operation.steps[0] === 'soft-off') return 'the guest did not power itself off';
  return `the machine was not seen ${provenBy[operation.steps[0]] ?? 'to do it'} in time`;
}

function refuse(refusal: Refusal, message: string): Reply {
  return { accepted: false, refusal, message };
}
