import { type Row, row } from './matrix.ts';

/** Firmware setup, safe mode and a UEFI disk as ironic asks for them, on machines that have them. */
export const rareDevices: readonly Row[] = [
  row('raw 0x00 0x08 0x05 0xe0 0x18 0x00 0x00 0x00', /^\s*$/),
  row('chassis bootparam get 5', 'Boot Device Selector : Force Boot into BIOS Setup'),
  row('raw 0x00 0x08 0x05 0xe0 0x0c 0x00 0x00 0x00', /^\s*$/),
  row(
    'chassis bootparam get 5',
    'Boot Device Selector : Force Boot from default Hard-Drive, request Safe-Mode',
  ),
  row('raw 0x00 0x08 0x05 0xe0 0x24 0x00 0x00 0x00', /^\s*$/),
  row('chassis bootparam get 5', 'Boot parameter data: e024000000'),
];

/** The same on machines that have not. */
export const refusedDevices: readonly Row[] = ['0x18', '0x0c', '0x10'].map(device =>
  row(`raw 0x00 0x08 0x05 0xe0 ${device} 0x00 0x00 0x00`, 'rsp=0xcc): Invalid data field in request', {
    status: 1,
    never: [],
  }),
);

/** ipmitool: first what ironic's driver runs, then everything else that a person may try. */
export const ipmitoolRows = (devices: readonly Row[]): readonly Row[] => [
  row('power status', 'Chassis Power is off', { eventually: true }),
  row('raw 0x00 0x08 0x03 0x08', /^\s*$/),
  // UEFI, next boot or all boots: PXE, disk, CD
  row('raw 0x00 0x08 0x05 0xe0 0x04 0x00 0x00 0x00', /^\s*$/),
  row('chassis bootparam get 5', [
    'Boot parameter data: e004000000',
    'Boot Flag Valid',
    'Options apply to all future boots',
    'BIOS EFI boot',
    'Boot Device Selector : Force PXE',
  ]),
  row('raw 0x00 0x08 0x05 0xa0 0x08 0x00 0x00 0x00', /^\s*$/),
  row('chassis bootparam get 5', [
    'Boot parameter data: a008000000',
    'Options apply to only next boot',
    'Boot Device Selector : Force Boot from default Hard-Drive',
  ]),
  row('raw 0x00 0x08 0x05 0xe0 0x14 0x00 0x00 0x00', /^\s*$/),
  row('chassis bootparam get 5', 'Boot Device Selector : Force Boot from CD/DVD'),
  ...devices,
  row('chassis bootdev pxe', 'Set Boot Device to pxe'),
  row('chassis bootparam get 5', [
    'Options apply to only next boot',
    'BIOS PC Compatible (legacy) boot',
    'Force PXE',
  ]),
  row('chassis bootdev disk options=persistent', 'Set Boot Device to disk'),
  row('chassis bootparam get 5', ['Options apply to all future boots', 'Force Boot from default Hard-Drive']),
  row('power on', 'Chassis Power Control: Up/On'),
  row('power status', 'Chassis Power is on', { eventually: true }),
  row('power on', 'Chassis Power Control: Up/On'),
  row('mc info', ['Device ID                 : 32', 'IPMI Version              : 2.0', 'Chassis Device'], {
    never: [/invalid/i, /reserved/i], // a manufacturer is "Unknown" who has no number
  }),
  row('sdr -v', ['Sensor ID              : CPU Temp (0x2)', /Sensor Reading {8}: \d+ .*degrees C/], {
    never: [/reserved/i, /internal error/i],
  }),
  row('sdr dump sdr.bin', "Dumping Sensor Data Repository to 'sdr.bin'"),
  row('power diag', 'Chassis Power Control: Diag'),
  row('power reset', 'Chassis Power Control: Reset'),
  row('power status', 'Chassis Power is on', { eventually: true }),
  row('power cycle', 'Chassis Power Control: Cycle'),
  row('power status', 'Chassis Power is on', { eventually: true }),

  row('mc guid', ['System GUID   : 8c4f6f2e-4a53-4b3a-9e8e-', 'GUID Encoding : IPMI']),
  row('mc selftest', 'Selftest: passed'),
  row('mc getenables', /System Event Logging\s+: enabled/),
  row('mc watchdog get', 'Watchdog Timer Is:      Stopped', { never: [/invalid/i, /failed/i] }),
  row('mc watchdog reset', 'Attempt to reset uninitialized watchdog', { status: 1, never: [] }),
  row('mc watchdog off', 'Watchdog Timer Shutoff successful'),
  // A cycle that has been asked for may still be to come.
  row(
    'chassis status',
    [
      'System Power         : on',
      'Power Control Fault  : false',
      'Power Restore Policy : always-off',
      'Last Power Event     : command',
      'Drive Fault          : false',
    ],
    { eventually: true },
  ),
  row('chassis policy list', 'always-off always-on previous'),
  row('chassis policy previous', 'Set chassis power restore policy to previous'),
  row('chassis status', 'Power Restore Policy : previous'),
  row('chassis policy always-off', 'Set chassis power restore policy to always-off'),
  row('chassis restart_cause', 'chassis power control command', { eventually: true }),
  row('chassis poh', /POH Counter\s+: 0 days, 0 hours, \d+ minutes/),
  row('chassis identify 5', 'Chassis identify interval: 5 seconds'),
  row('chassis identify force', 'Chassis identify interval: indefinite'),
  row('chassis identify 0', 'Chassis identify interval: off'),
  row('chassis selftest', 'Self Test Results    : passed'),
  row('chassis bootparam get 0', 'set complete'),
  row('chassis bootparam get 1', 'Service Partition Selector : unspecified'),
  row('chassis bootparam get 2', 'Boot parameter 2 is valid/unlocked'),
  row('chassis bootparam get 3', "Don't automatically clear boot flag valid bit on timeout", {
    never: [/invalid/i, /failed/i],
  }),
  row('chassis bootparam get 4', 'Boot parameter 4 is valid/unlocked'),
  row('chassis bootparam get 6', 'Boot parameter 6 is valid/unlocked'),
  row('chassis bootparam get 7', 'Boot parameter 7 is valid/unlocked', { never: [/invalid/i, /failed/i] }),
  row('chassis bootmbox get', 'Block   4 Data', { never: [/invalid/i, /failed/i] }),

  row('sdr', [
    /Inlet Temp\s+\| \d+ degrees C\s+\| ok/,
    /System Fan\s+\| \d+ RPM\s+\| ok/,
    /12V Rail\s+\| [\d.]+ Volts\s+\| ok/,
  ]),
  row('sdr elist all', [/Host Power\s+\| 40h \| ok\s+\|\s+7\.1 \| S0\/G0: working/, /BMC\s+\| 00h/]),
  row('sdr type Temperature', [/Inlet Temp/, /CPU Temp/]),
  row('sdr info', [/Record Count\s+: 17/], { never: [/invalid/i, /failed/i] }),
  row('sensor', [/12V Rail\s+\| 12\.\d+\s+\| Volts\s+\| ok\s+\| na\s+\| 10\.800/]),
  row(['sensor', 'get', 'CPU Temp'], [/Upper critical\s*:?\s*95\.000/i]),
  row(
    ['sensor', 'thresh', 'CPU Temp', 'unc', '80'],
    'Setting sensor "CPU Temp" Upper Non-Critical threshold to 80.000',
  ),
  row(['sensor', 'reading', 'Inlet Temp'], /Inlet Temp\s+\| \d+/),

  row('sel', [/Version\s+: 1\.5/, /Overflow\s+: false/]),
  row('sel list', [
    'S0/G0: working',
    'Initiated by power up',
    'NMI/Diag Interrupt',
    'Initiated by hard reset',
  ]),
  row('sel elist', ['Host Power | S0/G0: working', 'Firmware Start | Initiated by power up']),
  row('sel get 1', ['SEL Record ID          : 0001', 'Record Type           : 02']),
  row('sel time get', /\d\d\/\d\d\/\d\d \d\d:\d\d:\d\d UTC/),
  row('sel time set now', /\d\d\/\d\d\/\d\d \d\d:\d\d:\d\d UTC/),
  row('sel writeraw sel.raw', 'S0/G0: working'),
  row('sel save sel.txt', 'S0/G0: working'),
  row('event 1', 'Sending SAMPLE event: Temperature - Upper Critical - Going High'),
  row('sel clear', 'Clearing SEL.'),
  row('sel list', 'Log area reset/cleared'),

  row('fru', [
    /Board Mfg\s+: QuintupleO/,
    /Product Name\s+: Virtual Bare Metal/,
    /Product Extra\s+: UUID 8c4f6f2e-4a53-4b3a-9e8e-/,
  ]),
  row('fru read 0 fru.bin', /Done|Fru Size/),
  row('lan print 1', [/IP Address\s+: 127\.\d+\.\d+\.\d+/, /MAC Address\s+: 02:/], {
    never: [/failed/i, /unsupported/i], // one of its lines is "Invalid password disable"
  }),
  row('user list 1', [/2\s+admin\s+.*ADMINISTRATOR/, /3\s+oper\s+.*OPERATOR/, /4\s+guest\s+.*USER/]),
  row('user summary 1', /Enabled User Count\s+: 3/),
  row('channel info 1', ['Channel Medium Type   : 802.3 LAN', 'Access Mode         : always available']),
  row('channel getaccess 1 2', ['User Name            : admin', 'Enable Status        : enabled']),
  row('channel authcap 1 4', 'Channel supports IPMI v2.0 : yes'),
  row('channel getciphers ipmi 1', [
    /^17\s+N\/A\s+hmac_sha256\s+sha256_128\s+aes_cbc_128/m,
    /^3\s+N\/A\s+hmac_sha1 /m,
  ]),
  row('session info active', [
    'user id                       : 2',
    'privilege level               : ADMINISTRATOR',
  ]),
  row('session info all', /active sessions {15}: \d+/),
  row('sol info', ['Enabled                         : true', /Volatile Bit Rate \(kbps\)\s+: 115\.2/]),
  row('sol payload status 1 2', 'User 2 on channel 1 is enabled'),
  row('sol set retry-count 5 1', /^\s*$/),
  row('sol deactivate', 'SOL payload already de-activated', { status: 'any' }),
  row('dcmi discover', 'Power management available'),
  row('dcmi power reading', /Instantaneous power reading:\s+\d+ Watts/),
  row('dcmi set_asset_tag rack-7', 'Set Asset Tag: rack-7'),
  row('dcmi asset_tag', 'Asset tag: rack-7'),
  row('dcmi get_mc_id_string', /Get Management Controller Identifier String: \S/),
  row('dcmi sensors', /Inlet: 1 temperature sensor found/),
  row('dcmi get_temp_reading', /Inlet air temperature\(40h\)\s+1\s+\+\d+ C/),
  // Not there, and said so: never a pretended success.
  row('raw 0x2e 0x01', 'rsp=0xc1): Invalid command', { status: 1, never: [] }),
  row('raw 0x06 0x01 0x00', 'rsp=0xc7): Request data length invalid', { status: 1, never: [] }),
  row('raw 0x00 0x02 0x0f', 'rsp=0xcc): Invalid data field in request', { status: 1, never: [] }),
  row('pef info', 'Invalid command', { status: 1, never: [/internal error/i] }),

  row('power soft', 'Chassis Power Control: Soft'),
  row('power off', 'Chassis Power Control: Down/Off'),
  row('power status', 'Chassis Power is off', { eventually: true }),
  row('power off', 'Chassis Power Control: Down/Off'),
  row('power soft', 'Chassis Power Control: Soft'),
  row('power reset', 'Command not supported in present state', { status: 1, never: [] }),
  row('power diag', 'Command not supported in present state', { status: 1, never: [] }),
  row('chassis power status', 'Chassis Power is off'),
  row('bmc reset warm', 'Sent warm reset command to MC'),
  row('power status', 'Chassis Power is off', { eventually: true }),
  row('mc reset cold', 'Sent cold reset command to MC'),
  row('power status', 'Chassis Power is off', { eventually: true }),
];
