import * as z from 'zod';
import { limits, notifyDefaults } from './limits.ts';
import { secret, size, text, truth, whole, words } from './schema-parts.ts';

/** The lab file's `notify` section. */

const severity = () =>
  z
    .enum(['ok', 'warning', 'critical'], { error: 'must be ok, warning or critical.' })
    .default('ok')
    .meta({ description: 'The least severity that is told.' });

const webhook = z
  .strictObject({
    url: text(/^https?:\/\/\S+$/, 'is not a URL. Write https://HOST/PATH.').meta({
      description: 'Where events are posted, as JSON. HTTP or HTTPS.',
    }),
    secret: secret().optional().meta({
      description:
        'By which events are signed, as [Standard Webhooks](https://www.standardwebhooks.com) has it: `whsec_` and base64, or any text. Default: they are not signed.',
    }),
    severity: severity(),
    verifyCertificate: truth().default(true).meta({
      description: 'Whether the receiver must show a certificate that a known authority vouches for.',
    }),
  })
  .meta({ title: 'webhook', description: 'A receiver of events over HTTP.' });

const traps = z
  .strictObject({
    address: text(/^\d+\.\d+\.\d+\.\d+$/, 'is not an IPv4 address. Write one, such as 192.0.2.1.').meta({
      description: 'Where traps are sent: an IPv4 address.',
    }),
    port: whole(1, 65535).default(162).meta({ description: 'Its UDP port.' }),
    community: secret().optional().meta({
      default: notifyDefaults.community,
      description: 'The community string.',
    }),
    severity: severity(),
  })
  .meta({
    title: 'trap receiver',
    description: 'A receiver of IPMI platform event traps (SNMP version 1).',
  });

const file = z.union(
  [
    truth(),
    z
      .strictObject({
        path: words('a path').optional().meta({
          description:
            'The file, relative to the lab file; its folder must be there. Default: `events.jsonl` in the lab’s folder below the daemon’s state directory, which goes with the lab.',
        }),
        size: size().default(notifyDefaults.size).meta({ description: 'How large it may become.' }),
        keep: whole(1, 100).default(notifyDefaults.keep).meta({
          description: 'How many full files are kept besides: `FILE.1`, `FILE.2` …',
        }),
      })
      .meta({ title: 'event file', description: 'A file of events with settings of its own.' }),
  ],
  { error: 'must be true, false, or a mapping with path, size or keep.' },
);

/** Who is told of a lab's events. */
export const notifySchema = z
  .strictObject({
    webhooks: z
      .array(webhook)
      .max(limits.receivers, { error: `must be at most ${limits.receivers} webhooks.` })
      .default([])
      .meta({ description: 'Receivers to which events are posted.' }),
    traps: z
      .array(traps)
      .max(limits.receivers, { error: `must be at most ${limits.receivers} trap receivers.` })
      .default([])
      .meta({ description: 'Receivers of platform event traps.' }),
    file: file.default(false).meta({
      description: 'Whether events are appended to a file, a JSON value a line; or its settings.',
    }),
    destinations: z
      .array(words('an address, a network, a host name, *.example.org, or any'))
      .max(limits.destinations, { error: `must be at most ${limits.destinations} destinations.` })
      .optional()
      .meta({
        description:
          'Where webhooks may lead: addresses, networks, host names, `*.example.org`, or `any`. ' +
          'Default: everywhere but this host itself and link-local addresses.',
        examples: [['127.0.0.1', '*.example.org']],
      }),
  })
  .meta({ title: 'notifications', description: 'Who is told of what happens to the nodes.' });

/** What {@link notifySchema} reads. */
export type NotifyContent = z.output<typeof notifySchema>;
