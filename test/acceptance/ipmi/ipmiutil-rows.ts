import { type Row, row } from './matrix.ts';

/** ipmiutil says "unknown" and "invalid" of what it has no table for; it tells errors by number. */
const never = [/error -?\d/i, /ccode/, /internal error/i];
const done = 'completed successfully';

/** ipmiutil. */
export const ipmiutilRows: readonly Row[] = [
  row('health', ['IPMI v2.0', 'Selftest status   = 0055     (OK)', 'chassis_power       = off', done], {
    never,
    eventually: true,
  }),
  row('reset -u', ['powering up', 'IPMI_Reset ok', done], { never }),
  row('health', ['Power State       = 00       (S0: working)', 'chassis_power       = on', done], {
    never,
    eventually: true,
  }),
  row('reset -r', ['resetting', 'IPMI_Reset ok'], { never }),
  row('reset -c', ['power cycling', 'IPMI_Reset ok'], { never }),
  row('health', 'chassis_power       = on', { never, eventually: true }),
  row('reset -n', ['sending NMI', 'IPMI_Reset ok'], { never }),
  row('reset -p', ['resetting to PXE', 'IPMI_Reset ok'], { never }),
  row('reset -b', ['resetting to BIOS Setup', 'IPMI_Reset ok'], { never }),
  row('sel', ['S0/G0 Working', 'Power Up', 'Hard Reset', done], { never }),
  row('sel -e', ['Host Power', 'Firmware Start', done], { never }),
  row('sel -c', ['| Host Power  | S0/G0 Working', done], { never }),
  row('sel -d', ['Log Cleared successfully', done], { never }),
  row(
    'sensor',
    [/Inlet Temp\s+= [\da-f]+ OK\s+\d+\.\d+ degrees C/, /System Fan\s+= [\da-f]+ OK\s+\d+\.\d+ RPM/, done],
    { never },
  ),
  row('sensor -v', ['SdrThres hi-crit 47.00 hi-noncr 42.00', done], { never }),
  row('sensor -t', ['hi-crit 13.20 hi-noncr 12.60 lo-noncr 11.40 lo-crit 10.80', done], { never }),
  row('sensor -s', done, { never }),
  row('fru', [/Board Manufacturer\s+: QuintupleO/, /Product Name\s+: Virtual Bare Metal/, done], { never }),
  row('fru -c', [/Board Manufacturer\s+\| QuintupleO/, done], { never }),
  row('lan', ['Lan Param(3) IP address: 127.', done], { never }),
  row('lan -c', ['Channel 1 SOL Enable', done], { never }),
  row(
    'user list',
    [/User {2}2: chan=1\s+enabled\s+Admin\s+admin/, /User {2}4: chan=1\s+enabled\s+User\s+guest/, done],
    { never },
  ),
  row('wdt', ['Watchdog timer is stopped', done], { never }),
  row('config', ['LanParam 1,3,0:', 'UserAccess'], { never, status: 'any' }),
  row('alarms', done, { never }),
  row('cmd 00 20 18 01', ['respData[len=15]: 20 81', done], { never }),
  row('dcmi discover', ['DCMI Version:           	1.5', /DCMI Power Management:\s+Supported/], {
    never,
    status: 'any',
  }),
  row('dcmi power get', /Current Power:\s+\d+ Watts/, { never, status: 'any' }),
  row('picmg properties', 'Invalid Command', { status: 'any', never: [/internal error/i] }),
  row('reset -D', ['shutdown/power_off', 'IPMI_Reset ok'], { never }),
  row('reset -d', ['powering down', 'IPMI_Reset ok', done], { never }),
  row('health', 'chassis_power       = off', { never, eventually: true }),
  row('reset -k', ['Cold_Reset to BMC ok', done], { never }),
  row('health', 'chassis_power       = off', { never, eventually: true }),
];
