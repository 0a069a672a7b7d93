import fc from 'fast-check';
import { expect, test } from 'vitest';
import { boundaryOf, partsOf } from '../../../../src/bmc/redfish/http/multipart.ts';
import { RedfishProblem } from '../../../../src/bmc/redfish/messages/problem.ts';

interface Sent {
  readonly name: string;
  readonly content: Buffer;
}

function bodyOf(parts: readonly Sent[], boundary: string): Buffer {
  return Buffer.concat([
    ...parts.flatMap(({ name, content }) => [
      Buffer.from(
        `--${boundary}\r\nContent-Disposition: form-data; name="${name}"; filename="${name}.bin"\r\n\r\n`,
      ),
      content,
      Buffer.from('\r\n'),
    ]),
    Buffer.from(`--${boundary}--\r\n`),
  ]);
}

async function* inPieces(bytes: Buffer, size: number): AsyncGenerator<Buffer> {
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size);
}

async function read(body: AsyncIterable<Buffer>, boundary: string): Promise<Sent[]> {
  const parts: Sent[] = [];
  for await (const { name, content } of partsOf(body, boundary)) {
    const pieces: Buffer[] = [];
    for await (const piece of content) pieces.push(piece);
    parts.push({ name, content: Buffer.concat(pieces) });
  }
  return parts;
}

test('parts come out as they went in, however the bytes come', async () => {
  const boundary = 'bound';
  const content = fc.oneof(
    fc.uint8Array({ maxLength: 60 }),
    // What looks like a boundary, nearly.
    fc
      .array(fc.constantFrom('\r\n--boun', '\r\n', '--', '\r', '--bound', 'x'), { maxLength: 8 })
      .map(words => {
        return Buffer.from(words.join('').replaceAll('\r\n--bound', ''));
      }),
  );
  await fc.assert(
    fc.asyncProperty(
      fc.array(content, { maxLength: 4 }),
      fc.integer({ min: 1, max: 40 }),
      async (contents, size) => {
        const parts = contents.map((bytes, index) => ({ name: `part${index}`, content: Buffer.from(bytes) }));
        fc.pre(parts.every(part => !part.content.includes('\r\n--bound')));
        expect(await read(inPieces(bodyOf(parts, boundary), size), boundary)).toEqual(parts);
      },
    ),
  );
});

test('a part that is not read, or not to its end, is skipped', async () => {
  const parts = ['one', 'two', 'three'].map(name => ({ name, content: Buffer.alloc(1000, name) }));
  const names: string[] = [];
  for await (const { name, content } of partsOf(inPieces(bodyOf(parts, 'b'), 100), 'b')) {
    names.push(name);
    if (name === 'two') for await (const _ of content) break;
  }
  expect(names).toEqual(['one', 'two', 'three']);
});

test('what is no body of parts is refused', async () => {
  await fc.assert(
    fc.asyncProperty(fc.uint8Array({ maxLength: 200 }), async bytes => {
      await expect(read(inPieces(Buffer.from(bytes), 7), 'bound')).rejects.toBeInstanceOf(RedfishProblem);
    }),
  );
  const cut = bodyOf([{ name: 'one', content: Buffer.alloc(100) }], 'b').subarray(0, 120);
  await expect(read(inPieces(cut, 10), 'b')).rejects.toBeInstanceOf(RedfishProblem);
  const long = bodyOf([{ name: 'x'.repeat(20_000), content: Buffer.alloc(1) }], 'b');
  await expect(read(inPieces(long, 1000), 'b')).rejects.toBeInstanceOf(RedfishProblem);
});

test.each([
  ['multipart/form-data; boundary=abc', 'abc'],
  ['multipart/form-data;boundary="a b:c"', 'a b:c'],
  ['multipart/form-data; charset=utf-8; boundary=abc', 'abc'],
])('the boundary of %s', (type, boundary) => {
  expect(boundaryOf(type)).toBe(boundary);
});

test.each([
  undefined,
  'application/json',
  'multipart/form-data',
  `multipart/form-data; boundary=${'x'.repeat(71)}`,
])('there is no boundary in %s', type => {
  expect(() => boundaryOf(type)).toThrow(RedfishProblem);
});
