import type { CallContext, CreateOptions, Query } from '../../client/call.ts';
import type { TaggedKind } from '../../client/network.ts';
import { descriptionOf, type Label, type Labelled, tagsOf } from './label.ts';
import type { Site } from './site.ts';

/** What all of Neutron's collections can do that things are made in. */
interface Makes<T, Create> {
  list(query: Query, ctx: CallContext): Promise<T[]>;
  create(body: Create, options: CreateOptions<T>, ctx: CallContext): Promise<T>;
}

/** Makes something of Neutron's that carries its label from the first moment on, and its tags from the second. */
export async function makeLabelled<T extends { readonly id: string } & Labelled, Create>(
  site: Site,
  kind: TaggedKind,
  collection: Makes<T, Create>,
  label: Label,
  body: Create,
): Promise<T> {
  const { projectId } = await site.openstack.project(site.ctx);
  const description = descriptionOf(label, site.expires);
  const find = async () => (await collection.list({ description, project_id: projectId }, site.ctx))[0];
  const made = await collection.create({ ...body, description }, { find }, site.ctx);
  return { ...made, tags: await setTags(site, kind, made.id, label) };
}

/** Sets the tags of something that is there, if it does not have just these. */
export async function ensureTags(
  site: Site,
  kind: TaggedKind,
  it: { readonly id: string } & Labelled,
  label: Label,
): Promise<void> {
  const wanted = tagsOf(label, site.expires);
  const has = new Set(it.tags);
  if (has.size !== wanted.length || wanted.some(tag => !has.has(tag)))
    await setTags(site, kind, it.id, label);
}

async function setTags(site: Site, kind: TaggedKind, id: string, label: Label): Promise<string[]> {
  const tags = tagsOf(label, site.expires);
  await site.openstack.network.setTags(kind, id, tags, site.ctx);
  return tags;
}
