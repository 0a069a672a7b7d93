import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { cli, daemonStatus } from './run-cli.ts';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'cli-'));
  await writeFile(join(folder, 'lab.yaml'), 'lab: one\nnodes: [{name: node}]\n');
});
afterEach(async () => {
  const pid = await readFile(join(folder, 'pid'), 'utf8').catch(() => undefined);
  if (pid !== undefined) process.kill(Number(pid), 'SIGKILL');
  await rm(folder, { recursive: true });
});

/** A program that is started in the daemon's place. */
async function entry(code: string): Promise<string> {
  const file = join(folder, 'entry.mjs');
  await writeFile(file, code);
  return file;
}

test('up starts a daemon if none answers, which outlives it', async () => {
  const answers = {
    '/v1/daemon': daemonStatus,
    '/v1/labs': [],
    '/v1/labs/plan': { changes: [], warnings: ['so it goes'] },
  };
  const program = await entry(`
    import { createServer } from 'node:http';
    import { writeFileSync } from 'node:fs';
    writeFileSync('${folder}/pid', String(process.pid));
    writeFileSync('${folder}/arguments', JSON.stringify(process.argv.slice(2)));
    const answers = ${JSON.stringify(answers)};
    createServer((request, response) => response.end(JSON.stringify(answers[request.url]))).listen('${folder}/control.sock');
  `);
  const outcome = await cli(['up', 'lab.yaml', '--dry-run'], { folder, entry: program });
  expect(outcome).toEqual({
    status: 0,
    out: 'Nothing to change in lab one.\n',
    err: 'warning: so it goes\n',
  });
  expect(JSON.parse(await readFile(join(folder, 'arguments'), 'utf8'))).toEqual(['serve', '--idle-exit']);
  expect(await cli(['status', '--json'], { folder })).toEqual({ status: 0, out: '[]\n', err: '' });
});

test('up shows what a daemon said that did not start', async () => {
  const program = await entry(`console.error('error: there is no room'); process.exit(5);`);
  const { status, err } = await cli(['up', 'lab.yaml'], { folder, entry: program });
  expect(status).toBe(6);
  expect(err).toBe(
    'error: the daemon did not start: it ended with status 5. Run "quintupleo doctor". ' +
      `The last lines of ${folder}/state/daemon.log:\nerror: there is no room\n`,
  );
});

test('up says what is in the way of the state directory', async () => {
  await writeFile(join(folder, 'state'), '');
  const { status, err } = await cli(['up', 'lab.yaml'], { folder });
  expect(status).toBe(6);
  expect(err).toMatch(
    /^error: the daemon did not start: .*state cannot be made: .*\. Set QUINTUPLEO_STATE_DIR\.\n$/,
  );
});

test('the doctor works without a daemon, and leaves nothing behind', async () => {
  await writeFile(
    join(folder, 'sim.yaml'),
    'lab: sim\ndriver: simulated\nnodes: [{name: node, bmc: {ipmi: {address: 192.0.2.1}}}]\n',
  );
  const { status, out } = await cli(['doctor', 'sim.yaml', '--json'], { folder });
  const findings: { check: string; result: string; remedy: string | null }[] = JSON.parse(out);
  expect(status).toBe(1);
  expect(findings).toContainEqual({
    check: 'BMC ports',
    result: 'fail',
    message: 'node: 192.0.2.1:* is no address of this host',
    remedy: 'Add it to an interface (ip address add), or choose another one in the lab file.',
  });
  expect(findings).toContainEqual({
    check: 'daemon',
    result: 'ok',
    message: 'does not run; "up" starts it',
    remedy: null,
  });
  for (const finding of findings) expect(finding.remedy === null).toBe(finding.result === 'ok');
  expect(await readdir(folder)).not.toContain('state');
});
