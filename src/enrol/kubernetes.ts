import type { EnrolledNode } from './enrolment.ts';

/** `metadata` of a Kubernetes resource. The label lets all resources of a lab be listed and deleted at once. */
export function metadata(
  name: string,
  lab: string,
  namespace: string | undefined,
): Readonly<Record<string, unknown>> {
  return { name, ...(namespace && { namespace }), labels: { 'app.kubernetes.io/part-of': lab } };
}

/** A Secret with user and password. */
export function loginSecret(
  name: string,
  login: { readonly username: string; readonly password: string },
  lab: string,
  namespace: string | undefined,
): Readonly<Record<string, unknown>> {
  return {
    apiVersion: 'v1',
    kind: 'Secret',
    metadata: metadata(name, lab, namespace),
    type: 'Opaque',
    stringData: { username: login.username, password: login.password },
  };
}

/** Name of the Secret that belongs to a node's BMC. */
export function secretName({ name }: EnrolledNode): string {
  return `${name}-bmc`;
}
