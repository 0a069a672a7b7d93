import { type Row, row } from './matrix.ts';

/** The temporary files of a client go where it runs. */
const cached = ['--quiet-cache', '--sdr-cache-directory=.'];

/** The programs of freeipmi. */
export const freeipmiRows: readonly Row[] = [
  row('ipmipower --stat', ': off', { eventually: true }),
  row('ipmipower --on --wait-until-on', ': ok'),
  row('ipmipower --stat', ': on', { eventually: true }),
  row('ipmipower --on', ': ok'),
  row('ipmipower --reset', ': ok'),
  // A diagnostic interrupt is refused as busy until the reset is done.
  row('ipmipower --pulse', ': ok', { eventually: true }),
  row('ipmipower --cycle', ': ok'),
  row('ipmipower --stat', ': on', { eventually: true }),
  row('ipmi-chassis --get-chassis-capabilities', [
    /Diagnostic Interrupt\s+: provided/,
    /SEL Device Address\s+: 20h/,
  ]),
  row(
    'ipmi-chassis --get-chassis-status',
    [/System Power\s+: on/, /Power control fault\s+: false/, /Power restore policy\s+: Always off/],
    { eventually: true, never: [/invalid/i, /internal error/i] },
  ),
  row('ipmi-chassis --chassis-control=POWER-UP', /^\s*$/),
  row('ipmi-chassis --chassis-control=HARD-RESET', /^\s*$/),
  row('ipmi-chassis --chassis-identify=5', /^\s*$/),
  row('ipmi-chassis --set-power-restore-policy=always-off', /^\s*$/),
  row('ipmi-chassis --get-system-restart-cause', 'Restart cause : Chassis control command', {
    eventually: true,
  }),
  row('ipmi-chassis --get-power-on-hours-counter', /Power on hours : 0 Hours \d+ Minutes/),
  // Firmware that is interrupted may restart the machine, so nothing after this depends on how it last started.
  row('ipmi-chassis --chassis-control=DIAGNOSTIC-INTERRUPT', /^\s*$/, { eventually: true }),
  row(
    'bmc-info',
    [
      /Device Available\s+: yes \(normal operation\)/,
      /IPMI Version\s+: 2\.0/,
      /GUID : 8c4f6f2e-4a53-4b3a-9e8e-/,
      /Channel Number\s+: 1/,
    ],
    { never: [/invalid/i, /internal error/i, /failed/i] },
  ),
  row('bmc-info --get-device-guid', '8c4f6f2e-4a53-4b3a-9e8e-'),
  row('bmc-info --get-system-guid', '8c4f6f2e-4a53-4b3a-9e8e-'),
  // It prints what happens to be in its memory for channels that are not there.
  // It shows what its memory happens to hold for channels that are not there.
  row('bmc-info --get-channel-info', [/Medium Type\s+: 802\.3 LAN/, /Session Support\s+: multi-session/], {
    never: [/invalid/i, /internal error/i],
  }),
  row(['ipmi-sel', ...cached], ['Host Power', 'S0/G0', 'Initiated by power up']),
  row('ipmi-sel --info', [/SEL version\s+: 1\.5/], { never: [/invalid/i, /internal error/i] }),
  row(['ipmi-sel', ...cached, '--output-event-state'], 'Nominal'),
  row(['ipmi-sel', ...cached, '--system-event-only', '--assume-system-event-records'], 'Host Power'),
  row(['ipmi-sel', ...cached, '--clear'], /^\s*$/),
  row(['ipmi-sel', ...cached], 'Log Area Reset/Cleared'),
  row(
    ['ipmi-sensors', ...cached],
    [
      /CPU Temp\s+\| Temperature\s+\| \d+\.\d+\s+\| C\s+\| 'OK'/,
      /Host Power\s+\| System ACPI Power State.*'S0\/G0'/,
    ],
  ),
  row(['ipmi-sensors', ...cached, '--output-sensor-state'], /System Fan\s+\| Fan\s+\| Nominal/),
  row(
    ['ipmi-sensors', ...cached, '--output-sensor-thresholds'],
    /12V Rail.*10\.80\s+\| 11\.40\s+\| 12\.60\s+\| 13\.20/,
  ),
  row(['ipmi-sensors', ...cached, '-vv'], ['ID String: Inlet Temp', 'Sensor Event: '], {
    never: [/invalid/i, /internal error/i],
  }),
  row(['ipmi-sensors', ...cached, '--sdr-info'], /SDR record count\s+: 17/, {
    never: [/invalid/i, /internal error/i],
  }),
  row(
    ['ipmi-fru', ...cached],
    [
      'FRU Inventory Device: System (ID 00h)',
      'FRU Board Manufacturer: QuintupleO',
      'FRU Product Name: Virtual Bare Metal',
    ],
  ),
  row(['ipmi-fru', ...cached, '--verbose'], 'FRU Board Language: English'),
  row(
    'ipmi-config --category=chassis --checkout',
    ['Section Chassis_Boot_Flags', 'Section Chassis_Power_Conf'],
    { never: [/internal error/i] },
  ),
  row('ipmi-chassis-config --checkout', [/Boot_Device\s+\S/, /Power_Restore_Policy\s+Off_State_AC_Apply/], {
    never: [/internal error/i],
  }),
  row('ipmi-chassis-config --commit -e Chassis_Boot_Flags:Boot_Device=PXE', /^\s*$/),
  row('ipmi-chassis-config --checkout --section=Chassis_Boot_Flags', /Boot_Device\s+PXE/, {
    never: [/internal error/i],
  }),
  row('ipmi-chassis-config --commit -e Chassis_Boot_Flags:Boot_Device=NO-OVERRIDE', /^\s*$/),
  row(
    'bmc-config --checkout',
    [
      /Username\s+admin/,
      /Lan_Privilege_Limit\s+Administrator/,
      /Section SOL_Conf/,
      /IP_Address_Source\s+Static/,
    ],
    {
      // What it cannot read (IPv6, serial channels, setting K_g) makes its status 1.
      status: 'any',
      never: [/internal error/i],
    },
  ),
  row(
    ['ipmi-sensors-config', ...cached, '--checkout'],
    ['Section 1_Inlet_Temp', /Upper_Critical_Threshold\s+47\.000000/],
    { never: [/internal error/i] },
  ),
  row('bmc-device --get-acpi-power-state', 'ACPI System Power State : S0/G0'),
  row('bmc-device --get-sel-time', /SEL Time : \d\d\/\d\d\/\d{4}/),
  row('bmc-device --set-sel-time=now', /^\s*$/),
  row('bmc-device --get-self-test-results', 'Self Test Result'),
  row('ipmi-raw 0 6 1', 'rcvd: 01 00 20 81'),
  row('ipmi-dcmi --get-dcmi-capability-info', [
    /DCMI Specification Conformance\s+: 1\.5/,
    /Power Management \/ Monitoring Support\s+: Available/,
  ]),
  row('ipmi-dcmi --set-asset-tag=rack-7', /^\s*$/),
  row('ipmi-dcmi --get-asset-tag', 'rack-7'),
  row('ipmi-dcmi --get-management-controller-identifier-string', /\S/),
  row('ipmi-dcmi --get-dcmi-sensor-info', 'Inlet Temperature SDR Record IDs'),
  row('ipmi-dcmi --get-system-power-statistics', /Current Power\s+: \d+ Watts/, {
    never: [/invalid/i, /internal error/i],
  }),
  // Not there, and said so.
  row('ipmi-pef-config --checkout', 'Unable to get Number of Alert Policy Entries', {
    status: 1,
    never: [/internal error/i],
  }),
  row('ipmi-dcmi --get-power-limit', 'command invalid or unsupported', {
    status: 1,
    never: [/internal error/i],
  }),
  row('ipmipower --soft', ': ok'),
  row('ipmipower --off --wait-until-off', ': ok'),
  row('ipmipower --stat', ': off', { eventually: true }),
  row('ipmipower --off', ': ok'),
  row('ipmi-chassis --chassis-control=HARD-RESET', 'ipmi_cmd_chassis_control: bad completion code', {
    status: 1,
    never: [/internal error/i],
  }),
  row('bmc-device --warm-reset', /^\s*$/),
  row('ipmipower --stat', ': off', { eventually: true }),
  row('bmc-device --cold-reset', /^\s*$/),
  row('ipmipower --stat', ': off', { eventually: true }),
];
