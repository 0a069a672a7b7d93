import { expect, test } from 'vitest';
import { withoutCredentials } from '../../src/support/credentials.ts';

test('names and passwords of URLs are not shown, however they are written', () => {
  for (const url of [
    'http://user:secret@192.0.2.1/a.iso',
    'http://user@secret:secret@192.0.2.1/a.iso',
    'http:/user:secret@192.0.2.1/a.iso',
    'http:\\\\user:secret@192.0.2.1/a.iso',
    'nfs://user:secret@192.0.2.1/a.iso',
    '//user:secret@192.0.2.1/a.iso',
    'user:secret@192.0.2.1/a.iso',
    'http://user:secret@192.0.2.1:port/a.iso',
  ]) {
    const shown = withoutCredentials(url);
    expect(shown, url).not.toContain('secret');
    expect(shown, url).toMatch(/192\.0\.2\.1(:port)?\/a\.iso$/);
  }
});

test('other URLs are shown as they are', () => {
  for (const url of [
    'http://Example.org/a@b.iso?c=d@e',
    'https://[::1]:8443/a.iso',
    'example.org/a.iso',
    'x',
  ]) {
    expect(withoutCredentials(url)).toBe(url);
  }
});
