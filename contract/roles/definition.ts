/** What a role is: lists of what it allows, by kind. Rights of one kind never give rights of another (promise P9). */
export type RoleDefinition = {
  readonly id: string
  readonly name: string
  readonly description: string
  /** What it may manage, and what of that it may not. */
  readonly actions: readonly string[]
  readonly notActions: readonly string[]
  /** What it may do with the data; management rights give none. */
  readonly dataActions: readonly string[]
  readonly notDataActions: readonly string[]
  /** What it may do in the directory (Entra's roles); neither of the others gives any. */
  readonly directoryActions: readonly string[]
  /** A condition (version 2.0) that binds every assignment of it. */
  readonly condition?: string
}

type Lists = Partial<Omit<RoleDefinition, 'id' | 'name' | 'description'>>

/** A role with these lists; those that aren't given are empty. */
export const role = (id: string, name: string, description: string, lists: Lists): RoleDefinition => ({
  ...{ id, name, description, actions: [], notActions: [], dataActions: [], notDataActions: [], directoryActions: [] },
  ...lists,
})
