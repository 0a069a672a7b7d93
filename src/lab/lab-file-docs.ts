import { labFileJsonSchema } from './schema.ts';
import { alternatives } from './schema-keys.ts';
import { driverMark } from './schema-parts.ts';

type JsonSchema = Readonly<Record<string, unknown>>;

const introduction = `# The lab file

A lab file describes a lab: where its machines come from, its networks, its nodes and their BMCs. \`quintupleo up LAB.yaml\`
makes the lab so, now and after every change of the file. [examples/](../examples) has files to begin with.

- It is YAML 1.2. Anchors, aliases and merge keys (\`<<\`) work.
- Sizes and durations have a unit: \`512MiB\`, \`2GiB\`; \`200ms\`, \`60s\`, \`5min\`.
- MAC addresses and UUIDs follow from the names of lab and node, so a lab that is made again has the same ones.
- \`quintupleo up LAB.yaml --id ID\` makes the lab \`NAME-ID\` of the same file, beside others; \`down\` and the rest take the same option.
- A secret (\`password\`, \`kg\`) is text, \`{file: PATH}\`, which drops a newline at the file's end, or \`{env: NAME}\`.
- Paths are relative to the lab file.
- For completion and checks in an editor, begin the file with
  \`# yaml-language-server: $schema=PATH/schema/lab.schema.json\`; \`quintupleo schema\` prints that schema.
- *openstack only*: a key for labs whose driver is \`openstack\`.
- Everything that is wrong is reported, each with its place: \`lab.yaml:12:5: …\`. Wrong keys and types come first, the rest when they are mended.

This page is made from the schema by \`scripts/generate-docs.js\`.
`;

/** The lab file's reference, as Markdown. */
export function labFileDocs(): string {
  return `${introduction}\n${section('The file', '', labFileJsonSchema(), 2)}`;
}

/** A section for an object's keys, followed by one for each object among their values. */
function section(title: string, path: string, schema: JsonSchema, level: number): string {
  const required = Array.isArray(schema.required) ? schema.required : [];
  const rows: string[] = [];
  const below: string[] = [];
  for (const [key, value] of Object.entries(propertiesOf(schema))) {
    const at = path === '' ? key : `${path}.${key}`;
    const driver = path === 'driver' ? undefined : value[driverMark];
    rows.push(
      `| \`${key}\` | ${typeOf(value)} | ${required.includes(key) ? '**required**' : defaultOf(value)} | ${
        driver === undefined ? '' : `*${driver} only.* `
      }${value.description ?? ''} |`,
    );
    const objects = objectsIn(value, at).filter(object => object.schema.title !== undefined);
    for (const object of objects) {
      if (object.at === 'nodes[].bmc') continue;
      const heading = objects.length > 1 ? `\`${object.at}\`: ${object.schema.title}` : `\`${object.at}\``;
      below.push(section(heading, object.at, object.schema, Math.min(level + 1, 4)));
    }
  }
  const description = path !== '' && schema.description ? `${schema.description}\n\n` : '';
  const table = ['| key | value | default | meaning |', '|---|---|---|---|', ...rows].join('\n');
  return [`${'#'.repeat(level)} ${title}\n\n${description}${table}\n`, ...below].join('\n');
}

function propertiesOf(schema: JsonSchema): Readonly<Record<string, JsonSchema>> {
  return (schema.properties ?? {}) as Record<string, JsonSchema>;
}

/** The objects that a value may be or hold, each with how a reader would write its place. */
function objectsIn(schema: JsonSchema, at: string): { at: string; schema: JsonSchema }[] {
  return alternatives(schema).flatMap(one => {
    if (one.properties) return [{ at, schema: one }];
    if (isSchema(one.items)) return objectsIn(one.items, `${at}[]`);
    if (isSchema(one.additionalProperties)) return objectsIn(one.additionalProperties, `${at}.NAME`);
    return [];
  });
}

function typeOf(schema: JsonSchema): string {
  const names = alternatives(schema).map(one => {
    if (Array.isArray(one.enum)) return one.enum.map(value => `\`${value}\``).join(', ');
    if (isSchema(one.items)) return `list of ${typeOf(one.items)}`;
    if (isSchema(one.additionalProperties)) return 'mapping by name';
    if (typeof one.title === 'string' && one.properties) return 'mapping';
    if (one.properties) return `{${Object.keys(propertiesOf(one)).join(', ')}: …}`;
    if (one.const !== undefined) return `\`${one.const}\``;
    if (one.type === 'string') return String(one.title ?? 'text');
    if (one.type === 'boolean') return '`true`, `false`';
    if (one.type === 'integer') return `whole number${rangeOf(one)}`;
    return String(one.type);
  });
  return [...new Set(names)].join(' or ');
}

function rangeOf(schema: JsonSchema): string {
  const { minimum, maximum } = schema;
  const bounded = typeof maximum === 'number' && maximum < Number.MAX_SAFE_INTEGER;
  return bounded ? `, ${minimum} to ${maximum}` : '';
}

function defaultOf(schema: JsonSchema): string {
  return schema.default === undefined ? '' : `\`${JSON.stringify(schema.default).replaceAll('"', '')}\``;
}

function isSchema(value: unknown): value is JsonSchema {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
