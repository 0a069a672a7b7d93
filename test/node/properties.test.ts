import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { PowerAction } from '../../src/node/power.ts';
import { everything, NodeModel } from './model.ts';

const powerActions: PowerAction[] = ['on', 'off', 'soft-off', 'reset', 'cycle', 'graceful-restart', 'nmi'];

/** Something that happens to a node, as data, so that a failing sequence can be read and had again. */
const event = fc.oneof(
  {
    weight: 4,
    arbitrary: fc.record({ what: fc.constant('power' as const), action: fc.constantFrom(...powerActions) }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      what: fc.constant('override' as const),
      enabled: fc.constantFrom('once' as const, 'continuous' as const, 'disabled' as const),
      target: fc.constantFrom('pxe' as const, 'disk' as const),
      lifetime: fc.option(fc.constant(60_000), { nil: undefined }),
    }),
  },
  { weight: 4, arbitrary: fc.constant({ what: 'finish' as const }) },
  { weight: 2, arbitrary: fc.constant({ what: 'finish-unseen' as const }) },
  {
    weight: 2,
    arbitrary: fc.record({
      what: fc.constant('fail' as const),
      kind: fc.constantFrom('conflict' as const, 'transient' as const, 'refused' as const, 'gone' as const),
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({ what: fc.constant('pass' as const), ms: fc.integer({ min: 1, max: 200_000 }) }),
  },
  { weight: 1, arbitrary: fc.constant({ what: 'guest-off' as const }) },
  { weight: 1, arbitrary: fc.constant({ what: 'guest-restart' as const }) },
  { weight: 1, arbitrary: fc.constant({ what: 'daemon-restart' as const }) },
);
type Event = typeof event extends fc.Arbitrary<infer T> ? T : never;

/** Observations that are still to come. */
interface Run {
  node: NodeModel;
  unseen: (() => void)[];
}

function happen(run: Run, step: Event): void {
  const { node } = run;
  switch (step.what) {
    case 'power':
      node.power(step.action);
      break;
    case 'override':
      node.override(step.enabled, step.target, step.lifetime);
      break;
    case 'finish':
      see(run);
      node.finishCall();
      break;
    case 'finish-unseen':
      see(run);
      run.unseen.push(node.finishCallUnseen());
      break;
    case 'fail':
      node.failCall(step.kind);
      break;
    case 'pass':
      see(run);
      node.pass(step.ms);
      break;
    case 'guest-off':
      see(run);
      node.guestPowersOff();
      break;
    case 'guest-restart':
      see(run);
      node.guestRestarts();
      break;
    case 'daemon-restart':
      see(run);
      node.restart();
      break;
  }
}

function see(run: Run): void {
  for (const observe of run.unseen.splice(0)) observe();
  // Firmware takes longer than telling the machine what to boot next: a guest cannot restart it before that.
  if (run.node.calls[0]?.act.action === 'set-next-boot') run.node.finishCall();
}

const sequences = fc.array(event, { maxLength: 60 });
const everyRun = { numRuns: 3000 };

test('at most one driver call is under way, and none that the driver cannot do', () => {
  fc.assert(
    fc.property(sequences, steps => {
      const run: Run = {
        node: new NodeModel({ ...everything, actions: ['on', 'off', 'reset'] }),
        unseen: [],
      };
      for (const step of steps) {
        happen(run, step);
        expect(run.node.calls.length).toBeLessThanOrEqual(1);
      }
      expect(run.node.acts.every(act => ['on', 'off', 'reset'].includes(act.action))).toBe(true);
    }),
    everyRun,
  );
});

test('power is what was last observed, whatever was asked for', () => {
  fc.assert(
    fc.property(sequences, steps => {
      const run: Run = { node: new NodeModel(), unseen: [] };
      for (const step of steps) {
        happen(run, step);
        if (run.unseen.length === 0) expect(run.node.state.power).toBe(run.node.machine.power);
      }
    }),
    everyRun,
  );
});

test('a once override is used by one boot at most', () => {
  fc.assert(
    fc.property(sequences, steps => {
      const run: Run = { node: new NodeModel(), unseen: [] };
      const once = new Set<number>();
      for (const step of steps) {
        // What a machine that cannot be told boots next is beyond any rule.
        const telling = run.node.calls[0]?.act.action === 'set-next-boot';
        happen(run, step.what === 'fail' && telling ? { what: 'finish' } : step);
        const { boot } = run.node.state.durable;
        if (boot.enabled === 'once') once.add(boot.revision);
      }
      for (const revision of once) {
        expect(run.node.boots.filter(boot => boot.revision === revision).length).toBeLessThanOrEqual(1);
      }
    }),
    everyRun,
  );
});

test('when all goes well in the end, the last wish comes true and nothing is left over', () => {
  fc.assert(
    fc.property(
      sequences,
      fc.constantFrom('on' as const, 'off' as const, 'soft-off' as const),
      (steps, wish) => {
        const run: Run = { node: new NodeModel(), unseen: [] };
        for (const step of steps) happen(run, step);
        see(run);
        expect(run.node.power(wish)).toMatchObject({ accepted: true });
        run.node.settle();
        expect(run.node.machine.power).toBe(wish === 'on' ? 'on' : 'off');
        expect(run.node.state.durable.operation).toBeUndefined();
        expect(run.node.state.durable.pending).toBeUndefined();
      },
    ),
    everyRun,
  );
});

test('an accepted command survives a kill of the daemon at any moment', () => {
  fc.assert(
    fc.property(sequences, fc.constantFrom('on' as const, 'off' as const), (steps, wish) => {
      const run: Run = { node: new NodeModel(), unseen: [] };
      for (const step of steps) happen(run, step);
      see(run);
      run.node.power(wish);
      run.node.restart();
      run.node.settle();
      expect(run.node.machine.power).toBe(wish);
    }),
    everyRun,
  );
});

test('a hard off never waits for a guest: the next driver call is off', () => {
  fc.assert(
    fc.property(sequences, steps => {
      const run: Run = { node: new NodeModel(everything, 'on'), unseen: [] };
      for (const step of steps) happen(run, step);
      see(run);
      const { node } = run;
      const already = node.state.durable.pending ?? node.state.durable.operation;
      node.power('off');
      if (already?.action === 'off') return;
      if (node.machine.power === 'off') return;
      for (let ends = 0; ends < 3; ends++) {
        const call = node.calls[0];
        if (!call || call.act.action === 'off') break;
        // Whatever is under way was told to give up, or is over in a moment.
        expect(call.aborted || call.act.action === 'set-next-boot').toBe(true);
        node.failCall('transient');
      }
      expect(node.calls[0]?.act.action).toBe('off');
    }),
    everyRun,
  );
});

test('an operation never outlives its bounds, even if the driver never answers well', () => {
  fc.assert(
    fc.property(sequences, steps => {
      const run: Run = { node: new NodeModel(), unseen: [] };
      for (const step of steps) happen(run, step);
      const { node } = run;
      see(run);
      for (let tries = 0; tries < 200 && node.state.durable.operation; tries++) {
        node.pass(10_000);
        node.failCall('transient');
      }
      expect(node.state.durable.operation).toBeUndefined();
    }),
    everyRun,
  );
});
