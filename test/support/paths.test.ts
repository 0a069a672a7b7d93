import { expect, test } from 'vitest';
import { findPaths } from '../../src/support/paths.ts';

test('root keeps things where a system keeps them', () => {
  expect(findPaths({}, true, '/root')).toEqual({
    stateDirectory: '/var/lib/quintupleo',
    runtimeDirectory: '/run/quintupleo',
    cacheDirectory: '/var/cache/quintupleo',
    controlSocket: '/run/quintupleo/control.sock',
    daemonLog: '/var/lib/quintupleo/daemon.log',
  });
});

test('others keep things where the XDG specification says, which ignores relative paths', () => {
  const env = { XDG_STATE_HOME: '/s', XDG_RUNTIME_DIR: '/r', XDG_CACHE_HOME: 'relative' };
  expect(findPaths(env, false, '/home/me')).toMatchObject({
    stateDirectory: '/s/quintupleo',
    runtimeDirectory: '/r/quintupleo',
    cacheDirectory: '/home/me/.cache/quintupleo',
  });
  expect(findPaths({}, false, '/home/me').controlSocket).toBe(
    '/home/me/.local/state/quintupleo/run/control.sock',
  );
});

test('the user may choose', () => {
  const env = { QUINTUPLEO_STATE_DIR: '/a', QUINTUPLEO_RUNTIME_DIR: '/b', QUINTUPLEO_CACHE_DIR: '/c' };
  expect(findPaths(env, true, '/root')).toMatchObject({
    ...{ stateDirectory: '/a', runtimeDirectory: '/b', cacheDirectory: '/c' },
  });
});

test('a path that no socket can have is refused', () => {
  const long = `/${'x'.repeat(100)}`;
  expect(() => findPaths({ QUINTUPLEO_RUNTIME_DIR: long }, true, '/root')).toThrow('longer than 107 bytes');
});
