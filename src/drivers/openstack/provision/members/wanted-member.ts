import type { ResourceKind } from '../../../../node/driver.ts';
import type { FoundLab, Member, Thing } from '../inventory.ts';
import type { Needs } from '../quotas.ts';
import type { Difference } from '../resources/difference.ts';
import type { Site } from '../resources/site.ts';

/** What a lab shall have of one kind and name: how it is compared with what is there, and how it is made. */
export interface WantedMember {
  readonly kind: ResourceKind;
  readonly name: string;
  /** For people, when it is new. */
  readonly summary: string;
  /**
   * What is not as it shall be.
   * @returns `undefined` when it was not finished, so that making it goes on
   */
  differences(member: Member, found: FoundLab): Promise<readonly Difference[] | undefined>;
  /**
   * What it takes of the project's quotas when it is new.
   * @throws QuintupleoError when the cloud lacks something without which it cannot be made
   */
  needs(): Promise<Needs>;
  /**
   * Makes it, goes on with one that was begun, or mends one that is there. May be called again after any interruption.
   * @param anew - whether one that cannot become what is wanted may be deleted and made anew, with all its data
   */
  make(site: Site, member: Member | undefined, found: FoundLab, anew: boolean): Promise<readonly Thing[]>;
}
