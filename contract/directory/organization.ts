import { operation } from '../operation.ts'
import { nothing, record } from '../shape.ts'

/** Microsoft Graph: the tenant itself. */
const none = record({})

export const listOrganizations = operation({
  id: 'OrganizationList',
  method: 'GET',
  path: '/v1.0/organization',
  since: 'always',
  action: 'directory/read',
  effect: 'read',
  params: none,
  query: none,
  body: nothing,
  status: 200,
})
