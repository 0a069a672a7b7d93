import type { Service } from './service.ts';

/** A request that an application credential is restricted to. */
export interface AccessRule {
  readonly id: string;
  readonly service: string;
  readonly method: string;
  readonly path: string;
}

/** Whether a rule's path, where `*` is one part and `**` any number of them, covers a request. */
export function allows(
  rule: AccessRule,
  request: { readonly service: Service; readonly method: string; readonly path: string },
): boolean {
  const { service } = request;
  if (rule.method !== request.method) return false;
  if (rule.service !== service.name && !(rule.service === 'block-storage' && service.name === 'volumev3'))
    return false;
  const pattern = rule.path
    .replaceAll(/[.+?^$()|[\]\\]/g, String.raw`\$&`)
    .replaceAll('**', '\0')
    .replaceAll('*', '[^/]+')
    .replaceAll(/\{[^}]*\}/g, '[^/]+')
    .replaceAll('\0', '.+');
  return new RegExp(`^${pattern}$`).test(request.path);
}
