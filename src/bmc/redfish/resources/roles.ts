import { roles } from '../access/privileges.ts';
import { collectionBody, serviceResource } from '../resource.ts';

/** What users may do, by role. @see DSP0266 §13.2; schema Role */

const path = '/redfish/v1/AccountService/Roles';

export const roleCollection = serviceResource({
  path,
  schema: 'RoleCollection',
  read: () =>
    collectionBody(
      'Role Collection',
      Object.keys(roles).map(role => `${path}/${role}`),
    ),
});

export const role = serviceResource({
  path: `${path}/{role}`,
  schema: 'Role',
  read: ({ params }) => {
    const [name, privileges] = Object.entries(roles).find(([role]) => role === params.role) ?? [];
    if (name === undefined || !privileges) return undefined;
    return {
      Id: name,
      Name: `${name} Role`,
      RoleId: name,
      IsPredefined: true,
      AssignedPrivileges: privileges,
      Restricted: false,
    };
  },
});
