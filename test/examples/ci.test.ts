import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import { readLabFile } from '../../src/lab/lab-file.ts';

/** The recipes for CI systems do the same steps, which are those of lab.sh, and end a lab whatever came of it. */

const read = (name: string) => readFileSync(`examples/ci/${name}`, 'utf8');
const stepOf = (command: string | undefined) => /lab\.sh (\w+)$/.exec(command ?? '')?.[1];
const stepsIn = (commands: readonly (string | undefined)[]) => commands.flatMap(one => stepOf(one) ?? []);

interface Workflow {
  readonly jobs: {
    readonly lab: { readonly steps: readonly { readonly run?: string; readonly if?: string }[] };
  };
}
interface Pipeline {
  readonly [job: string]: Readonly<Record<'before_script' | 'script' | 'after_script', readonly string[]>>;
}
interface Play {
  readonly tasks: readonly {
    readonly 'ansible.builtin.command'?: string;
    readonly ignore_errors?: boolean;
  }[];
}

const playbook = (name: string): readonly string[] => {
  const [play] = parse(read(name)) as readonly Play[];
  return stepsIn(play?.tasks.map(task => task['ansible.builtin.command']) ?? []);
};

const work = ['install', 'up', 'enrol', 'deploy'];
const end = ['logs', 'down'];

describe('a recipe', () => {
  test('for GitHub Actions', () => {
    const { steps } = (parse(read('github-actions.yml')) as Workflow).jobs.lab;
    expect(stepsIn(steps.map(({ run }) => run))).toEqual([...work, ...end]);
    const always = steps.filter(step => step.if === 'always()');
    expect(stepsIn(always.map(({ run }) => run))).toEqual(end);
  });

  test('for GitLab', () => {
    const job = (parse(read('gitlab-ci.yml')) as Pipeline)['bare metal'];
    expect(stepsIn([...(job?.before_script ?? []), ...(job?.script ?? [])])).toEqual(work);
    expect(stepsIn(job?.after_script ?? [])).toEqual(end);
  });

  test('for Zuul', () => {
    const [{ job }] = parse(read('zuul.yaml')) as [{ job: Readonly<Record<string, string>> }];
    const before = playbook(job['pre-run'] ?? '');
    expect([...before, ...playbook(job.run ?? '')]).toEqual(work);
    expect(playbook(job['post-run'] ?? '')).toEqual(end);
  });

  test('brings up a lab that can be proven', () => {
    const { spec } = readLabFile('examples/ci/lab.yaml', process.cwd(), {});
    expect(spec.networks).toMatchObject([{ dhcp: true }]);
  });
});
