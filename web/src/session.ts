import { computed, signal } from '@preact/signals';

/** What a user may do. */
export type Role = 'ReadOnly' | 'Operator' | 'Administrator';

/** Who is logged in. */
export interface Session {
  readonly name: string;
  readonly role: Role;
  readonly labs: readonly string[] | 'all';
  /** To be sent with every request that changes something. */
  readonly csrf: string;
}

export type SessionState =
  | { readonly state: 'unknown' }
  /** `ended`: somebody was logged in until now. */
  | { readonly state: 'out'; readonly ended: boolean }
  | { readonly state: 'in'; readonly session: Session };

export const session = signal<SessionState>({ state: 'unknown' });

const role = computed(() => (session.value.state === 'in' ? session.value.session.role : 'ReadOnly'));

/** Whether the user may switch, boot and type. */
export const mayOperate = computed(() => role.value !== 'ReadOnly');

/** Whether the user may inject faults. */
export const mayDisturb = computed(() => role.value === 'Administrator');

/** Whether the user sees all labs, and with them what is of the daemon as a whole. */
export const seesAll = computed(() => session.value.state === 'in' && session.value.session.labs === 'all');
