import type { ServiceType } from './call.ts';

/** A domain, a project or a user, by what the configuration names it. */
export type NameOrId = { readonly id: string } | { readonly name: string };

/** A thing whose name is only unambiguous within a domain. */
export type InDomain = { readonly id: string } | { readonly name: string; readonly domain: NameOrId };

/** How to authenticate to Keystone. */
export type CloudAuth =
  | { readonly type: 'password'; readonly user: InDomain; readonly password: string }
  | {
      readonly type: 'application-credential';
      readonly credential: { readonly id: string } | { readonly name: string; readonly user: InDomain };
      readonly secret: string;
    }
  /** Cannot be renewed: it works until the token expires. */
  | { readonly type: 'token'; readonly token: string };

/** Everything that is known of one cloud before it is first spoken to. */
export interface CloudConfig {
  /** As clouds.yaml calls it; `envvars` when it comes from `OS_*` variables alone. */
  readonly name: string;
  /** For messages: path of the file that describes it, or `OS_* variables`. */
  readonly source: string;
  /** Keystone, as configured. */
  readonly authUrl: string;
  readonly auth: CloudAuth;
  /** `undefined`: the project that an application credential or a token is bound to. */
  readonly project: InDomain | undefined;
  /** `undefined`: the catalog's endpoints whatever their region. */
  readonly region: string | undefined;
  readonly interface: 'public' | 'internal' | 'admin';
  /** URLs that are used in place of the catalog's. */
  readonly endpointOverrides: Readonly<Partial<Record<ServiceType, string>>>;
  /** Whether the servers' certificates are checked. */
  readonly verify: boolean;
  /** Certificates (PEM) to trust in place of the system's. */
  readonly caFile: string | undefined;
  /** Client certificate (PEM), and its key where that is a file of its own. */
  readonly certFile: string | undefined;
  readonly keyFile: string | undefined;
}
