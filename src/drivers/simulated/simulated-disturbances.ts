import type { BootTarget } from '../../node/boot.ts';
import type { Disturbance } from '../../node/disturbance.ts';

/** Whether firmware that starts does not get on. */
export function hangs(wrong: readonly Disturbance[]): boolean {
  return wrong.some(({ kind }) => kind === 'firmware-hangs');
}

/** Why a boot does not get to a login; `undefined` when it does. */
export function hindrance(target: BootTarget, wrong: readonly Disturbance[]): string | undefined {
  const kinds: readonly string[] = target === 'pxe' ? ofNetwork : ofDisk;
  const one = wrong.find(({ kind }) => kinds.includes(kind));
  return one && complaint(one);
}

const ofNetwork = ['nic-unplugged', 'dhcp-lost', 'tftp-lost'] as const;
const ofDisk = ['disk-fails'] as const;

/** What the console of a running machine says when things go wrong, or well again. */
export function complaints(before: readonly Disturbance[], after: readonly Disturbance[]): string[] {
  const old = texts(before);
  const now = texts(after);
  return [
    ...now.filter(text => !old.includes(text)),
    ...old.filter(text => !now.includes(text)).map(text => `no longer: ${text}`),
  ];
}

/** What hangs says nothing. */
function texts(wrong: readonly Disturbance[]): string[] {
  return wrong.filter(({ kind }) => kind !== 'firmware-hangs').map(complaint);
}

function complaint(wrong: Disturbance): string {
  switch (wrong.kind) {
    case 'nic-unplugged':
      return `nic${wrong.nic}: no link`;
    case 'disk-fails':
      return `disk${wrong.disk}: I/O error`;
    case 'disk-full':
      return `disk${wrong.disk}: no space left`;
    case 'disk-read-only':
      return `disk${wrong.disk}: write-protected`;
    case 'dhcp-lost':
      return 'no answer to DHCP';
    case 'tftp-lost':
      return 'no answer to TFTP';
    case 'firmware-hangs':
      return 'firmware hangs';
  }
}
