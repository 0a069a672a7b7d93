import { z } from 'zod';
import type { RedfishService } from '../model.ts';

/** What the values of an account may be: those of IPMI's users, who are the same. @see IPMI 2.0 §22.28-22.31 */

export const shortestPassword = 1;
export const longestPassword = 20;
const longestName = 16;

/** Basic authentication knows no colon in a name. */
export const userName = z
  .string()
  .regex(/^[^\s:\p{Cc}][^:\p{Cc}]*$/u)
  .refine(name => Buffer.byteLength(name) <= longestName);

export const password = z.string().refine(value => {
  const length = Buffer.byteLength(value);
  return length >= shortestPassword && length <= longestPassword && !value.includes('\0');
});

export const roleId = z.enum(['Administrator', 'Operator', 'ReadOnly']);

export const accountTypes = z.array(z.enum(['Redfish', 'IPMI']));

/** What an account of a service can be good for. */
export function supportedTypes({ ipmiAccounts }: RedfishService): z.infer<typeof accountTypes> {
  return ipmiAccounts ? ['Redfish', 'IPMI'] : ['Redfish'];
}
