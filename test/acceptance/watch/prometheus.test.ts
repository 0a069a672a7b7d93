import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { ipmitool } from '../ipmi/clients.ts';
import { type ClientLab, startLab } from '../ipmi/lab.ts';
import { hasProgram, runClient } from '../ipmi/programs.ts';

/** Debian's Prometheus reads what the daemon has counted. */

let lab: ClientLab;
/** Of the dashboard's listener. */
let origin: string;
let prometheus: ChildProcess | undefined;
/** Of Prometheus' API. */
let api: string;

describe.skipIf(!hasProgram('prometheus'))('Prometheus', () => {
  beforeAll(async () => {
    lab = await startLab({ one: {}, two: {} });
    const { body } = await lab.daemon.call<{ url: string }>('POST', '/v1/web');
    origin = new URL(body.url).origin;
    for (const args of ['chassis status', 'chassis power on', 'chassis status', 'raw 0x06 0x7f']) {
      await runClient(ipmitool(lab.endpoint('one'), {}, args.split(' ')), lab.folder);
    }
    const port = await freePort();
    api = `http://127.0.0.1:${port}/api/v1`;
    await startPrometheus(port);
  });

  afterAll(async () => {
    if (prometheus?.exitCode === null) {
      prometheus.kill();
      await once(prometheus, 'exit');
    }
    await lab[Symbol.asyncDispose]();
  });

  test('reads what IPMI clients asked for, and how it was answered', async () => {
    await expect
      .poll(() => query('quintupleo_ipmi_requests_total{command="Get Chassis Status",completion="0x00"}'), {
        timeout: 60_000,
      })
      .toEqual(['2']);
    // Its own, and those by which ipmitool finds out what a BMC can do.
    const [unknown] = await query('quintupleo_ipmi_requests_total{command="unknown",completion="0xc1"}');
    expect(Number(unknown)).toBeGreaterThanOrEqual(1);
    expect(await query('quintupleo_node_operations_total{action="on",outcome="done"}')).toEqual(['1']);
    expect(await query('sum(quintupleo_nodes{power="on"})')).toEqual(['1']);
    expect(await query('quintupleo_node_on{node="two"}')).toEqual(['0']);
    expect(await query('up{job="quintupleo"}')).toEqual(['1']);
  });

  test('can work out every panel of the Grafana dashboard', async () => {
    const { panels } = JSON.parse(await readFile('examples/grafana/dashboard.json', 'utf8')) as {
      panels: { title: string; targets?: { expr: string }[] }[];
    };
    for (const { title, targets = [] } of panels) {
      for (const { expr } of targets) {
        const filled = expr
          .replaceAll('$__rate_interval', '1m')
          .replaceAll('$job', '.*')
          .replaceAll('$instance', '.*');
        const answer = await ask(filled);
        expect(answer, `${title}: ${filled}`).toMatchObject({ status: 'success' });
      }
    }
  });

  test.skipIf(!hasProgram('promtool'))('finds nothing to mend in the metrics’ names and texts', async () => {
    const text = await (await fetch(`${origin}/metrics?nodes=1`)).text();
    await writeFile(join(lab.folder, 'metrics'), text);
    const { text: found } = await runClient(
      ['sh', '-c', `promtool check metrics < ${lab.folder}/metrics`],
      lab.folder,
    );
    // Node.js' own metrics are named by the library.
    expect(found.split('\n').filter(line => line.includes('quintupleo'))).toEqual([]);
    expect(text).toContain('quintupleo_node_info{lab="clients",node="one",power="on"');
  });
});

async function startPrometheus(port: number): Promise<void> {
  const config = join(lab.folder, 'prometheus.yml');
  const example = await readFile('examples/prometheus.yml', 'utf8');
  const own = example
    .replace('127.0.0.1:8625', new URL(origin).host)
    .replace('scrape_interval: 15s', 'scrape_interval: 1s')
    .replace('# params:', 'params:');
  await writeFile(config, own);
  const data = join(lab.folder, 'prometheus');
  await mkdir(data);
  prometheus = spawn(
    'prometheus',
    [
      `--config.file=${config}`,
      `--storage.tsdb.path=${data}`,
      `--web.listen-address=127.0.0.1:${port}`,
      '--log.level=error',
    ],
    { stdio: 'ignore' },
  );
}

/** Values of what an expression finds. */
async function query(expression: string): Promise<string[]> {
  const { data } = await ask(expression).catch(() => ({ data: undefined }));
  return data?.result.map(({ value }) => value[1]) ?? [];
}

async function ask(
  expression: string,
): Promise<{ status: string; data?: { result: { value: [number, string] }[] } }> {
  const answer = await fetch(`${api}/query?query=${encodeURIComponent(expression)}`);
  return (await answer.json()) as { status: string; data: { result: { value: [number, string] }[] } };
}

function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once('error', reject);
    server.listen(0, '127.0.0.1', () => {
      const address = server.address();
      server.close(() => resolve(typeof address === 'object' ? (address?.port ?? 0) : 0));
    });
  });
}
