import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { freeipmi, ipmitool, ipmiutil, type Login, pyghmi } from './clients.ts';
import { type ClientLab, canUseIpmiPort, type Endpoint, ipmiPortAddress, startLab } from './lab.ts';
import { hasProgram, runClient } from './programs.ts';

/** Who is let in, who is not, and what they are told. No client is left without an answer. */

/** ipmitool takes a key that begins with a zero byte for none. */
const kg = 'f0112233445566778899aabbccddeeff00112233';
const wrongKg = 'f0112233445566778899aabbccddeeff00112234';

const noSession = 'Unable to establish IPMI v2 / RMCP+ session';
const noSuite = 'Error in open session response message : no matching cipher suite';

const mayUseIpmiPort = await canUseIpmiPort();
let lab: ClientLab;

beforeAll(async () => {
  lab = await startLab({
    usual: {},
    generous: { cipherSuites: [1, 2, 3, 15, 16, 17], ipmi15: true },
    'two-key': { kg },
    limited: { channelPrivilege: 'operator' },
    ...(mayUseIpmiPort ? { old: { address: ipmiPortAddress, port: 623 } } : {}),
  });
});

afterAll(() => lab[Symbol.asyncDispose]());

type CommandLine = (bmc: Endpoint, login: Login, args: readonly string[]) => string[];

/** What a client prints; the exit status goes before it. */
async function says(
  client: CommandLine,
  node: string,
  login: Login,
  args: string,
  more: readonly string[] = [],
): Promise<string> {
  const command = [...client(lab.endpoint(node), login, args.split(' ')), ...more];
  const { status, text } = await runClient(command, lab.folder);
  return `${status ?? 'killed'}: ${text}`;
}

/** Login, command, and what ipmitool says; with -v it says what the BMC told it. */
const refusals: readonly (readonly [what: string, node: string, login: Login, args: string, text: string])[] =
  [
    ['a wrong password', 'usual', { password: 'wrong' }, '-v power status', 'RAKP 2 HMAC is invalid'],
    ['a user that is not there', 'usual', { user: 'nobody' }, '-v power status', 'unauthorized name'],
    ['no user name', 'usual', { user: '' }, '-v power status', 'unauthorized name'],
    ['no password', 'usual', { password: '' }, '-v power status', 'RAKP 2 HMAC is invalid'],
    [
      'a user who wants to be administrator',
      'usual',
      { user: 'guest', password: 'secret-3' },
      '-v power status',
      'unauthorized role requested',
    ],
    ['more than the channel allows', 'limited', {}, '-v power status', 'unauthorized role requested'],
    ...[0, 1, 2, 15, 16].map(
      suite => [`cipher suite ${suite}`, 'usual', { suite }, 'power status', noSuite] as const,
    ),
    ['cipher suite 0 where all are allowed', 'generous', { suite: 0 }, 'power status', noSuite],
    ['RC4', 'usual', { suite: 4 }, 'power status', 'invalid confidentiality algorithm'],
    ['RAKP-HMAC-MD5', 'usual', { suite: 8 }, 'power status', 'invalid authentication algorithm'],
    ['IPMI 1.5', 'usual', { suite: '1.5' }, 'power status', 'Authentication type NONE not supported'],
    [
      'IPMI 1.5 without a password',
      'generous',
      { suite: '1.5' },
      '-A NONE power status',
      'Authentication type NONE not supported',
    ],
    [
      'a password in clear text',
      'generous',
      { suite: '1.5' },
      '-A PASSWORD power status',
      'Authentication type PASSWORD not supported',
    ],
    [
      'a user that is not there over IPMI 1.5',
      'generous',
      { suite: '1.5', user: 'nobody' },
      'power status',
      'Invalid user name',
    ],
    [
      'a wrong password over IPMI 1.5',
      'generous',
      { suite: '1.5', password: 'wrong' },
      'power status',
      'Activate Session command failed',
    ],
    [
      'a user who wants to be administrator over IPMI 1.5',
      'generous',
      { suite: '1.5', user: 'guest', password: 'secret-3' },
      'power status',
      'Requested privilege level exceeds limit',
    ],
    ['no K_g', 'two-key', {}, '-v power status', 'RAKP 4 message has invalid integrity check value'],
    ['a wrong K_g', 'two-key', {}, `-v -y ${wrongKg} power status`, 'invalid integrity check value'],
    ['a K_g where there is none', 'usual', {}, `-v -y ${kg} power status`, 'invalid integrity check value'],
  ];

test.each(refusals)('ipmitool: %s is refused', async (_what, node, login, args, text) => {
  const said = await says(ipmitool, node, login, args);
  expect(said).toContain(text);
  expect(said).not.toContain('Chassis Power is');
  expect(said).toMatch(/Unable to establish (IPMI v2 \/ RMCP\+|LAN|IPMI v1.5 \/ RMCP) session/);
});

describe('ipmitool is let in', () => {
  const grants: readonly (readonly [what: string, node: string, login: Login, args: string])[] = [
    ...[1, 2, 3, 15, 16, 17].map(
      suite => [`with cipher suite ${suite} where it is allowed`, 'generous', { suite }, ''] as const,
    ),
    ['with IPMI 1.5 where it is allowed', 'generous', { suite: '1.5' }, ''],
    ['with IPMI 1.5 and MD5', 'generous', { suite: '1.5' }, '-A MD5 '],
    ['with K_g as hexadecimal digits', 'two-key', {}, `-y ${kg} `],
    ['with K_g and cipher suite 3', 'two-key', { suite: 3 }, `-y ${kg} `],
    ['as a user', 'usual', { user: 'guest', password: 'secret-3', privilege: 'USER' }, ''],
    ['as an operator', 'usual', { user: 'oper', password: 'secret-2', privilege: 'OPERATOR' }, ''],
    ['as an operator where the channel allows no more', 'limited', { privilege: 'OPERATOR' }, ''],
  ];
  test.each(grants)('%s', async (_what, node, login, options) => {
    expect(await says(ipmitool, node, login, `${options}power status`)).toBe('0: Chassis Power is off\n');
  });
});

describe('a privilege that is not enough is told as such', () => {
  const guest = { user: 'guest', password: 'secret-3', privilege: 'USER' };
  const denials: readonly (readonly [login: Login, args: string])[] = [
    [{ privilege: 'USER' }, 'power off'],
    [{ privilege: 'USER' }, 'chassis bootdev pxe'],
    [guest, 'power on'],
    [guest, 'chassis bootparam get 5'],
    [guest, 'mc reset warm'],
    [guest, 'raw 0x06 0x02'],
    [{ user: 'oper', password: 'secret-2', privilege: 'OPERATOR' }, 'user set name 5 fred'],
    [{ user: 'oper', password: 'secret-2', privilege: 'OPERATOR' }, 'mc reset warm'],
    [{ suite: 3, privilege: 'USER' }, 'power off'],
  ];
  test.each(denials)('%o: %s', async (login, args) => {
    const said = await says(ipmitool, 'usual', login, args);
    expect(said).toMatch(/insufficient privilege/i);
  });

  test('and nothing was done', async () => {
    expect(await lab.status('usual')).toMatchObject({ power: 'off', boot: { enabled: 'disabled' } });
  });
});

describe.skipIf(!hasProgram('ipmipower'))('freeipmi', () => {
  const answers: readonly (readonly [node: string, login: Login, args: string, text: string])[] = [
    ['usual', { password: 'wrong' }, 'bmc-info', '1: bmc-info: password invalid'],
    ['usual', { user: 'nobody' }, 'bmc-info', '1: bmc-info: username invalid'],
    ['usual', { suite: 0 }, 'bmc-info', '1: bmc-info: cipher suite id unavailable'],
    ['usual', { suite: 2 }, 'bmc-info', '1: bmc-info: cipher suite id unavailable'],
    [
      'usual',
      { user: 'guest', password: 'secret-3' },
      'bmc-info',
      'privilege level cannot be obtained for this user',
    ],
    ['usual', { suite: '1.5' }, 'bmc-info', 'authentication type unavailable for attempted privilege level'],
    ['two-key', {}, 'bmc-info', '1: bmc-info: k_g invalid'],
    ['two-key', {}, `bmc-info -k 0x${wrongKg}`, '1: bmc-info: k_g invalid'],
    ['two-key', {}, `bmc-info --get-device-id -k 0x${kg}`, 'IPMI Version          : 2.0'],
    ['generous', { suite: '1.5' }, 'bmc-info --get-device-id', 'IPMI Version          : 2.0'],
    ['generous', { suite: '1.5', user: 'nobody' }, 'bmc-info', 'username invalid'],
    ['usual', { password: 'wrong' }, 'ipmipower --stat', ': password invalid'],
    ['usual', { user: 'nobody' }, 'ipmipower --stat', ': username invalid'],
    ['usual', { suite: 0 }, 'ipmipower --stat', ': cipher suite id unavailable'],
    [
      'usual',
      { user: 'guest', password: 'secret-3', privilege: 'USER' },
      'ipmi-chassis --chassis-control=POWER-UP',
      'privilege level insufficient',
    ],
  ];
  test.each(answers)('%s, %o: %s says "%s"', async (node, login, args, text) => {
    expect(await says(freeipmi, node, login, args)).toContain(text);
  });
});

describe.skipIf(!(hasProgram('ipmiutil') && mayUseIpmiPort))('ipmiutil', () => {
  const answers: readonly (readonly [login: Login, args: string, text: string])[] = [
    [{ password: 'wrong', suite: 3 }, 'health', noSession],
    [{ user: 'nobody', suite: 3 }, 'health', noSession],
    [{ suite: 0 }, 'health', noSuite],
    [{ suite: 2 }, 'health', noSuite],
    [{ user: 'guest', password: 'secret-3', suite: 3 }, 'health', noSession],
    [{ user: 'guest', password: 'secret-3', suite: 3, privilege: '2' }, 'health', 'completed successfully'],
    [
      { user: 'guest', password: 'secret-3', suite: 3, privilege: '2' },
      'reset -u',
      'Insufficient privilege level',
    ],
  ];
  test.each(answers)('%o: %s says "%s"', async (login, args, text) => {
    expect(await says(ipmiutil, 'old', login, args)).toContain(text);
  });
});

describe.skipIf(!hasProgram('python3'))('pyghmi', () => {
  const answers: readonly (readonly [node: string, login: Login, method: string, text: string])[] = [
    ['usual', { password: 'wrong' }, 'get_power', 'Incorrect password provided'],
    ['usual', { user: 'nobody' }, 'get_power', 'Unauthorized name'],
    ['usual', { user: 'guest', password: 'secret-3' }, 'get_power', 'Unauthorized role or privilege level'],
    ['usual', { user: 'guest', password: 'secret-3', privilege: '2' }, 'get_power', "'powerstate': 'off'"],
    ['usual', { user: 'guest', password: 'secret-3', privilege: '2' }, 'reset_bmc', 'Insufficient privilege'],
    ['two-key', {}, 'get_power', 'Invalid RAKP4 integrity code'],
  ];
  test.each(answers)('%s, %o: %s says "%s"', async (node, login, method, text) => {
    expect(await says(pyghmi, node, login, method)).toContain(text);
  });
});
