import { readdirSync, readFileSync } from 'node:fs';
import { Ajv, type ValidateFunction } from 'ajv';
import { expect } from 'vitest';
import type { JsonObject } from '../../../src/bmc/redfish/json.ts';

/** Holds bodies against DMTF's JSON schemas. */

const folder = new URL('../../../dmtf/json-schema/', import.meta.url);
const known = new Set(readdirSync(folder));
const published = 'http://redfish.dmtf.org/schemas/v1/';
let ajv: Ajv | undefined;

/** What a body has that its schema does not allow, or lacks. */
export function problemsOf(body: JsonObject): readonly string[] {
  const type = String(body['@odata.type']);
  const [, name, version] = /^#(\w+)(?:\.(v\w+))?\.\w+$/.exec(type) ?? [];
  const file = version === undefined ? `${name}.json` : `${name}.${version}.json`;
  if (!known.has(file)) return [`no schema is kept for ${type}`];
  const validate = validatorOf(file);
  if (validate(body)) return [];
  return (validate.errors ?? []).map(
    ({ instancePath, message, params }) => `${instancePath} ${message} ${JSON.stringify(params)}`,
  );
}

/** Fails the test when a body is not as its schema says. */
export function expectValid(body: JsonObject): void {
  expect(problemsOf(body), String(body['@odata.id'])).toEqual([]);
}

function validatorOf(file: string): ValidateFunction {
  ajv ??= loaded();
  const validate = ajv.getSchema(`${published}${file}`);
  if (!validate) throw new RangeError(`schema ${file} is not loaded`);
  return validate;
}

function loaded(): Ajv {
  const ajv = new Ajv({ strict: false, validateSchema: false, allErrors: true, logger: false });
  // A resource in another one's place is held against its own schema, which is read only when there is one.
  ajv.addKeyword({
    keyword: 'resource',
    validate: (_: boolean, body: JsonObject) =>
      typeof body['@odata.id'] === 'string' &&
      (Object.keys(body).length === 1 || problemsOf(body).length === 0),
  });
  ajv.addFormat('uri-reference', text => URL.canParse(text, 'http://host/') && !/[\s<>"{}|\\^`]/.test(text));
  ajv.addFormat('date-time', /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)$/);
  for (const file of known) {
    const { $schema: _, $id: __, ...schema } = JSON.parse(readFileSync(new URL(file, folder), 'utf8'));
    ajv.addSchema(withoutUnknown(schema), `${published}${file}`);
  }
  return ajv;
}

/** A schema without references to those that are not kept: to older versions, to resources that this service lacks. */
function withoutUnknown(schema: object): object {
  return visit(schema) as object;
}

function visit(part: unknown): unknown {
  if (Array.isArray(part)) return part.filter(one => !isUnknown(one)).map(visit);
  if (part === null || typeof part !== 'object') return part;
  if (isUnknown(part)) return {};
  if ('anyOf' in part && isResource(part.anyOf)) return { resource: true };
  return Object.fromEntries(
    Object.entries(part).map(([name, value]) => [name, name === '$ref' ? keptUri(value) : visit(value)]),
  );
}

/** A link to a resource, or the resource itself in any version. */
function isResource(alternatives: unknown): boolean {
  const references = (alternatives as readonly { readonly $ref?: string }[]).map(({ $ref }) => $ref);
  return references.some(one => one?.endsWith('#/definitions/idRef')) && !references.includes(undefined);
}

function isUnknown(part: unknown): boolean {
  return part !== null && typeof part === 'object' && '$ref' in part && keptUri(part.$ref) === undefined;
}

/** Where the part of a schema is that a reference names; whoever published it, it is in the same folder. */
function keptUri(reference: unknown): string | undefined {
  const [, file, fragment] = /^https?:[^#]*\/([^/#]+)(#.*)?$/.exec(String(reference)) ?? [];
  if (file === undefined) return String(reference);
  return known.has(file) ? `${published}${file}${fragment ?? ''}` : undefined;
}
