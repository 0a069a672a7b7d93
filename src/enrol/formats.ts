import type { ExportFormat } from '../lab/exports.ts';
import { QuintupleoError } from '../support/errors.ts';
import { ansible } from './ansible.ts';
import { foreman } from './foreman.ts';
import type { Format } from './format.ts';
import { instackenv } from './instackenv.ts';
import { ironic } from './ironic.ts';
import { maas } from './maas.ts';
import { metal3 } from './metal3.ts';
import { openshift, openshiftAgent } from './openshift.ts';
import { terraform } from './terraform.ts';
import { tinkerbell } from './tinkerbell.ts';

const json: Format = {
  write: enrolment => `${JSON.stringify(enrolment, null, 2)}\n`,
};

const certificate: Format = {
  open: true,
  write: enrolment => {
    if (enrolment.certificate) return enrolment.certificate.pem;
    throw new QuintupleoError('the lab has no certificate', {
      family: 'user',
      code: 'EXPORT_IMPOSSIBLE',
      remedy: 'Its Redfish services are without TLS, or it has none.',
    });
  },
};

/** Every format, by name. */
export const formats: Readonly<Record<ExportFormat, Format>> = {
  ironic,
  instackenv,
  metal3,
  tinkerbell,
  maas,
  foreman,
  openshift,
  'openshift-agent': openshiftAgent,
  ansible,
  terraform,
  json,
  certificate,
};
