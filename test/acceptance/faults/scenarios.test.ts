import { readdir, readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { ChaosReport } from '../../../src/cli/chaos/chaos-report.ts';
import { StandInCloud } from '../../drivers/openstack/stand-in/stand-in-cloud.ts';
import { promptTiming } from '../../drivers/openstack/stand-in/timing.ts';
import { Host, hasBridges, hasQemu, password } from '../lab/host.ts';

const examples = fileURLToPath(new URL('../../../examples/chaos/', import.meta.url));
const port = 23_920;

let host: Host;
let cloud: StandInCloud;

/** How an example is run. */
interface Trial {
  readonly lab: string;
  /** What the run says when it has begun. */
  readonly says: string;
  /** By how much its times are shorter than in the file. */
  readonly faster?: number;
  readonly toTheEnd?: boolean;
}

/** Runs an example, and does something meanwhile. It is ended by Ctrl-C then, or left to go on to its own end. */
async function run(
  example: string,
  { lab, says, faster = 1, toTheEnd = false }: Trial,
  meanwhile: () => Promise<void>,
): Promise<ChaosReport> {
  const text = await readFile(`${examples}${example}.yaml`, 'utf8');
  const quick = text.replaceAll(
    /\b(at|for): (\d+)s/g,
    (_, key: string, seconds: string) => `${key}: ${Math.round((Number(seconds) * 1000) / faster)}ms`,
  );
  const file = await host.write(`${example}.yaml`, `${quick}settle: 1s\n`);
  const running = host.start('chaos', 'run', file, '--lab', lab, '--json');
  let seen = false;
  try {
    await running.says(says);
    await meanwhile();
    seen = true;
  } finally {
    if (!seen || !toTheEnd) running.interrupt();
    await running.ended;
  }
  const { out, text: all } = await running.ended;
  if (!out.startsWith('{')) throw new Error(`${example} gave no report:\n${all}`);
  return JSON.parse(out) as ChaosReport;
}

/** Asks the BMC of a node. */
function ipmi(node: number, ...args: readonly string[]): Promise<string> {
  return host.ipmitool(port + node, ...args);
}

/** Asks it with patience, as a tool does whose network is bad. */
function ipmiPatiently(node: number, ...args: readonly string[]): Promise<string> {
  return ipmi(node, '-N', '1', '-R', '20', ...args);
}

/** Asks until the answer has a text; the test's own time limit bounds the wait. */
async function until(ask: () => Promise<string>, text: string): Promise<void> {
  while (!(await ask()).includes(text));
}

beforeAll(async () => {
  cloud = await StandInCloud.start({ timing: promptTiming });
  const [tenant] = cloud.tenants;
  host = await Host.create({
    ...process.env,
    OS_AUTH_URL: cloud.authUrl,
    OS_USERNAME: tenant.userName,
    OS_PASSWORD: tenant.password,
    OS_PROJECT_NAME: tenant.projectName,
    OS_USER_DOMAIN_NAME: 'Default',
    OS_PROJECT_DOMAIN_NAME: 'Default',
  });
});

afterAll(async () => {
  await host[Symbol.asyncDispose]();
  await cloud[Symbol.asyncDispose]();
});

test('every example is a scenario', async () => {
  const files = (await readdir(examples)).map(name => `${examples}${name}`);
  const told = (await host.done('chaos', 'check', ...files)).trim().split('\n');
  expect(told).toHaveLength(files.length);
});

describe.skipIf(!hasQemu)('BMCs of simulated machines', () => {
  beforeAll(async () => {
    const lab = `lab: sim
driver: { name: simulated, latency: 50ms }
nodes: [{ name: 'n{index}', count: 3 }]
bmc: { username: admin, password: ${password}, ipmi: { address: 127.0.0.1, port: ${port} } }
`;
    await host.done('up', await host.file('sim', lab));
  });

  afterAll(async () => {
    await host.done('down', 'sim');
  });

  test('a BMC hangs: its clients hear nothing, those of the others do, and it comes back', async () => {
    const answers = () =>
      Promise.all([0, 1, 2].map(node => ipmi(node, '-N', '1', '-R', '1', 'power', 'status')));
    const trial = { lab: 'sim', faster: 4, says: 'the BMC cannot be reached' };
    const report = await run('bmc-hangs', trial, async () => {
      const texts = (await answers()).join();
      expect(texts.match(/Unable to establish/g)).toHaveLength(1);
      expect(texts.match(/Chassis Power is off/g)).toHaveLength(2);
    });
    expect(report.steps[0]?.felt).toBeGreaterThan(0);
    expect((await answers()).join().match(/Chassis Power is off/g)).toHaveLength(3);
  });

  test('a flaky network: who asks again is answered, if late', async () => {
    const trial = { lab: 'sim', says: 'the BMC takes requests' };
    const report = await run('flaky-bmc-network', trial, async () => {
      await until(() => ipmiPatiently(0, 'power', 'on'), 'Up/On');
      await until(() => ipmiPatiently(0, 'power', 'status'), 'Chassis Power is on');
      await until(() => ipmiPatiently(0, 'chassis', 'bootdev', 'pxe'), 'Set Boot Device to pxe');
    });
    for (const { felt } of report.steps) expect(felt).toBeGreaterThan(0);
  });

  test('the boot device is forgotten: the override reads back, and the machine boots as usual', async () => {
    const trial = { lab: 'sim', says: 'overrides are forgotten' };
    const boot = async () => {
      await ipmi(1, 'chassis', 'bootdev', 'pxe');
      expect(await ipmi(1, 'chassis', 'bootparam', 'get', '5')).toContain('Force PXE');
      await ipmi(1, 'power', (await ipmi(1, 'power', 'status')).includes('is on') ? 'reset' : 'on');
      await until(() => host.done('console', 'sim/n1', '--log'), 'simulated boot from');
      return host.done('console', 'sim/n1', '--log');
    };
    await run('forgotten-boot-device', trial, async () => {
      expect(await boot()).toContain('simulated boot from default');
    });
    await boot();
    await until(() => host.done('console', 'sim/n1', '--log'), 'simulated boot from pxe');
  });

  test('passwords were changed: new logins are refused, and let in again', async () => {
    const trial = { lab: 'sim', says: 'passwords are others' };
    await run('password-changed', trial, async () => {
      expect(await ipmi(2, 'power', 'status')).toMatch(/HMAC is invalid|Unable to establish/);
    });
    await until(() => ipmi(2, 'power', 'status'), 'Chassis Power is');
  });

  test('BMCs restart one after the other: who asks again is answered', async () => {
    const trial = { lab: 'sim', faster: 8, toTheEnd: true, says: 'the BMC restarts' };
    const report = await run('rolling-bmc-reset', trial, async () => {
      for (let round = 0; round < 2; round++)
        for (const node of [0, 1, 2])
          await until(() => ipmiPatiently(node, 'power', 'status'), 'Chassis Power is');
    });
    expect(report.interrupted).toBe(false);
    expect(report.steps.map(({ felt }) => felt)).toEqual([1, 1, 1]);
    for (const node of report.nodes) expect(node.failed).toBe(0);
  });

  test('overheating: the sensor and the event log tell of it, and of its end', async () => {
    const trial = { lab: 'sim', says: 'CPU Temp reads' };
    await ipmi(0, 'power', 'on');
    await until(() => ipmi(0, 'power', 'status'), 'is on');
    await run('overheating', trial, async () => {
      expect(await ipmi(0, 'sensor', 'get', 'CPU Temp')).toMatch(/Status\s*: (Upper )?Critical/i);
      expect(await ipmi(0, 'sel', 'elist')).toMatch(/CPU Temp.*Upper Critical going high.*Asserted/);
    });
    expect(await ipmi(0, 'sensor', 'get', 'CPU Temp')).toMatch(/Status\s*: ok/i);
    expect(await ipmi(0, 'sel', 'elist')).toMatch(/CPU Temp.*Upper Critical going high.*Deasserted/);
  });

  test('power is stuck: off is accepted, and the machine stays on', async () => {
    const trial = { lab: 'sim', says: 'the machine stays on' };
    await ipmi(0, 'power', 'on');
    await until(() => ipmi(0, 'power', 'status'), 'is on');
    const report = await run('stuck-power', trial, async () => {
      expect(await ipmi(0, 'power', 'off')).toContain('Down/Off');
      await until(() => host.done('status', 'sim'), 'off under way');
      expect(await ipmi(0, 'power', 'status')).toContain('is on');
    });
    expect(report.steps[0]?.felt).toBe(1);
    expect(await ipmi(0, 'power', 'status')).toContain('is on');
  });
});

describe.skipIf(!hasQemu)('machines of QEMU', () => {
  const bmc = port + 10;
  const ask = (...args: readonly string[]) => host.ipmitool(bmc, ...args);
  const says = () => host.done('console', 'metal/n0', '--log').catch(() => '');

  /** Boots the machine from a device, with whatever is wrong. */
  async function boot(device: 'pxe' | 'disk'): Promise<void> {
    await ask('power', 'off');
    await until(() => ask('power', 'status'), 'is off');
    await ask('chassis', 'bootdev', device);
    await ask('power', 'on');
    await until(() => ask('power', 'status'), 'is on');
  }

  beforeAll(async () => {
    const lab = { name: 'metal', cidr: '192.168.213.0/24', port: bmc, nodes: 1 };
    await host.done('up', await host.lab(lab));
  });

  afterAll(async () => {
    await host.done('down', 'metal');
  });

  test('firmware hangs: on, and not a line on the console, until it goes on', async () => {
    const trial = { lab: 'metal', says: 'the firmware hangs' };
    await run('firmware-hang', trial, async () => {
      await boot('disk');
      expect(await says()).toBe('');
      expect(await host.done('events', 'metal/n0')).not.toContain('firmware started');
    });
    await until(says, 'SeaBIOS');
    expect(await host.done('events', 'metal/n0')).toContain('firmware started');
  });

  test('a disk dies: it cannot be read, and then it can', async () => {
    const trial = { lab: 'metal', says: 'disk 0 fails' };
    await run('disk-dies', trial, async () => {
      await boot('disk');
      await until(says, 'could not read the boot disk');
    });
    await boot('disk');
    await until(says, 'not a bootable disk');
  });

  test.skipIf(!hasBridges)('DHCP is away: firmware gets no address, and then it does', async () => {
    const trial = { lab: 'metal', says: 'DHCP does not answer' };
    const report = await run('dhcp-away', trial, async () => {
      await boot('pxe');
      await until(says, 'No more network devices');
      expect(await says()).not.toContain('Next server');
    });
    expect(report.steps[0]?.problems).toEqual({});
    await boot('pxe');
    await until(says, 'Next server: 192.168.213.1');
  });
});

describe.skipIf(!hasQemu)('a cloud', () => {
  const bmc = port + 20;
  const ask = (...args: readonly string[]) => host.ipmitool(bmc, ...args);

  beforeAll(async () => {
    const lab = `lab: cloudy
driver: openstack
networks: { net: { cidr: 192.168.214.0/24 } }
nodes: [{ name: n0, cpus: 1, memory: 512MiB, nics: [net] }]
bmc: { username: admin, password: ${password}, ipmi: { address: 127.0.0.1, port: ${bmc} } }
`;
    await host.done('up', await host.file('cloudy', lab));
  });

  afterAll(async () => {
    await host.done('down', 'cloudy');
  });

  test('browns out: power operations take longer, and end well', async () => {
    const trial = { lab: 'cloudy', faster: 12, toTheEnd: true, says: 'calls to the cloud take' };
    const report = await run('cloud-brownout', trial, async () => {
      await ask('power', 'on');
      await until(() => ask('power', 'status'), 'is on');
      await ask('power', 'off');
      await until(() => ask('power', 'status'), 'is off');
    });
    expect(report.interrupted).toBe(false);
    expect(report.steps).toHaveLength(3);
    await ask('power', 'on');
    await until(() => ask('power', 'status'), 'is on');
  });
});
