import { type Row, row } from './matrix.ts';

const never = [/Error|Exception/];

/** pyghmi: METHOD [arguments as JSON [options as JSON]], once or more often. */
export const pyghmiRows: readonly Row[] = [
  row('get_power', "'powerstate': 'off'", { never, eventually: true }),
  row(['set_power', '["on"]', '{"wait": 60}'], "'powerstate': 'on'", { never }),
  row(['set_power', '["on"]'], "'powerstate': 'on'", { never }),
  row(['set_power', '["diag"]'], "'pendingpowerstate': 'diag'", { never }),
  row(['set_power', '["reset"]'], "'pendingpowerstate': 'reset'", { never }),
  row(['set_power', '["boot"]'], "'pendingpowerstate': 'reset'", { never }),
  ...bootRows(),
  row(['set_bootdev', '["default"]', '{}', 'get_bootdev'], ["'bootdev': 'default'", "'persistent': True"], {
    never,
  }),
  row('get_sensor_data', ["'name': 'CPU Temp'", "'units': '°C'", "'name': 'Host Power'"], { never }),
  row(['get_sensor_reading', '["Inlet Temp"]'], ["'type': 'Temperature'", "'health': 0"], { never }),
  row('get_sensor_descriptions', "'name': 'Power Draw'", { never }),
  row('get_health', ["'badreadings': []", "'health': 0"], { never }),
  row('get_inventory', ["'Manufacturer': 'QuintupleO'", "'Product name': 'Virtual Bare Metal'"], { never }),
  row('get_inventory_descriptions', 'System', { never }),
  row('get_firmware', 'BMC Version', { never }),
  row('get_net_configuration', ["'ipv4_configuration': 'Static'", "'ipv4_address': '127."], { never }),
  row('get_network_channel', '1', { never }),
  row('get_channel_info', "'Channel Medium type': '802.3 LAN'", { never }),
  row('get_channel_access', ["'access_mode': 'always'", "'privilege_level': 'administrator'"], { never }),
  row('get_channel_max_user_count', '15', { never }),
  row(['get_user', '[2]'], ["'name': 'admin'", "'privilege_level': 'administrator'"], { never }),
  row(['create_user', '[5, "fred", "secret-5"]', '{"privilege_level": "operator"}'], 'True', { never }),
  row('get_users', ["'name': 'guest'", "'name': 'fred'"], { never }),
  row(['set_user_password', '[5]', '{"mode": "test_password", "password": "secret-5"}'], 'True', { never }),
  row(['user_delete', '[5]'], 'True', { never }),
  row('get_users', /^(?!.*fred)/s, { never }),
  row(['set_identify', '[true, 5]'], 'None', { never }),
  row(['set_identify', '[false]'], 'None', { never }),
  row('get_event_log', ["'component': 'Host Power'", "'event': 'Online'"], { never }),
  row(['get_event_log', '[true]'], "'component': 'Firmware Start'", { never }),
  row('get_mci', /\S/, { never }),
  row('get_hostname', /\S/, { never }),
  row('get_asset_tag', '', { never }),
  row(['raw_command', '[6, 1]'], "'code': 0", { never }),
  row('get_alert_destination_count', '0', { never }),
  row(['set_power', '["shutdown"]'], "'pendingpowerstate': 'shutdown'", { never }),
  row(['set_power', '["off"]', '{"wait": 60}'], "'powerstate': 'off'", { never }),
  row('reset_bmc', 'None', { never }),
  row('get_power', "'powerstate': 'off'", { never, eventually: true }),
];

function bootRows(): Row[] {
  return ['network', 'hd', 'safe', 'optical', 'setup', 'floppy'].flatMap(device => {
    const combinations = [
      [false, false],
      [false, true],
      [true, false],
      [true, true],
    ] as const;
    return combinations.map(([persist, uefi]) =>
      row(
        ['set_bootdev', JSON.stringify([device]), JSON.stringify({ persist, uefiboot: uefi }), 'get_bootdev'],
        [`'bootdev': '${device}', 'persistent': ${python(persist)}, 'uefimode': ${python(uefi)}`],
        { never },
      ),
    );
  });
}

function python(truth: boolean): string {
  return truth ? 'True' : 'False';
}
