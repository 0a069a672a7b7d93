import { fileURLToPath } from 'node:url';
import { type Endpoint, users } from './lab.ts';

/** Command lines of the clients, up to their own commands. */

/** A login, and how a session is protected. */
export interface Login {
  readonly user?: string | undefined;
  readonly password?: string | undefined;
  readonly privilege?: string | undefined;
  /** Cipher suite; `undefined` leaves it to the client; `1.5` opens an IPMI 1.5 session. */
  readonly suite?: number | '1.5' | undefined;
}

const { name, password: adminPassword } = users.admin;

/** ipmitool as ironic runs it. */
export function ipmitool(bmc: Endpoint, login: Login, args: readonly string[]): string[] {
  const { user = name, password = adminPassword, privilege = 'ADMINISTRATOR', suite } = login;
  return [
    ...['ipmitool', '-I', suite === '1.5' ? 'lan' : 'lanplus', '-H', bmc.address, '-p', `${bmc.port}`],
    ...['-L', privilege, '-U', user, '-P', password, '-R', '1', '-N', '5'],
    ...(typeof suite === 'number' ? ['-C', `${suite}`] : []),
    ...args,
  ];
}

/** A program of freeipmi, which `args` begins with. */
export function freeipmi(bmc: Endpoint, login: Login, [program = '', ...args]: readonly string[]): string[] {
  const { user = name, password = adminPassword, privilege = 'ADMIN', suite } = login;
  return [
    ...[program, '-h', `${bmc.address}:${bmc.port}`, '-D', suite === '1.5' ? 'LAN' : 'LAN_2_0'],
    ...['-u', user, '-p', password, '-l', privilege],
    ...(typeof suite === 'number' ? ['-I', `${suite}`] : []),
    ...args,
  ];
}

/** ipmiutil, which knows no port but 623. */
export function ipmiutil(bmc: Endpoint, login: Login, args: readonly string[]): string[] {
  const { user = name, password = adminPassword, privilege = '4', suite } = login;
  return [
    ...['ipmiutil', ...args, '-N', bmc.address, '-U', user, '-P', password, '-V', privilege],
    ...(suite === '1.5' ? ['-F', 'lan', '-T', '2'] : ['-F', 'lan2']),
    ...(typeof suite === 'number' ? ['-J', `${suite}`] : []),
  ];
}

/** pyghmi, which takes what the BMC offers; its privilege levels are numbers. */
export function pyghmi(bmc: Endpoint, login: Login, args: readonly string[]): string[] {
  const { user = name, password = adminPassword, privilege = '4' } = login;
  const script = fileURLToPath(new URL('pyghmi-client.py', import.meta.url));
  return ['/usr/bin/python3', script, bmc.address, `${bmc.port}`, user, password, privilege, ...args];
}
