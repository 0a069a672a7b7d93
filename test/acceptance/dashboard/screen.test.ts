import { expect, test } from 'vitest';
import type { ScreenAnswer } from '../../../src/daemon/api-watch.ts';
import type { LabDefinition } from '../../../src/lab/definition.ts';
import { redfishLab, startDaemon } from '../../daemon/harness.ts';
import { Browser } from '../../daemon/web/browser.ts';

const node = '/v1/labs/test/nodes/node-1';

test('the screen of a QEMU machine speaks RFB to the browser while it is on', async () => {
  await using daemon = await startDaemon();
  const driver = { name: 'qemu', accel: 'auto', networking: 'user' } as const;
  const lab: LabDefinition = { ...redfishLab(1), driver };
  await daemon.run('POST', '/v1/labs/apply', lab);
  try {
    const browser = await Browser.admin(daemon);
    const screen = () => browser.json<ScreenAnswer>(`${node}/screen`);
    expect(await screen()).toEqual({ kind: 'none', why: 'The machine is off.' });
    await browser.send('POST', `${node}/power`, { action: 'on', wait: 60_000 });
    expect(await screen()).toEqual({ kind: 'vnc' });
    const rfb = await browser.connect(`${node}/screen`);
    // @see RFC 6143 §7.1.1, §7.1.2
    await rfb.until('RFB 003.008\n');
    rfb.socket.send(Buffer.from('RFB 003.008\n'));
    const securityTypes = '\x01\x01'; // one: None
    await rfb.until(securityTypes);
    const ended = new Promise(resolve => rfb.socket.on('close', resolve));
    await browser.send('POST', `${node}/power`, { action: 'off', wait: 60_000 });
    await ended;
    const guest = new Browser(browser.origin);
    expect(await guest.socket(`${node}/screen`)).toBe(401);
  } finally {
    await daemon.run('DELETE', '/v1/labs/test');
  }
});
