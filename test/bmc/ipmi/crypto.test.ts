import { createCipheriv, createHmac } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { AesCbc, deriveSessionKeys, Hmac, longestMessage, md5Code } from '../../../src/bmc/ipmi/crypto.ts';
import { systemRandom } from '../../../src/bmc/ipmi/random.ts';

const hex = (text: string) => Buffer.from(text, 'hex');

describe('HMAC', () => {
  // RFC 2202 and RFC 4231, test case 2.
  test.each([
    ['sha1', 'effcdf6ae5eb2fa2d27416d5f184df9c259a7c79'],
    ['sha256', '5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843'],
  ] as const)('%s gives the known code', (hash, code) => {
    const hmac = new Hmac(hash, Buffer.from('Jefe'));
    const digest = hmac.digest(Buffer.from('what do ya want '), Buffer.from('for nothing?'));
    expect(digest.toString('hex')).toBe(code);
  });

  test('is that of the system for any key and message', () => {
    fc.assert(
      fc.property(
        fc.constantFrom('sha1', 'sha256'),
        fc.uint8Array({ maxLength: 64 }),
        fc.uint8Array({ maxLength: longestMessage, size: 'max' }),
        (hash, key, message) => {
          const expected = createHmac(hash, key).update(message).digest();
          expect(new Hmac(hash, key).digest(message)).toEqual(expected);
        },
      ),
    );
  });

  test('verifies its own codes and no others', () => {
    const hmac = new Hmac('sha256', Buffer.from('key'));
    const datagram = Buffer.alloc(48, 7);
    hmac.write(datagram, 4, 32, datagram, 32, 16);
    expect(hmac.verify(datagram, 4, 32, 32, 16)).toBe(true);
    for (const at of [4, 31, 32, 47]) {
      const changed = Buffer.from(datagram);
      changed[at] = (changed[at] ?? 0) ^ 1;
      expect(hmac.verify(changed, 4, 32, 32, 16)).toBe(false);
    }
  });
});

describe('AES-CBC-128', () => {
  const aes = new AesCbc(Buffer.alloc(16, 3), systemRandom);

  test('brings back what it encrypted, packet after packet', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 300 }), payload => {
        const encrypted = Buffer.alloc(AesCbc.encryptedLength(payload.length) + 5);
        aes.encrypt(payload, encrypted, 5);
        expect(aes.decrypt(encrypted.subarray(5))).toEqual(Buffer.from(payload));
      }),
    );
  });

  test.each([
    ['aabb0102030405060708090a0b0c0d0d', 'aabb'],
    ['000102030405060708090a0b0c0d0e00', '000102030405060708090a0b0c0d0e'], // no pad
    ['0102030405060708090a0b0c0d0e0f0f', ''], // nothing but pad
    ['aabb0102030405060708090a0b0c0c0d', undefined], // a wrong pad byte
    ['aabb0102030405060708090a0b0c0d10', undefined], // a pad longer than a block
  ])('takes off the pad of %s', (plain, expected) => {
    const key = Buffer.alloc(16, 5);
    const vector = Buffer.alloc(16, 6);
    const cipher = createCipheriv('aes-128-cbc', key, vector).setAutoPadding(false);
    const encrypted = Buffer.concat([vector, cipher.update(hex(plain)), cipher.final()]);
    expect(new AesCbc(key, systemRandom).decrypt(encrypted)?.toString('hex')).toBe(expected);
  });

  test('a message of a wrong length spoils none after it', () => {
    for (const length of [0, 16, 31, 33]) expect(aes.decrypt(Buffer.alloc(length))).toBeUndefined();
    const encrypted = Buffer.alloc(32);
    aes.encrypt(Buffer.from('still fine'), encrypted, 0);
    expect(aes.decrypt(encrypted)).toEqual(Buffer.from('still fine'));
  });

  test('never uses an initialization vector twice', () => {
    const vectors = new Set<string>();
    for (let packet = 0; packet < 1000; packet++) {
      const encrypted = Buffer.alloc(32);
      aes.encrypt(Buffer.from('the same'), encrypted, 0);
      vectors.add(encrypted.toString('hex', 0, 16));
    }
    expect(vectors.size).toBe(1000);
  });
});

test('session keys are HMACs of constants under the session integrity key', () => {
  const sik = Buffer.alloc(20, 9);
  const keys = deriveSessionKeys('sha1', new Hmac('sha1', sik));
  const of = (byte: number) => createHmac('sha1', sik).update(Buffer.alloc(20, byte)).digest();
  expect(keys.confidentiality).toEqual(of(2));
  expect(keys.integrity.digest(Buffer.from('x'))).toEqual(createHmac('sha1', of(1)).update('x').digest());
});

test('an IPMI 1.5 code is the known one', () => {
  // md5(password ‖ session ID ‖ payload ‖ sequence number ‖ password), computed with coreutils' md5sum.
  expect(md5Code(Buffer.from('secret'), 0x01020304, hex('2018c8810038ff'), 10).toString('hex')).toBe(
    'ffb7ae9bce12af524f657fb9a5af985f',
  );
});
