import { expect, test } from 'vitest';
import { labPath, nodePath, routeOf } from '../../web/src/routes.ts';

test('every page has an address, and every address its page', () => {
  expect(routeOf('/')).toEqual({ page: 'nodes' });
  expect(routeOf(labPath('metal'))).toEqual({ page: 'lab', lab: 'metal' });
  expect(routeOf(nodePath({ lab: 'a lab', name: 'n/1' }))).toEqual({
    page: 'node',
    lab: 'a lab',
    node: 'n/1',
  });
});

test('an address of nothing is known as that', () => {
  for (const path of ['/lab', '/labs', '/labs/metal/nodes', '/labs/metal/nodes/a/b', '/labs/metal/node/a']) {
    expect(routeOf(path)).toEqual({ page: 'unknown' });
  }
  expect(routeOf('/labs/%zz')).toEqual({ page: 'lab', lab: '%zz' });
});
