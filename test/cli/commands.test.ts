import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { cli } from './run-cli.ts';
import { TwoLabs } from './two-labs.ts';

const here = new TwoLabs();

describe('quit, schema, completion', () => {
  test('quit asks the daemon to end', async () => {
    here.daemon.answers.set('POST /v1/daemon/stop', { bytes: '' });
    expect((await here.run('quit')).status).toBe(0);
    expect(here.daemon.asked.map(({ what }) => what)).toEqual(['GET /v1/daemon', 'POST /v1/daemon/stop']);
  });

  test('schema is the file that is shipped', async () => {
    const shipped = JSON.parse(readFileSync('schema/lab.schema.json', 'utf8'));
    expect(JSON.parse((await cli(['schema'])).out)).toEqual(shipped);
  });

  test.each(['bash', 'zsh', 'fish'])('completion for %s knows every command', async shell => {
    const { status, out } = await cli(['completion', shell]);
    expect(status).toBe(0);
    for (const name of ['up', 'down', 'status', 'power', 'credentials', 'prove']) expect(out).toContain(name);
  });

  test('names are completed from what is there, and without a daemon there are none', async () => {
    expect((await here.run('complete-names')).out).toBe(
      'pair\npair/node-0\npair/node-1\nother\nother/node-0\nother/lone\n',
    );
    expect(await cli(['complete-names'])).toEqual({ status: 0, out: '', err: '' });
  });
});
