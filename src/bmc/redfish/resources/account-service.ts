import { z } from 'zod';
import { privilegeMap } from '../access/privileges.ts';
import { message } from '../messages/message.ts';
import { RedfishProblem } from '../messages/problem.ts';
import { done, link, serviceResource, writing } from '../resource.ts';
import { longestPassword, shortestPassword, supportedTypes } from './account-values.ts';

/** How the accounts of a service are looked after. @see DSP0266 §13.4; schema AccountService */

const path = '/redfish/v1/AccountService';

export const accountService = serviceResource({
  path,
  schema: 'AccountService',
  read: ({ service }) => ({
    Id: 'AccountService',
    Name: 'Account Service',
    Description: 'Names of users have at most 16 bytes, their passwords at most 20.',
    Status: { State: 'Enabled', Health: 'OK' },
    ServiceEnabled: true,
    LocalAccountAuth: 'Enabled',
    HTTPBasicAuth: 'Enabled',
    SupportedAccountTypes: supportedTypes(service),
    MinPasswordLength: shortestPassword,
    MaxPasswordLength: longestPassword,
    AccountLockoutThreshold: service.settings.value.lockoutThreshold,
    AccountLockoutDuration: service.settings.value.lockoutDuration,
    AccountLockoutCounterResetAfter: service.settings.value.lockoutCounterResetAfter,
    AccountLockoutCounterResetEnabled: true,
    Accounts: link(`${path}/Accounts`),
    Roles: link(`${path}/Roles`),
    PrivilegeMap: link(`${path}/PrivilegeMap`),
  }),
  patch: writing(
    z.strictObject({
      AccountLockoutThreshold: z.int().min(0).max(1000).optional(),
      AccountLockoutDuration: z.int().min(0).max(86_400).optional(),
      AccountLockoutCounterResetAfter: z.int().min(0).max(86_400).optional(),
    }),
    async ({ service }, content) => {
      const { settings } = service;
      const lockoutThreshold = content.AccountLockoutThreshold ?? settings.value.lockoutThreshold;
      const lockoutDuration = content.AccountLockoutDuration ?? settings.value.lockoutDuration;
      const lockoutCounterResetAfter =
        content.AccountLockoutCounterResetAfter ?? settings.value.lockoutCounterResetAfter;
      // The schema has it so; a duration of 0 locks until somebody unlocks.
      if (lockoutDuration > 0 && lockoutCounterResetAfter > lockoutDuration) {
        const names = ['AccountLockoutCounterResetAfter', 'AccountLockoutDuration'];
        throw new RedfishProblem(
          400,
          message('Base.PropertyValueConflict', names, ['/AccountLockoutCounterResetAfter']),
        );
      }
      await settings.change({ lockoutThreshold, lockoutDuration, lockoutCounterResetAfter });
      return done;
    },
  ),
});

/** What each operation on each kind of resource needs: DMTF's registry, by which this service goes. */
export const privilegeRegistry = serviceResource({
  path: `${path}/PrivilegeMap`,
  schema: 'PrivilegeRegistry',
  read: () => {
    const { Id, Name, PrivilegesUsed, Mappings } = privilegeMap();
    return { Id, Name, PrivilegesUsed, Mappings };
  },
});
