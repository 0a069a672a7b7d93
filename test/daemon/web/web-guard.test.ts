import { hostname } from 'node:os';
import { expect, test } from 'vitest';
import { cookieOf, isOurHost, isOwnOrigin, securityHeaders } from '../../../src/daemon/web/web-guard.ts';

test('hosts that can only be ours are', () => {
  for (const host of ['127.0.0.1:8625', 'localhost:8625', '[::1]:8625', '192.0.2.7', hostname()]) {
    for (const tls of [false, true]) expect(isOurHost(host, tls), host).toBe(true);
  }
});

test('a name that somebody else may point here is not ours', () => {
  for (const host of [
    undefined,
    '',
    'evil.example:8625',
    '127.0.0.1.evil.example',
    'localhost.evil.example',
    'localhost@evil.example',
    'user@127.0.0.1',
    '127.0.0.1/x',
    '127.0.0.1#',
    '127.0.0.1, evil.example',
    '\\',
  ]) {
    for (const tls of [false, true]) expect(isOurHost(host, tls), String(host)).toBe(false);
  }
});

test('this host’s name in a domain is ours where the certificate shows it', () => {
  const [name] = hostname().split('.');
  expect(isOurHost(`${name}.example.org:8625`, true)).toBe(true);
  expect(isOurHost(`${name}.example.org:8625`, false)).toBe(false);
});

test('only a page of ours is of our origin', () => {
  const host = '127.0.0.1:8625';
  expect(isOwnOrigin({ host, origin: 'http://127.0.0.1:8625' }, false)).toBe(true);
  expect(isOwnOrigin({ host, origin: 'https://127.0.0.1:8625' }, true)).toBe(true);
  for (const origin of [
    undefined,
    'null',
    'http://127.0.0.1',
    'http://127.0.0.1:8626',
    'http://localhost:8625',
    'https://127.0.0.1:8625',
    'http://127.0.0.1:8625.evil.example',
  ]) {
    expect(isOwnOrigin({ host, origin }, false), String(origin)).toBe(false);
  }
});

test('a cookie is found among others', () => {
  expect(cookieOf('a=1; quintupleo-1=x=y; b=2', 'quintupleo-1')).toBe('x=y');
  expect(cookieOf('xquintupleo-1=1', 'quintupleo-1')).toBeUndefined();
  expect(cookieOf(undefined, 'quintupleo-1')).toBeUndefined();
});

test('nothing inline and nothing of others is allowed on our pages', () => {
  const policy = securityHeaders['Content-Security-Policy'];
  expect(policy).toContain("default-src 'none'");
  expect(policy).toContain("frame-ancestors 'none'");
  expect(policy).not.toContain('unsafe');
  expect(policy).not.toContain('http');
});
