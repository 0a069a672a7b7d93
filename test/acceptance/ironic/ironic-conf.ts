/** Where Ironic keeps things and how it is reached. */
export interface IronicPlace {
  /** A folder of which it owns all. */
  readonly folder: string;
  /** Its address on the provisioning network. */
  readonly address: string;
  /** What the HTTP server there serves, and at which port. */
  readonly httpRoot: string;
  readonly httpPort: number;
  readonly tftpRoot: string;
  /** Folder of the kernels and ramdisks that nodes name by `file://` URLs. */
  readonly files: string;
  /** GRUB for virtual media of UEFI machines. */
  readonly espImage: string;
}

/** What differs between tests. */
export interface IronicTuning {
  /** Seconds between two readings of every node's power. */
  readonly powerSync: number;
  /** Whether Ironic sets a node's power right when somebody else has changed it; else it takes note. */
  readonly forcePower: boolean;
  /** Seconds that a ramdisk may take until its agent calls. */
  readonly callbackTimeout: number;
}

/** Port of Ironic's API. */
export const apiPort = 6385;

/**
 * Kernel arguments of the ramdisk. `clearcpuid=cx16`: under software emulation by Debian 12's QEMU, Linux 6.12 panics
 * without it in every second boot.
 */
const ramdiskArguments =
  'nofb nomodeset mitigations=off clearcpuid=cx16 no_timer_check panic=5 console=tty0 console=ttyS0,115200 ipa-debug=1';

/** The configuration of an Ironic that stands alone: no Keystone, no Glance, no Neutron, no message queue. */
export function ironicConf(place: IronicPlace, tuning: IronicTuning): string {
  const { folder, address, httpRoot, httpPort, tftpRoot, files, espImage } = place;
  const api = `http://${address}:${apiPort}`;
  return `[DEFAULT]
pybasedir = /usr/lib/python3/dist-packages/ironic
state_path = ${folder}
tempdir = ${folder}/tmp
host = test
my_ip = ${address}
auth_strategy = noauth
rpc_transport = none
use_stderr = true
enabled_hardware_types = ipmi,redfish
enabled_boot_interfaces = ipxe,redfish-virtual-media
enabled_deploy_interfaces = direct,ramdisk
enabled_management_interfaces = ipmitool,redfish
enabled_power_interfaces = ipmitool,redfish
enabled_console_interfaces = ipmitool-socat,no-console
enabled_inspect_interfaces = redfish,no-inspect
enabled_network_interfaces = noop
enabled_raid_interfaces = no-raid,redfish
enabled_bios_interfaces = no-bios,redfish
enabled_rescue_interfaces = no-rescue,agent
enabled_vendor_interfaces = ipmitool,redfish,no-vendor
default_rescue_interface = agent
rootwrap_config = /etc/ironic/rootwrap.conf
isolinux_bin = /usr/lib/ISOLINUX/isolinux.bin
ldlinux_c32 = /usr/lib/syslinux/modules/bios/ldlinux.c32
esp_image = ${espImage}
grub_config_path = EFI/BOOT/grub.cfg
grub_config_template = ${folder}/grub.cfg.template

[api]
host_ip = ${address}
port = ${apiPort}
api_workers = 1
public_endpoint = ${api}

[conductor]
automated_clean = false
file_url_allowed_paths = ${files}
sync_power_state_interval = ${tuning.powerSync}
force_power_state_during_sync = ${tuning.forcePower}
deploy_callback_timeout = ${tuning.callbackTimeout}
clean_callback_timeout = ${tuning.callbackTimeout}
rescue_callback_timeout = ${tuning.callbackTimeout}
power_state_change_timeout = 60
soft_power_off_timeout = 120

[database]
connection = sqlite:///${folder}/ironic.sqlite

[deploy]
http_url = http://${address}:${httpPort}
http_root = ${httpRoot}
default_boot_mode = bios
erase_devices_priority = 0
erase_devices_metadata_priority = 10

[dhcp]
dhcp_provider = none

[ipmi]
# Every IPMI command waits that many seconds after the one before it; the default, 5, makes a deploy a minute longer.
min_command_interval = 1

[pxe]
tftp_server = ${address}
tftp_root = ${tftpRoot}
tftp_master_path = ${tftpRoot}/master_images
images_path = ${folder}/images
instance_master_path = ${folder}/master_images
kernel_append_params = ${ramdiskArguments}

[redfish]
use_swift = false
kernel_append_params = ${ramdiskArguments}

[console]
terminal_pid_dir = ${folder}/consoles
socat_address = ${address}
port_range = 8100:8110

[service_catalog]
auth_type = none
endpoint_override = ${api}

[agent]
image_download_source = http
deploy_logs_collect = on_failure
deploy_logs_local_path = ${folder}/deploy-logs

[oslo_concurrency]
lock_path = ${folder}/lock

[oslo_messaging_notifications]
driver = noop
`;
}

/** Read by GRUB from virtual media; Ironic fills it in. Ironic's own needs Red Hat's \`linuxefi\`. */
export const grubTemplate = `linux {{ linux }} {{ kernel_params }}
initrd {{ initrd }}
boot
`;
