import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createBootDirector } from '../src/boot/director.ts';
import { Clouds } from '../src/drivers/openstack/clouds.ts';
import { OpenStackDriver } from '../src/drivers/openstack/openstack-driver.ts';
import { machineId } from '../src/node/driver.ts';
import { noChange } from '../src/node/firmware-settings.ts';
import { systemClock } from '../src/support/clock.ts';
import { fileDocument } from '../src/support/document.ts';
import { createLog } from '../src/support/log.ts';
import { labOf, macOf } from '../test/drivers/openstack/lab-on-stand-in.ts';
import { StandInCloud } from '../test/drivers/openstack/stand-in/stand-in-cloud.ts';
import { promptTiming } from '../test/drivers/openstack/stand-in/timing.ts';
import { format, printTable, verdict } from './table.ts';

const questions = 500;
const limit = 10;
const never = new AbortController().signal;

/**
 * How long firmware waits for its answer: each question is a boot of its own, so that a *once* override is used, and is
 * on disk, before the answer goes out. Over HTTP on loopback, the machine on the tests' stand-in cloud.
 */
export async function benchFirmware(): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), 'quintupleo-bench-'));
  const log = createLog('silent');
  await using cloud = await StandInCloud.start({ timing: { ...promptTiming, storage: 0 } });
  const cloudsFile = join(folder, 'clouds.yaml');
  await writeFile(cloudsFile, JSON.stringify({ clouds: { bench: cloud.cloudsEntry() } }));
  const disc = join(folder, 'disc.iso');
  await writeFile(disc, 'a disc');
  const env = { OS_CLIENT_CONFIG_FILE: cloudsFile };
  await using clouds = new Clouds({ clock: systemClock, log, env, home: folder, cwd: folder });
  const lab = labOf('bench', [undefined]);
  await using driver = await OpenStackDriver.create(
    { cloud: 'bench' },
    {
      lab: lab.name,
      owner: 'bench',
      stateDirectory: folder,
      runtimeDirectory: folder,
      bootPort: 0,
      clock: systemClock,
      log,
      clouds,
      firmwareImage: async () => ({ path: disc, sha256: '00'.repeat(32), diskFormat: 'iso' }),
    },
  );
  for (const change of await driver.plan(lab)) await driver.apply(lab, change, never);
  await driver.serveBoot(lab);
  const id = machineId(lab.name, lab.nodes[0]?.name ?? '');
  await driver.act(id, { action: 'on', boot: { target: 'default', settings: noChange, revision: 1 } }, never);
  const director = await createBootDirector({
    nodeOf: () => 'node',
    deployFiles: () => Promise.reject(new Error('nothing is deployed here')),
    firmwareAsks: question => driver.firmwareAsks(question),
    document: fileDocument(join(folder, 'assignments.json')),
    log,
  });
  const { port } = await director.listen('127.0.0.1', 0);

  const times: number[] = [];
  for (let boot = 0; boot < questions; boot++) {
    const target = boot % 2 === 0 ? 'pxe' : 'disk';
    await driver.act(
      id,
      { action: 'set-next-boot', boot: { target, settings: noChange, revision: boot + 2 } },
      never,
    );
    const start = performance.now();
    const answer = await fetch(
      `http://127.0.0.1:${port}/firmware/${macOf(0).replaceAll(':', '-')}?boot=${boot}&platform=pcbios`,
    );
    const script = await answer.text();
    times.push(performance.now() - start);
    if (!answer.ok || !script.startsWith('#!ipxe')) throw new Error(`answered ${answer.status}: ${script}`);
  }
  await director.close();
  for (const change of await driver.plan({ ...lab, networks: [], nodes: [] })) {
    await driver.apply({ ...lab, networks: [], nodes: [] }, change, never);
  }
  await rm(folder, { recursive: true, force: true });

  times.sort((one, other) => one - other);
  const at = (share: number) =>
    times[Math.min(times.length - 1, Math.floor(share * times.length))] ?? Number.NaN;
  printTable(
    `What firmware waits for its answer, ${questions} boots, milliseconds`,
    ['median', '99 %', 'longest'],
    [[at(0.5), at(0.99), at(1)].map(format)],
  );
  console.log(`\n99 % of the answers: ${verdict(at(0.99), limit, ' ms')}`);
}
