import { z } from 'zod';
import { QuintupleoError } from '../../../support/errors.ts';
import { message, withReason } from '../messages/message.ts';
import { RedfishProblem } from '../messages/problem.ts';
import type { CertificateRequest, RedfishService } from '../model.ts';
import { action, done, link, type Outcome, type ServiceAt, serviceResource } from '../resource.ts';
import { certificateCollectionPath, certificatePath } from './certificates.ts';

/** The service's TLS certificate, as clients replace it. @see schema CertificateService */

const root = '/redfish/v1/CertificateService';

/** @see RFC 5280, upper bounds of X.520 attributes */
const text = z.string().min(1).max(64);
const reference = z.strictObject({ '@odata.id': z.string() });

const curves = { TPM_ECC_NIST_P256: 'P-256', TPM_ECC_NIST_P384: 'P-384' } as const;
const bitLengths = [2048, 3072, 4096] as const;
const algorithms = ['TPM_ALG_ECDSA', 'TPM_ALG_RSA'] as const;

const signingRequest = z.strictObject({
  CertificateCollection: reference,
  CommonName: text,
  Organization: text.nullish(),
  OrganizationalUnit: text.nullish(),
  City: z.string().min(1).max(128).nullish(),
  State: z.string().min(1).max(128).nullish(),
  Country: z
    .string()
    .regex(/^[A-Za-z]{2}$/)
    .nullish(),
  Email: z.email().nullish(),
  AlternativeNames: z
    .array(z.string().regex(/^[A-Za-z\d.:*_-]{1,253}$/))
    .max(64)
    .nullish(),
  KeyPairAlgorithm: z.enum(algorithms).nullish(),
  KeyBitLength: z.literal(bitLengths).nullish(),
  KeyCurveId: z.enum(Object.keys(curves) as (keyof typeof curves)[]).nullish(),
  // What a TLS server's key is for: nothing else can be had.
  KeyUsage: z.array(z.enum(['DigitalSignature', 'ServerAuthentication'])).nullish(),
});

const replacement = z.strictObject({
  CertificateUri: reference,
  CertificateType: z.enum(['PEM', 'PEMchain']),
  CertificateString: z.string().min(1).max(65_536),
});

export const certificateService = serviceResource({
  path: root,
  schema: 'CertificateService',
  read: () => ({
    Id: 'CertificateService',
    Name: 'Certificate Service',
    CertificateLocations: link(`${root}/CertificateLocations`),
  }),
  actions: {
    'CertificateService.GenerateCSR': action(signingRequest, generate, {
      allowable: () => ({
        'KeyPairAlgorithm@Redfish.AllowableValues': algorithms,
        'KeyCurveId@Redfish.AllowableValues': Object.keys(curves),
        'KeyUsage@Redfish.AllowableValues': ['DigitalSignature', 'ServerAuthentication'],
      }),
    }),
    'CertificateService.ReplaceCertificate': action(replacement, replace, {
      allowable: () => ({ 'CertificateType@Redfish.AllowableValues': ['PEM', 'PEMchain'] }),
    }),
  },
});

export const certificateLocations = serviceResource({
  path: `${root}/CertificateLocations`,
  schema: 'CertificateLocations',
  read: ({ service }) => {
    const paths = certificatesOf(service);
    return {
      Id: 'CertificateLocations',
      Name: 'Certificate Locations',
      Links: { Certificates: paths.map(link), 'Certificates@odata.count': paths.length },
    };
  },
});

/** All of them are one: the service's. */
function certificatesOf({ certificate, bmcs }: RedfishService): string[] {
  return certificate.current === undefined ? [] : [...bmcs.values()].map(certificatePath);
}

async function generate({ service }: ServiceAt, wanted: z.infer<typeof signingRequest>): Promise<Outcome> {
  const collection = wanted.CertificateCollection['@odata.id'];
  if (![...service.bmcs.values()].some(bmc => certificateCollectionPath(bmc) === collection)) {
    throw noSuch('GenerateCSR', 'CertificateCollection', collection);
  }
  const request = await service.certificate.request(requestOf(wanted));
  return { kind: 'answer', body: { CSRString: request, CertificateCollection: link(collection) } };
}

function requestOf(wanted: z.infer<typeof signingRequest>): CertificateRequest {
  const keyPairAlgorithm = wanted.KeyPairAlgorithm ?? (wanted.KeyBitLength ? 'TPM_ALG_RSA' : 'TPM_ALG_ECDSA');
  const isRsa = keyPairAlgorithm === 'TPM_ALG_RSA';
  if (isRsa && wanted.KeyCurveId) throw contradiction('KeyCurveId', wanted.KeyCurveId);
  if (!isRsa && wanted.KeyBitLength) throw contradiction('KeyBitLength', String(wanted.KeyBitLength));
  return {
    commonName: wanted.CommonName,
    organization: wanted.Organization ?? undefined,
    organizationalUnit: wanted.OrganizationalUnit ?? undefined,
    city: wanted.City ?? undefined,
    state: wanted.State ?? undefined,
    country: wanted.Country?.toUpperCase(),
    email: wanted.Email ?? undefined,
    alternativeNames: wanted.AlternativeNames ?? [],
    keyPairAlgorithm,
    keyBitLength: wanted.KeyBitLength ?? undefined,
    curve: wanted.KeyCurveId ? curves[wanted.KeyCurveId] : undefined,
  };
}

async function replace(
  { service, user }: ServiceAt,
  { CertificateUri: uri, CertificateString: certificate }: z.infer<typeof replacement>,
): Promise<Outcome> {
  const path = uri['@odata.id'];
  if (!certificatesOf(service).includes(path)) throw noSuch('ReplaceCertificate', 'CertificateUri', path);
  const key = /-----BEGIN (\w+ )?PRIVATE KEY-----[^-]+-----END (\w+ )?PRIVATE KEY-----/.exec(
    certificate,
  )?.[0];
  try {
    await service.certificate.replace(certificate, key);
  } catch (error) {
    if (!(error instanceof QuintupleoError) || error.family !== 'user') throw error;
    const told = message(
      'Base.ActionParameterValueError',
      ['CertificateString', 'CertificateService.ReplaceCertificate'],
      ['/CertificateString'],
    );
    throw new RedfishProblem(400, withReason(told, sentence(error)));
  }
  service.log.info({ by: user.name }, 'the certificate was replaced');
  service.events.publish({
    message: message('ResourceEvent.ResourceChanged'),
    origin: path,
    at: service.clock.now(),
  });
  return done;
}

function sentence({ message: reason, remedy = '' }: QuintupleoError): string {
  return `${reason.charAt(0).toUpperCase()}${reason.slice(1)}. ${remedy}`.trim();
}

function noSuch(name: string, parameter: string, path: string): RedfishProblem {
  return new RedfishProblem(
    400,
    message(
      'Base.ActionParameterValueNotInList',
      [path, parameter, `CertificateService.${name}`],
      [`/${parameter}`],
    ),
  );
}

function contradiction(parameter: string, value: string): RedfishProblem {
  return new RedfishProblem(
    400,
    message('Base.ActionParameterValueConflict', [parameter, value], [`/${parameter}`]),
  );
}
