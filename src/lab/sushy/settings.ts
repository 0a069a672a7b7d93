import type { ParameterFate } from '../imported.ts';

const ownMachines: ParameterFate = { why: 'firmware and its variables are the driver’s own' };
const fixedMedia: ParameterFate = { why: 'every node has the same drives for virtual media' };
const ofRescue: ParameterFate = {
  why: 'images to rescue with are found by their tags: "quintupleo image upload --kind rescue"',
};
const noVolumes: ParameterFate = { why: 'disks are those of the lab file, and Redfish shows them' };
const notWatched: ParameterFate = { why: 'clients subscribe to Redfish events instead' };

/** What becomes of each setting of sushy-emulator, `SUSHY_EMULATOR_` left away. */
export const sushySettings: Readonly<Record<string, ParameterFate>> = {
  LISTEN_IP: { to: 'redfish.address' },
  LISTEN_PORT: { to: 'redfish.port' },
  SSL_CERT: { to: 'redfish.certificate' },
  SSL_KEY: { to: 'redfish.key' },
  AUTH_FILE: {
    why: 'it has hashes of passwords only; a password is generated for each node, or set bmc.username and bmc.password',
  },
  ALLOWED_INSTANCES: { to: 'nodes' },
  FAKE_DRIVER: { to: 'driver' },
  FAKE_SYSTEMS: { to: 'nodes' },
  OS_CLOUD: { why: 'instances are adopted' },
  IRONIC_CLOUD: { why: 'nodes of an Ironic have a BMC already' },
  LIBVIRT_URI: { why: 'the lab makes its machines anew, with QEMU on this host' },
  LIBVIRT_URL: { why: 'the lab makes its machines anew, with QEMU on this host' },
  FEATURE_SET: { why: 'the whole service is always there' },
  STATE_DIR: { why: 'state is kept in a directory of the daemon, which is private' },
  NO_MEMOIZE: { why: 'nothing is remembered longer than it is true' },
  IGNORE_BOOT_DEVICE: { why: 'a boot device that was set is what is booted from' },
  DISABLE_POWER_OFF: { why: 'a node can always be powered off' },
  BOOT_LOADER_MAP: ownMachines,
  SECURE_BOOT_ENABLED_NVRAM: ownMachines,
  SECURE_BOOT_DISABLED_NVRAM: ownMachines,
  CHASSIS: { why: 'every node has a chassis of its own' },
  INDICATOR_LEDS: { why: 'an indicator is what clients have set it to' },
  STORAGE: noVolumes,
  DRIVES: noVolumes,
  VOLUMES: noVolumes,
  STORAGE_POOL: noVolumes,
  VMEDIA_DEVICES: fixedMedia,
  VMEDIA_VERIFY_SSL: { why: 'clients set VerifyCertificate of each virtual medium' },
  VIRTUAL_MEDIA_IP_FAMILY: { why: 'an image is fetched by the family that its URL resolves to' },
  OS_VMEDIA_IMAGE_FILE_UPLOAD: ofRescue,
  OS_VMEDIA_BLANK_IMAGE: ofRescue,
  OS_VMEDIA_DELAY_EJECT: ofRescue,
  OS_VMEDIA_DISK_FORMAT_OVERRIDE: ofRescue,
  OS_VMEDIA_USE_RESCUE: ofRescue,
  OS_VMEDIA_RESCUE_DEVICE: ofRescue,
  OS_VMEDIA_RESCUE_BUS: ofRescue,
  OS_RESCUE_PXE_BOOT: ofRescue,
  OS_RESCUE_PXE_IMAGE_BIOS: ofRescue,
  OS_RESCUE_PXE_IMAGE_UEFI: ofRescue,
  EXTERNAL_NOTIFICATION_URL: notWatched,
  EXTERNAL_NOTIFICATION_CAFILE: notWatched,
  EXTERNAL_NOTIFICATION_CERTFILE: notWatched,
  EXTERNAL_NOTIFICATION_KEYFILE: notWatched,
};

/** Of every setting but those for notifications. */
export const settingPrefix = 'SUSHY_EMULATOR_';

/** A setting's name in {@link sushySettings}. */
export function settingName(name: string): string {
  return name.startsWith(settingPrefix) ? name.slice(settingPrefix.length) : name;
}
