import { ApiFault, type Fields } from '../service.ts';
import type { NetworkStore } from './store.ts';

/** A thing of Neutron's: its attributes as the API shows them. */
export interface Item {
  readonly id: string;
  project_id: string;
  tags: string[];
  [attribute: string]: unknown;
}

/** What the rules of a kind may look at. */
export interface Around {
  readonly store: NetworkStore;
  readonly projectId: string;
}

/** One kind of thing: what a tenant may say of it, and what follows. */
export interface Kind {
  readonly plural: string;
  readonly singular: string;
  /** As error messages call it. */
  readonly label: string;
  /** Attributes that a tenant may set when creating, with their defaults. */
  readonly attributes: Readonly<Record<string, unknown>>;
  readonly required?: readonly string[];
  /** Of the above, those that may be changed later. */
  readonly changeable: readonly string[];
  /** Attributes that are an administrator's to set. */
  readonly forbidden?: readonly string[];
  readonly forbiddenLater?: readonly string[];
  /** Attributes that only Neutron sets, but by which things may be found. */
  readonly shown?: readonly string[];
  readonly quota?: string;
  readonly untagged?: boolean;
  /** Checks what is wanted and fills in what Neutron decides. Attributes with defaults are all there. */
  readonly create: (wanted: Fields, around: Around) => Fields;
  /** After the item is kept: other things that come with it. */
  readonly created?: (item: Item, around: Around) => void;
  /** Checks changes; what it returns is set. */
  readonly update?: (item: Item, changes: Fields, around: Around) => Fields;
  /** Checks that it may go, and takes along what goes with it. */
  readonly remove?: (item: Item, around: Around) => void;
}

export const badRequest = (message: string) => new ApiFault(400, message, 'HTTPBadRequest');

export const invalidInput = (message: string) =>
  new ApiFault(400, `Invalid input for operation: ${message}`, 'InvalidInput');

export const disallowed = (rule: string) =>
  new ApiFault(403, `(${rule}) is disallowed by policy`, 'PolicyNotAuthorized');
