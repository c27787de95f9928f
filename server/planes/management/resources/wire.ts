import type { Resource } from '#core/resources/resources.ts'
import { lastIn } from '#core/vaults/resource-id.ts'
import type { Listable } from '../replies.ts'

/** Any resource, as the list of all of them shows it; `expand` names what else is wanted. */
export const resourceOf = ({ id, type, location, tags, created, updated }: Resource, expand = ''): Listable => ({
  id,
  name: lastIn(id),
  type,
  location,
  tags,
  ...(/createdTime/i.test(expand) && { createdTime: new Date(created).toISOString() }),
  ...(/changedTime/i.test(expand) && { changedTime: new Date(updated).toISOString() }),
  ...(/provisioningState/i.test(expand) && { provisioningState: 'Succeeded' }),
})
