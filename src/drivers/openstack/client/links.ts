import { z } from 'zod';

/** Where Nova, Neutron and Cinder say that a listing goes on. */
export const linksSchema = z.array(z.looseObject({ rel: z.string(), href: z.string() })).optional();

/** The next page's URL. */
export function nextLink(links: z.infer<typeof linksSchema>): string | undefined {
  return links?.find(link => link.rel === 'next')?.href;
}
