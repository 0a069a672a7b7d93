import { chooseAccelerator } from '../../../src/drivers/qemu/accelerator.ts';
import { bridgeProblem } from '../../../src/drivers/qemu/links.ts';
import { driverContract } from '../../drivers/contract.ts';
import { qemuPlatform, smallLab } from './platform.ts';

driverContract('qemu, user networking, BIOS', () =>
  qemuPlatform({ accel: 'tcg', networking: 'user' }, smallLab('contract-user', '192.168.201.0/24')),
);

driverContract('qemu, user networking, UEFI', () =>
  qemuPlatform({ accel: 'tcg', networking: 'user' }, smallLab('contract-uefi', '192.168.202.0/24', 'uefi')),
);

if ((await bridgeProblem()) === undefined) {
  driverContract('qemu, bridges, BIOS', () =>
    qemuPlatform({ accel: 'tcg', networking: 'bridge' }, smallLab('contract-bridge', '192.168.203.0/24')),
  );
}

if ((await chooseAccelerator('auto')).name === 'kvm') {
  driverContract('qemu, KVM, BIOS', () =>
    qemuPlatform({ accel: 'kvm', networking: 'user' }, smallLab('contract-kvm', '192.168.204.0/24')),
  );
}
