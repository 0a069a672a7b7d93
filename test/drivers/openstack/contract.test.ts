import { driverContract } from '../contract.ts';
import { labOf, standInPlatform } from './lab-on-stand-in.ts';

driverContract('openstack, stand-in cloud', () => standInPlatform(labOf('contract', [undefined, undefined])));
