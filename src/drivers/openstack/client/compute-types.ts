import { z } from 'zod';

/** An address of a server on one network. */
const addressSchema = z.looseObject({
  addr: z.string(),
  version: z.number().optional(),
  'OS-EXT-IPS:type': z.string().optional(),
  'OS-EXT-IPS-MAC:mac_addr': z.string().optional(),
});

/** Listings show a deleted server with little more than its ID and status, hence the defaults. */
export const serverSchema = z.looseObject({
  id: z.string(),
  name: z.string(),
  /** `ACTIVE`, `SHUTOFF`, `BUILD`, `RESCUE`, `REBOOT`, `HARD_REBOOT`, `ERROR`, `DELETED` … */
  status: z.string(),
  created: z.string().optional(),
  updated: z.string().optional(),
  metadata: z.record(z.string(), z.string()).default({}),
  tags: z.array(z.string()).optional(),
  locked: z.boolean().optional(),
  /** What Nova is doing with it: `powering-off`, `rebooting_hard` …; `null` when it is at rest. */
  'OS-EXT-STS:task_state': z.string().nullish(),
  'OS-EXT-STS:vm_state': z.string().nullish(),
  /** 0 unknown, 1 running, 3 paused, 4 shut down, 6 crashed, 7 suspended. */
  'OS-EXT-STS:power_state': z.number().nullish(),
  'OS-EXT-AZ:availability_zone': z.string().nullish(),
  addresses: z.record(z.string(), z.array(addressSchema)).default({}),
  /** Without an ID; sizes in MiB (`ram`, `swap`) and GiB (`disk`, `ephemeral`). */
  flavor: z
    .looseObject({
      original_name: z.string().optional(),
      vcpus: z.number().optional(),
      ram: z.number().optional(),
      disk: z.number().optional(),
      ephemeral: z.number().optional(),
      swap: z.number().optional(),
      extra_specs: z.record(z.string(), z.string()).optional(),
    })
    .optional(),
  /** The empty string for a server that boots from a volume. */
  image: z.union([z.looseObject({ id: z.string() }), z.string()]).nullish(),
  fault: z.looseObject({ message: z.string(), code: z.number().optional() }).optional(),
  key_name: z.string().nullish(),
  'os-extended-volumes:volumes_attached': z.array(z.looseObject({ id: z.string() })).optional(),
});

/** An instance, as Nova shows it from microversion 2.47 on. */
export type Server = z.infer<typeof serverSchema>;

/** Schema of {@link Flavor}. */
export const flavorSchema = z.looseObject({
  id: z.string(),
  name: z.string(),
  vcpus: z.number(),
  /** MiB. */
  ram: z.number(),
  /** GiB; 0: as large as the image. */
  disk: z.number(),
  /** GiB. */
  'OS-FLV-EXT-DATA:ephemeral': z.number().default(0),
  /** MiB; the empty string stands for none. */
  swap: z.union([z.number(), z.literal('')]).optional(),
  'os-flavor-access:is_public': z.boolean().optional(),
  /** Only where the cloud's policy shows them. */
  extra_specs: z.record(z.string(), z.string()).optional(),
});

/** A size of servers. */
export type Flavor = z.infer<typeof flavorSchema>;

/** Schema of {@link AbsoluteLimits}. */
export const absoluteLimitsSchema = z.looseObject({
  maxTotalInstances: z.number().optional(),
  totalInstancesUsed: z.number().optional(),
  maxTotalCores: z.number().optional(),
  totalCoresUsed: z.number().optional(),
  /** MiB. */
  maxTotalRAMSize: z.number().optional(),
  /** MiB. */
  totalRAMUsed: z.number().optional(),
  maxServerMeta: z.number().optional(),
  maxTotalKeypairs: z.number().optional(),
  maxServerGroups: z.number().optional(),
  totalServerGroupsUsed: z.number().optional(),
  maxServerGroupMembers: z.number().optional(),
});

/** The project's quotas in Nova and what is used of them; -1 is no limit. */
export type AbsoluteLimits = z.infer<typeof absoluteLimitsSchema>;

/** Schema of {@link Keypair}. */
export const keypairSchema = z.looseObject({
  name: z.string(),
  public_key: z.string(),
  fingerprint: z.string().optional(),
  /** Only in the answer to a create without `public_key`; never shown again. */
  private_key: z.string().optional(),
});

/** An SSH key of a user. */
export type Keypair = z.infer<typeof keypairSchema>;

/** Schema of {@link ServerGroup}. */
export const serverGroupSchema = z.looseObject({
  id: z.string(),
  name: z.string(),
  policies: z.array(z.string()).default([]),
  /** IDs of servers. */
  members: z.array(z.string()).default([]),
  metadata: z.record(z.string(), z.string()).default({}),
});

/** Servers that are kept together or apart. */
export type ServerGroup = z.infer<typeof serverGroupSchema>;

/** Schema of {@link AvailabilityZone}. */
export const availabilityZoneSchema = z.looseObject({
  zoneName: z.string(),
  zoneState: z.looseObject({ available: z.boolean() }),
});

/** A part of the cloud that can fail by itself. */
export type AvailabilityZone = z.infer<typeof availabilityZoneSchema>;

/** Schema of {@link VolumeAttachment}. */
export const volumeAttachmentSchema = z.looseObject({
  volumeId: z.string(),
  serverId: z.string().optional(),
  device: z.string().nullish(),
});

/** A volume of a server. */
export type VolumeAttachment = z.infer<typeof volumeAttachmentSchema>;

/** Schema of {@link InterfaceAttachment}. */
export const interfaceAttachmentSchema = z.looseObject({
  port_id: z.string(),
  net_id: z.string(),
  mac_addr: z.string(),
  port_state: z.string().optional(),
  fixed_ips: z.array(z.looseObject({ ip_address: z.string(), subnet_id: z.string() })).default([]),
});

/** A port of a server. */
export type InterfaceAttachment = z.infer<typeof interfaceAttachmentSchema>;

/** Schema of {@link InstanceAction}. */
export const instanceActionSchema = z.looseObject({
  /** `create`, `start`, `stop`, `reboot`, `rescue` … */
  action: z.string(),
  request_id: z.string(),
  start_time: z.string(),
  message: z.string().nullish(),
  user_id: z.string().nullish(),
  project_id: z.string().nullish(),
});

/** Something that was done to a server. */
export type InstanceAction = z.infer<typeof instanceActionSchema>;

/** One disk of a server that is created. */
export interface BlockDevice {
  readonly source_type: 'image' | 'volume' | 'snapshot' | 'blank';
  readonly destination_type: 'local' | 'volume';
  /** Of the image, volume or snapshot. */
  readonly uuid?: string | undefined;
  /** 0 boots first, negative or absent never. */
  readonly boot_index?: number | undefined;
  readonly delete_on_termination?: boolean | undefined;
  /** GiB. */
  readonly volume_size?: number | undefined;
  readonly volume_type?: string | undefined;
  readonly guest_format?: string | undefined;
  readonly disk_bus?: string | undefined;
  readonly device_type?: 'disk' | 'cdrom' | 'lun' | undefined;
  readonly tag?: string | undefined;
}

/** A network card of a server that is created. */
export interface ServerNetwork {
  readonly port?: string | undefined;
  readonly uuid?: string | undefined;
  readonly fixed_ip?: string | undefined;
  readonly tag?: string | undefined;
}

/** A server to be created. */
export interface CreateServer {
  readonly name: string;
  readonly flavorRef: string;
  /** Absent for one that boots from a volume. */
  readonly imageRef?: string | undefined;
  readonly networks?: readonly ServerNetwork[] | 'none' | 'auto' | undefined;
  readonly block_device_mapping_v2?: readonly BlockDevice[] | undefined;
  readonly metadata?: Readonly<Record<string, string>> | undefined;
  readonly tags?: readonly string[] | undefined;
  readonly availability_zone?: string | undefined;
  readonly key_name?: string | undefined;
  /** In Base64. */
  readonly user_data?: string | undefined;
  readonly config_drive?: boolean | undefined;
  readonly security_groups?: readonly { readonly name: string }[] | undefined;
  readonly description?: string | undefined;
  /** ID of a server group; goes into the scheduler's hints. */
  readonly serverGroup?: string | undefined;
}
