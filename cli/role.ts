import { randomUUID } from 'node:crypto'
import type { RoleAssignmentResource, RoleDefinitionResource } from '@cardea/contract/management/authorization'
import { command, data, json, Refusal } from './command.ts'
import { list } from './listing.ts'
import { nearest } from './nearest.ts'
import { type Principal, principalCalled, whoWords } from './principal.ts'
import { paintFor, shown } from './print.ts'
import { directoryOn, pagesOf, type Service, type Values, withManagement } from './service.ts'
import { resourceCalled, subscriptionOf, whereOf, whereWords } from './where.ts'

/** Who has which role where: three commands, and the roles that there are. */
const who = { says: whoWords } as const
const role = { says: 'the role, by its name: "Key Vault Secrets User"' } as const
const where = { says: whereWords } as const
const authorization = '/providers/Microsoft.Authorization'

export const roleAssign = command({
  name: 'role assign',
  says: 'Gives somebody a role somewhere; it holds from the answer on.',
  takes: { who, role, where },
  options: {
    condition: { type: 'string', value: 'TEXT', says: 'a condition that narrows it, in the language of Azure’s' },
    description: { type: 'string', value: 'TEXT', says: 'why' },
    data,
    json,
  },
  examples: [
    'cardea role assign orders-app "Key Vault Secrets User" demo/orders-db',
    'cardea role assign ada@example.org "App Configuration Data Reader" store:demo',
  ],
  async run({ who, role, where, condition, description, json, data }, world) {
    return withManagement(world, { data }, async (management, way) => {
      const scope = await resourceCalled(management, where)
      const definition = await roleCalled(management, scope, role)
      const principal = await principalCalled(directoryOn(way), who)
      const properties = {
        roleDefinitionId: definition.id,
        principalId: principal.id,
        ...(condition !== undefined && { condition, conditionVersion: '2.0' }),
        ...(description !== undefined && { description }),
      }
      const path = `${scope}${authorization}/roleAssignments/${randomUUID()}`
      const made = (await management.ask<RoleAssignmentResource>('PUT', path, { properties })).body
      const paint = paintFor(world.terminal)
      const { roleName } = definition.properties
      if (json) world.print(JSON.stringify({ id: made.id, principal: principal.id, role: roleName, scope }))
      else world.print(`${paint.name(shown(principal.displayName))} is ${roleName} at ${shown(whereOf(scope))}`)
      return 0
    })
  },
})

export const roleUnassign = command({
  name: 'role unassign',
  says: 'Takes a role away from somebody; it is gone from the answer on.',
  takes: { who, role, where },
  options: { data, json },
  examples: ['cardea role unassign orders-app "Key Vault Secrets User" demo/orders-db'],
  async run({ who, role, where, json, data }, world) {
    return withManagement(world, { data }, async (management, way) => {
      const scope = await resourceCalled(management, where)
      const definition = await roleCalled(management, scope, role)
      const principal = await principalCalled(directoryOn(way), who)
      const held = await assignmentsAt(management, scope, `principalId eq '${principal.id}'`)
      const meant = held.filter(
        ({ properties }) =>
          sameId(properties.scope, scope) && lastOf(properties.roleDefinitionId) === lastOf(definition.id),
      )
      const { roleName } = definition.properties
      const name = shown(principal.displayName)
      if (meant.length === 0) {
        throw new Refusal('not-found', `${name} isn't ${roleName} at ${scope} itself.`, 'Look with: cardea role list')
      }
      for (const { id } of meant) await management.ask('DELETE', id)
      if (json) world.print(JSON.stringify({ principal: principal.id, role: roleName, scope, removed: meant.length }))
      else world.print(`${paintFor(world.terminal).name(name)} is ${roleName} there no longer`)
      return 0
    })
  },
})

export const roleList = command({
  name: 'role list',
  says: 'Lists who has which role where.',
  takes: { where: { says: `${whereWords} (default everywhere)`, optional: true } },
  options: {
    who: { type: 'string', value: 'WHO', says: 'only what somebody has, also through groups' },
    data,
    json,
  },
  examples: ['cardea role list', 'cardea role list demo --who orders-app'],
  async run({ where, who, json, data }, world) {
    return withManagement(world, { data }, async (management, way) => {
      const directory = directoryOn(way)
      const scope = where === undefined ? await subscriptionOf(management) : await resourceCalled(management, where)
      const of = who === undefined ? undefined : await principalCalled(directory, who)
      const found = await assignmentsAt(management, scope, of && `assignedTo('${of.id}')`)
      const roles = new Map(
        (await rolesAt(management, scope)).map(({ id, properties }) => [lastOf(id), properties.roleName]),
      )
      const names = await namesOf(directory, [...new Set(found.map(({ properties }) => properties.principalId))])
      const assignments = found.map(
        ({ id, properties: { principalId, principalType, roleDefinitionId, scope, condition } }) => ({
          id,
          principal: principalId,
          name: names.get(principalId) ?? null,
          kind: principalType,
          role: roles.get(lastOf(roleDefinitionId)) ?? lastOf(roleDefinitionId),
          scope,
          condition,
        }),
      )
      return list(world, assignments, {
        json,
        heads: ['WHO', 'KIND', 'ROLE', 'WHERE', ''],
        none: ['Nobody has a role there.'],
        row: ({ name, principal, kind, role, scope, condition }, paint) => [
          paint.name(shown(name ?? principal)),
          kind,
          shown(role),
          shown(whereOf(scope)),
          condition === null ? '' : 'under a condition',
        ],
      })
    })
  },
})

export const roleNames = command({
  name: 'role names',
  says: 'Lists the roles that there are, with what they are for.',
  takes: {},
  options: { data, json },
  examples: ['cardea role names'],
  async run({ json, data }, world) {
    return withManagement(world, { data }, async (management) => {
      const roles = (await rolesAt(management, await subscriptionOf(management))).map(({ id, properties }) => ({
        name: properties.roleName,
        id: lastOf(id),
        custom: properties.type === 'CustomRole',
        description: properties.description,
      }))
      return list(world, roles, {
        json,
        heads: ['ROLE', 'KIND', 'FOR'],
        row: ({ name, custom, description }, paint) => [
          paint.name(shown(name)),
          custom ? 'own' : 'built in',
          shown(description),
        ],
      })
    })
  },
})

const rolesAt = (management: Service, scope: string): Promise<RoleDefinitionResource[]> =>
  pagesOf(management, `${scope}${authorization}/roleDefinitions`, 'value', 'nextLink')

async function roleCalled(management: Service, scope: string, name: string): Promise<RoleDefinitionResource> {
  const roles = await rolesAt(management, scope)
  const found = roles.find(
    ({ id, properties }) =>
      properties.roleName.toLowerCase() === name.toLowerCase() || lastOf(id) === name.toLowerCase(),
  )
  if (found !== undefined) return found
  const meant = nearest(
    name,
    roles.map(({ properties }) => properties.roleName),
  )
  throw new Refusal(
    'not-found',
    `There is no role ${name}.`,
    meant === undefined ? 'See: cardea role names' : `Did you mean "${meant}"?`,
  )
}

function assignmentsAt(management: Service, scope: string, filter?: string): Promise<RoleAssignmentResource[]> {
  const query = filter === undefined ? '' : `?${new URLSearchParams({ $filter: filter })}`
  return pagesOf(management, `${scope}${authorization}/roleAssignments${query}`, 'value', 'nextLink')
}

/** What they are called, where the directory tells us. */
async function namesOf(directory: Service, ids: readonly string[]): Promise<ReadonlyMap<string, string>> {
  if (ids.length === 0) return new Map()
  try {
    const { body } = await directory.ask<Values<Principal>>('POST', '/v1.0/directoryObjects/getByIds', { ids })
    return new Map(body.value.map(({ id, displayName }) => [id, displayName]))
  } catch (error) {
    if (error instanceof Refusal && error.code === 'forbidden') return new Map()
    throw error
  }
}

const lastOf = (id: string): string => id.slice(id.lastIndexOf('/') + 1).toLowerCase()
const sameId = (one: string, other: string): boolean => one.toLowerCase() === other.toLowerCase()
