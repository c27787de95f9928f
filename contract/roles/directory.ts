import { role } from './definition.ts'

/** Entra's roles by their template ids, as far as our directory has what they are about. */
const read = 'microsoft.directory/standard/read'
const onApplications = [read, 'microsoft.directory/applications/*', 'microsoft.directory/servicePrincipals/*']

export const directoryRoles = {
  globalAdministrator: role(
    '62e90394-69f5-4237-9190-012177145e10',
    'Global Administrator',
    'Manage everything in the directory.',
    { directoryActions: ['*'] },
  ),
  applicationAdministrator: role(
    '9b895d92-2cd3-44c7-9d02-a6ac2d5ea5c3',
    'Application Administrator',
    'Manage applications and their service principals, with their credentials.',
    { directoryActions: onApplications },
  ),
  cloudApplicationAdministrator: role(
    '158c047a-c907-4556-b7ef-446551a6b5f7',
    'Cloud Application Administrator',
    'Manage applications and their service principals, with their credentials.',
    { directoryActions: onApplications },
  ),
  userAdministrator: role(
    'fe930be7-5e62-47db-91af-98c3a49a38b1',
    'User Administrator',
    'Manage users with their passwords, and groups.',
    { directoryActions: [read, 'microsoft.directory/users/*', 'microsoft.directory/groups/*'] },
  ),
  groupsAdministrator: role('fdd7a751-b60b-444a-984c-02652fe8fa1c', 'Groups Administrator', 'Manage groups.', {
    directoryActions: [read, 'microsoft.directory/groups/*'],
  }),
  directoryReaders: role('88d8e3e3-8f55-4a1e-953a-9b9898b8876b', 'Directory Readers', 'Look at the directory.', {
    directoryActions: [read],
  }),
}
