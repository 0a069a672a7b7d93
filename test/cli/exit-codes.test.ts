import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { cliDocs } from '../../src/cli/docs.ts';
import { createProgram } from '../../src/cli/program.ts';
import { cli, cliContext, daemonStatus } from './run-cli.ts';
import { TwoLabs } from './two-labs.ts';

const here = new TwoLabs();

describe('how the command line ends', () => {
  test('0 for help and version, 2 for what it does not understand', async () => {
    expect(await cli(['--version'])).toMatchObject({ status: 0, out: `${daemonStatus.version}\n` });
    expect((await cli(['--help'])).status).toBe(0);
    expect((await cli(['up', '--help'])).out).toContain('quintupleo up lab.yaml --dry-run');
    expect(await cli(['stauts'])).toMatchObject({
      status: 2,
      err: expect.stringContaining('Did you mean status?'),
    });
    expect((await cli([])).status).toBe(2);
    expect((await cli(['up'])).status).toBe(2);
    expect((await cli(['up', 'a.yaml', '--no-such-option'])).status).toBe(2);
  });

  test('6 when no daemon runs', async () => {
    expect(await cli(['status'])).toEqual({
      status: 6,
      out: '',
      err: 'error: the daemon is not running. Start it with "quintupleo up LAB.yaml", or with "quintupleo serve".\n',
    });
  });

  test('70 for a bug, with a stack only for --debug', async () => {
    here.daemon.answers.set('GET /v1/labs', { json: { code: 'INTERNAL', message: 'oops' }, status: 500 });
    const { status, err } = await here.run('status');
    expect(status).toBe(70);
    expect(err).toBe(
      'bug: oops\nThis is a mistake of this program. Please report it, with what it prints with --debug.\n',
    );
    expect((await here.run('status', '--debug')).err).toMatch(/\n {4}at /);
  });

  test('130 when interrupted, without a word', async () => {
    expect(
      await cli(['status'], { folder: here.daemon.folder, signal: AbortSignal.abort(new Error('stop')) }),
    ).toEqual({
      status: 130,
      out: '',
      err: '',
    });
  });

  test('errors are JSON for programs', async () => {
    const { status, err } = await here.run('events', 'nod-0', '--json');
    expect(status).toBe(4);
    expect(JSON.parse(err)).toEqual({
      error: { code: 'NODE_NOT_FOUND', message: 'there is no node nod-0', remedy: 'Did you mean node-0?' },
    });
  });

  test('what docs/cli.md says is current; else run scripts/generate-docs.js', () => {
    expect(readFileSync('docs/cli.md', 'utf8')).toBe(cliDocs(createProgram(cliContext().context)));
  });
});
