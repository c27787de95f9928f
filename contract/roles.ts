import { appConfigurationRoles } from './roles/app-configuration.ts'
import { cardeaRoles } from './roles/cardea.ts'
import type { RoleDefinition } from './roles/definition.ts'
import { directoryRoles } from './roles/directory.ts'
import { generalRoles } from './roles/general.ts'
import { keyVaultRoles } from './roles/key-vault.ts'

export type { RoleDefinition } from './roles/definition.ts'

/**
 * The built-in roles, with the ids, names and lists that Azure gives them, so that scripts which name a role by its id
 * or its name work unchanged.
 */
export const builtInRoles = {
  ...generalRoles,
  ...keyVaultRoles,
  ...appConfigurationRoles,
  ...directoryRoles,
  ...cardeaRoles,
} satisfies Record<string, RoleDefinition>

/** All of them, as a list. */
export const builtInRoleList: readonly RoleDefinition[] = Object.values(builtInRoles)
