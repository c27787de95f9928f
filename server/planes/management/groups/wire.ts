import type { Group } from '#core/resources/groups.ts'
import { groupId } from '#core/vaults/resource-id.ts'

/** A resource group, as Resource Manager shows it. */
export const resourceOf = ({ name, location, tags }: Group, subscription: string): object => ({
  id: groupId(subscription, name),
  name,
  type: 'Microsoft.Resources/resourceGroups',
  location,
  tags,
  properties: { provisioningState: 'Succeeded' },
})
