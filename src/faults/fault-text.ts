import { unreachable } from '../support/errors.ts';
import { formatDuration } from '../support/quantity.ts';
import type { Fault } from './fault.ts';

/** What a fault does, for people: `every datagram to the BMC is lost`. */
export function faultText(fault: Fault): string {
  switch (fault.kind) {
    case 'bmc-unreachable':
      return 'the BMC cannot be reached';
    case 'bmc-slow': {
      const { delay, jitter } = fault;
      const more = jitter > 0 ? ` to ${formatDuration(delay + jitter)}` : '';
      return `the BMC takes requests ${formatDuration(delay)}${more} late`;
    }
    case 'bmc-lossy':
      return `datagrams to and from the BMC: ${lossText(fault)}`;
    case 'wrong-password':
      return "the BMC's passwords are others";
    case 'sessions-exhausted':
      return 'the BMC opens no further session';
    case 'bmc-resets':
      return `the BMC restarts every ${formatDuration(fault.every)}`;
    case 'clock-skew': {
      const way = fault.by < 0 ? 'slow' : 'fast';
      return `the BMC's clock is ${formatDuration(Math.abs(fault.by))} ${way}`;
    }
    case 'command-ignored':
      return `${fault.actions?.join(', ') ?? 'power commands'}: accepted and not carried out`;
    case 'power-stuck':
      return `the machine stays ${fault.at}`;
    case 'wrong-power-state':
      return `the power is seen as ${fault.shows}`;
    case 'flapping-power-state':
      return `the power is seen to change every ${formatDuration(fault.every)}`;
    case 'boot-device-forgotten':
      return 'boot source overrides are forgotten';
    case 'driver-errors':
      return `${percent(fault.rate)} of the calls to the platform fail: ${fault.error}`;
    case 'driver-slow':
      return `calls to the platform take ${formatDuration(fault.delay)} longer`;
    case 'nic-unplugged':
      return `network card ${fault.nic} has no link`;
    case 'disk-fails':
      return `disk ${fault.disk} fails`;
    case 'disk-full':
      return `disk ${fault.disk} is full`;
    case 'disk-read-only':
      return `disk ${fault.disk} is read-only`;
    case 'firmware-hangs':
      return 'the firmware hangs';
    case 'dhcp-lost':
      return 'DHCP does not answer the machine';
    case 'tftp-lost':
      return 'TFTP does not answer the machine';
    case 'http-lost':
      return 'the boot director does not answer the machine';
    case 'http-slow':
      return `the boot director answers ${formatDuration(fault.delay)} late`;
    case 'http-errors':
      return `${percent(fault.rate)} of the boot director's answers are ${fault.status}`;
    case 'sensor-over-threshold':
      return `${fault.sensor} reads ${fault.value ?? 'beyond its critical limit'}`;
    case 'cloud-errors':
      return `${percent(fault.rate)} of the calls to the cloud fail with ${fault.status}`;
    case 'cloud-slow':
      return `calls to the cloud take ${formatDuration(fault.delay)} longer`;
    case 'cloud-rate-limited':
      return `the cloud refuses calls as too many, to come again after ${formatDuration(fault.retryAfter)}`;
    default:
      return unreachable(fault);
  }
}

function lossText({ loss, duplicate, reorder }: Fault & { kind: 'bmc-lossy' }): string {
  const parts = [
    loss > 0 ? `${percent(loss)} lost` : '',
    duplicate > 0 ? `${percent(duplicate)} doubled` : '',
    reorder > 0 ? `${percent(reorder)} late` : '',
  ].filter(part => part !== '');
  return parts.join(', ') || 'none lost';
}

function percent(share: number): string {
  return `${Math.round(share * 1000) / 10} %`;
}
