import type { NodeRunner } from '../../node/runner.ts';
import { follow } from '../../node/serial.ts';
import type { BootStage } from '../api-watch.ts';
import { type BootSign, nextStage } from './boot-stage.ts';
import { ConsoleMarks } from './boot-stage-console.ts';

/** How far the machines of all nodes are. In memory only: what was before is read off what consoles have kept. */
export class BootStages {
  readonly #stages = new Map<string, BootStage>();
  readonly #changed: (lab: string, node: string) => void;

  /** @param changed - called when a node has come to another stage */
  constructor(changed: (lab: string, node: string) => void) {
    this.#changed = changed;
  }

  of(lab: string, node: string): BootStage {
    return this.#stages.get(keyOf(lab, node)) ?? 'off';
  }

  /** Follows a node until it is served no more. */
  track(lab: string, node: NodeRunner): void {
    const { name } = node.spec;
    const stops = [
      node.onActivity(activity => {
        if (activity.type !== 'observed') return;
        this.#take(lab, name, { type: 'observed', observation: activity.observation });
      }),
    ];
    // Where a platform is asked for what a machine writes, it is not asked for this.
    if (node.serial.passive) {
      const marks = new ConsoleMarks();
      stops.push(
        follow(node.serial, bytes => {
          for (const stage of marks.take(bytes)) this.#take(lab, name, { type: 'console', stage });
        }),
      );
    }
    const end = () => {
      for (const stop of stops) stop();
      this.#stages.delete(keyOf(lab, name));
    };
    node.closed.addEventListener('abort', end, { once: true });
  }

  /** A netbooted or deployed system has said something of itself. */
  reported(lab: string, node: string, stage: string): void {
    this.#take(lab, node, { type: 'reported', stage });
  }

  #take(lab: string, node: string, sign: BootSign): void {
    const before = this.of(lab, node);
    const stage = nextStage(before, sign);
    if (stage === before) return;
    this.#stages.set(keyOf(lab, node), stage);
    this.#changed(lab, node);
  }
}

function keyOf(lab: string, node: string): string {
  return `${lab}/${node}`;
}
