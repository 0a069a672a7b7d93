import { z } from 'zod';
import { type Account, type AccountChange, freeAccount } from '../../accounts.ts';
import { privilegeOfRole, roleOf } from '../access/privileges.ts';
import { message, withReason } from '../messages/message.ts';
import { RedfishProblem } from '../messages/problem.ts';
import type { RedfishService } from '../model.ts';
import { collectionBody, done, link, type ServiceAt, serviceResource, writing } from '../resource.ts';
import { accountTypes, password, roleId, supportedTypes, userName } from './account-values.ts';

/** The users of a service: the same as IPMI's where it shows one node. @see DSP0266 §13.4; schema ManagerAccount */

const path = '/redfish/v1/AccountService/Accounts';

/** Slot 1 is IPMI's anonymous user, who has no name. */
const firstSlot = 2;

export const accountCollection = serviceResource({
  path,
  schema: 'ManagerAccountCollection',
  read: ({ service }) =>
    collectionBody(
      'Account Collection',
      service.accounts.slots.filter(isUsed).map(({ id }) => `${path}/${id}`),
    ),
  create: writing(
    z.strictObject({
      UserName: userName,
      Password: password,
      RoleId: roleId,
      Enabled: z.boolean().default(true),
      AccountTypes: accountTypes.optional(),
    }),
    async ({ service }, { UserName, Password, RoleId, Enabled, AccountTypes = supportedTypes(service) }) => {
      checkIsNew(service, UserName);
      checkTypes(service, AccountTypes);
      const free = service.accounts.slots.find(
        slot => slot.id >= firstSlot && !isUsed(slot) && !slot.fixedName,
      );
      if (!free) throw new RedfishProblem(400, message('Base.CreateLimitReachedForResource'));
      const ipmi = AccountTypes.includes('IPMI');
      await service.accounts.change(free.id, {
        name: UserName,
        password: Buffer.from(Password),
        privilege: privilegeOfRole[RoleId],
        enabled: Enabled,
        ipmiMessaging: ipmi,
        linkAuthentication: ipmi,
        callbackOnly: false,
        sol: ipmi,
      });
      return { kind: 'created', path: `${path}/${free.id}` };
    },
  ),
});

export const account = serviceResource({
  path: `${path}/{account}`,
  schema: 'ManagerAccount',
  // A lock ends by time alone.
  volatile: true,
  owner: at => accountAt(at)?.id,
  read: at => {
    const account = accountAt(at);
    if (!account) return undefined;
    const role = roleOf(account.privilege);
    return {
      Id: String(account.id),
      Name: 'User Account',
      Description: account.fixedName
        ? 'Of the lab file: it keeps its name and cannot be deleted.'
        : 'User account',
      UserName: account.name,
      Password: null,
      PasswordChangeRequired: false,
      Enabled: account.enabled,
      Locked: at.service.logins.isLocked(account.id),
      AccountTypes: supportedTypes(at.service).filter(type => type !== 'IPMI' || account.ipmiMessaging),
      ...(role ? { RoleId: role, Links: { Role: link(`/redfish/v1/AccountService/Roles/${role}`) } } : {}),
    };
  },
  patch: writing(
    z.strictObject({
      UserName: userName.optional(),
      Password: password.optional(),
      RoleId: roleId.optional(),
      Enabled: z.boolean().optional(),
      // Nobody locks an account but the service itself.
      Locked: z.literal(false).optional(),
      AccountTypes: accountTypes.optional(),
    }),
    async (at, content) => {
      const { service } = at;
      const account = existing(at);
      const { UserName, Password, RoleId, Enabled, Locked, AccountTypes } = content;
      if (UserName !== undefined && UserName !== account.name) {
        if (account.fixedName) throw keepsName(account);
        checkIsNew(service, UserName);
      }
      if (AccountTypes) checkTypes(service, AccountTypes);
      const ipmi = AccountTypes?.includes('IPMI');
      const change: AccountChange = {
        ...(UserName === undefined ? {} : { name: UserName }),
        ...(Password === undefined ? {} : { password: Buffer.from(Password) }),
        ...(RoleId === undefined ? {} : { privilege: privilegeOfRole[RoleId] }),
        ...(Enabled === undefined ? {} : { enabled: Enabled }),
        ...(ipmi === undefined ? {} : { ipmiMessaging: ipmi, linkAuthentication: ipmi }),
        // Who comes to IPMI has all of it; who is there already keeps what IPMI has set.
        ...(ipmi && !account.ipmiMessaging ? { sol: true } : {}),
      };
      if (Object.keys(change).length > 0) await service.accounts.change(account.id, change);
      if (Locked === false) service.logins.unlock(account.id);
      return done;
    },
  ),
  remove: async at => {
    const account = existing(at);
    if (account.fixedName) throw keepsName(account);
    const { accounts, sessions, logins } = at.service;
    await accounts.change(account.id, freeAccount);
    sessions.closeOf(account.id);
    logins.unlock(account.id);
    return { kind: 'done', messages: [message('Base.AccountRemoved')] };
  },
});

function isUsed({ name }: Account): boolean {
  return name !== '';
}

function accountAt({ service, params }: ServiceAt): Account | undefined {
  const name = params.account ?? '';
  const account = /^[1-9]\d?$/.test(name) ? service.accounts.get(Number(name)) : undefined;
  return account && isUsed(account) ? account : undefined;
}

function existing(at: ServiceAt): Account {
  const account = accountAt(at);
  if (!account) throw new RedfishProblem(404, message('Base.ResourceMissingAtURI', [at.path]));
  return account;
}

function checkIsNew({ accounts }: RedfishService, name: string): void {
  if (!accounts.slots.some(account => account.name === name)) return;
  const args = ['ManagerAccount', 'UserName', name];
  throw new RedfishProblem(400, message('Base.ResourceAlreadyExists', args, ['/UserName']));
}

/** An account that Redfish does not know could not be shown by it. */
function checkTypes(service: RedfishService, types: z.infer<typeof accountTypes>): void {
  const supported = supportedTypes(service);
  if (types.includes('Redfish') && types.every(type => supported.includes(type))) return;
  const args = ['AccountTypes', JSON.stringify(types)];
  throw new RedfishProblem(400, message('Base.PropertyValueIncorrect', args, ['/AccountTypes']));
}

function keepsName({ name }: Account): RedfishProblem {
  const why = `The lab file gives this service the user ${name}, who keeps that name and cannot be deleted here.`;
  return new RedfishProblem(403, withReason(message('Base.ResourceCannotBeDeleted'), why));
}
