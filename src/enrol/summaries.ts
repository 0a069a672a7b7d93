import type { ExportFormat } from '../lab/exports.ts';

/** What each format is, in a few words. */
export const formatSummaries: Readonly<Record<ExportFormat, string>> = {
  ironic: 'what "openstack baremetal create" reads',
  instackenv: "TripleO's instackenv.json, OVB's nodes.json",
  metal3: 'BareMetalHosts and Secrets of Metal3',
  tinkerbell: 'Hardware, Machines and Secrets of Tinkerbell',
  maas: 'a shell script that creates machines in MAAS',
  foreman: "bodies of Foreman's POST /api/hosts",
  openshift: "hosts of OpenShift's install-config.yaml",
  'openshift-agent': "OpenShift's agent-config.yaml",
  ansible: 'an inventory of Ansible',
  terraform: 'a .tfvars.json file of Terraform or OpenTofu',
  json: 'everything, for programs',
  certificate: "the certificate of the lab's Redfish services, PEM",
};
