import { type Fate, parameters, registry } from './parameters.ts';

const introduction = `# Coming from OVB

OVB (openstack-virtual-baremetal) makes a Heat stack: instances that boot an iPXE image, a BMC instance, an undercloud and
their networks. A lab file says the same. \`quintupleo import ovb\` writes it:

\`\`\`sh
quintupleo import ovb env.yaml all-networks.yaml --role env-compute.yaml --output lab.yaml
quintupleo up lab.yaml
\`\`\`

It takes the files that \`ovb-deploy --quintupleo\` takes, in the same order, merges them in the same way, and gives roles what
\`ovb-deploy\` lets them inherit. [examples/ovb/](../examples/ovb) has environments to try it with. Comments in the lab file name
the parameter that each value comes from; lines that begin with *Check* are worth a look, because OVB's files do not say it:
how large the node's disk is, and which addresses a network has that exists. What has no place in the lab file is listed
at its head; with \`--json\` it is under \`notMapped\`, and \`mapped\` says where everything else went.

| with OVB | here |
|---|---|
| \`ovb-deploy --quintupleo -e env.yaml --role …\` | \`quintupleo import ovb env.yaml --role …\` once, then \`quintupleo up lab.yaml\` |
| \`ovb-deploy --id ID\` | \`quintupleo up lab.yaml --id ID\`: the lab is \`NAME-ID\`; its file stays as it is |
| \`openstack stack delete\` | \`quintupleo down lab.yaml\` |
| \`ovb-build-nodes-json\` | \`quintupleo export instackenv -o nodes.json\`, or [for another tool](enrolment.md) |
| a patched Nova, or a root disk that is rebuilt | firmware of our own on a disc of its own: nothing to rebuild, and the disk is the tool's alone |
| BMC instance with one process a node | one process for all nodes, on this machine |
| user \`admin\`, password \`password\` | a generated password for each node; \`bmc.username\` and \`bmc.password\` set others |
| MAC addresses \`fa:16:3e:…\` | \`52:54:00:…\`, which ironic-python-agent does not ignore |
| a network with IPv6 only | a network with IPv4 and IPv6 |
| underscores in names | hyphens |

A role of extra nodes becomes hosts. The DHCP relay of routed networks becomes a host that runs dnsmasq; it has not been tried
with every image.
`;

/** The page for those who come from OVB, as Markdown. */
export function ovbDocs(): string {
  return [
    introduction,
    '## Parameters\n',
    ...table('parameter', parameters),
    '',
    '## Resource registry\n',
    ...table('resource type', registry),
    '',
    'This page is made from the importer by `scripts/generate-docs.js`.',
    '',
  ].join('\n');
}

function table(what: string, fates: Readonly<Record<string, Fate>>): readonly string[] {
  const rows = Object.entries(fates).map(([name, fate]) => {
    const note = 'to' in fate && fate.otherwise !== undefined ? `; else: ${fate.otherwise}` : '';
    return 'to' in fate
      ? `| \`${name}\` | ${fate.to}${note} |`
      : `| \`${name}\` | *not mapped*: ${fate.why} |`;
  });
  return [`| ${what} | in the lab file |`, '|---|---|', ...rows];
}
