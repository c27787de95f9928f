import { command, data, json } from './command.ts'
import { list } from './listing.ts'
import { objectCalled, type Principal, principalCalled, whoWords } from './principal.ts'
import { paintFor, shown } from './print.ts'
import { pagesOf, type Service, withDirectory } from './service.ts'

/** Groups of people and applications: who is in one has the roles that the group has. */
const group = { says: 'the group, by its name or its object id' } as const
const who = { says: whoWords } as const
const groupCalled = (directory: Service, name: string) => objectCalled(directory, 'groups', name)

export const groupCreate = command({
  name: 'group create',
  says: 'Makes a group, with nobody in it.',
  takes: { name: { says: 'what it is called' } },
  options: { description: { type: 'string', value: 'TEXT', says: 'what it is for' }, data, json },
  examples: ['cardea group create operators'],
  async run({ name, description, json, data }, world) {
    return withDirectory(world, { data }, async (directory) => {
      const { id } = (
        await directory.ask<Principal>('POST', '/v1.0/groups', {
          displayName: name,
          mailEnabled: false,
          securityEnabled: true,
          mailNickname: name.replace(/[^\w-]/g, '-').slice(0, 64),
          ...(description !== undefined && { description }),
        })
      ).body
      world.print(
        json
          ? JSON.stringify({ name, id })
          : `${paintFor(world.terminal).name(shown(name))} is there, with the object id ${id}`,
      )
      return 0
    })
  },
})

export const groupList = command({
  name: 'group list',
  says: 'Lists the groups.',
  takes: {},
  options: { data, json },
  examples: ['cardea group list'],
  async run({ json, data }, world) {
    return withDirectory(world, { data }, async (directory) => {
      const found = await pagesOf<Principal & { description: string | null }>(
        directory,
        '/v1.0/groups',
        'value',
        '@odata.nextLink',
      )
      const groups = found.map(({ id, displayName: name, description }) => ({
        name,
        description: description ?? null,
        id,
      }))
      return list(world, groups, {
        json,
        heads: ['GROUP', 'FOR', 'OBJECT ID'],
        none: ['There is no group yet. Make one with: cardea group create NAME'],
        row: ({ name, description, id }, paint) => [paint.name(shown(name)), shown(description ?? ''), id],
      })
    })
  },
})

export const groupMembers = command({
  name: 'group members',
  says: 'Lists who is in a group.',
  takes: { group },
  options: { all: { type: 'boolean', says: 'also those who are in it by way of other groups' }, data, json },
  examples: ['cardea group members operators'],
  async run({ group, all, json, data }, world) {
    return withDirectory(world, { data }, async (directory) => {
      const { id } = await groupCalled(directory, group)
      const path = `/v1.0/groups/${id}/${all ? 'transitiveMembers' : 'members'}`
      const found = await pagesOf<Principal & { '@odata.type'?: string }>(directory, path, 'value', '@odata.nextLink')
      const members = found.map(({ id, displayName: name, '@odata.type': type = '' }) => ({
        name,
        kind: type.split('.').at(-1) ?? '',
        id,
      }))
      return list(world, members, {
        json,
        heads: ['WHO', 'KIND', 'OBJECT ID'],
        none: ['Nobody is in it.'],
        row: ({ name, kind, id }, paint) => [paint.name(shown(name)), kind, id],
      })
    })
  },
})

export const groupAdd = command({
  name: 'group add',
  says: 'Puts somebody into a group; what the group may do, they may from the answer on.',
  takes: { group, who },
  options: { data, json },
  examples: ['cardea group add operators ada@example.org'],
  async run({ group, who, json, data }, world) {
    return withDirectory(world, { data }, async (directory) => {
      const { id, displayName } = await groupCalled(directory, group)
      const member = await principalCalled(directory, who)
      const address = `${directory.origin}/v1.0/directoryObjects/${member.id}`
      await directory.ask('POST', `/v1.0/groups/${id}/members/$ref`, { '@odata.id': address })
      const paint = paintFor(world.terminal)
      if (json) world.print(JSON.stringify({ group: id, member: member.id }))
      else world.print(`${paint.name(shown(member.displayName))} is in ${shown(displayName)}`)
      return 0
    })
  },
})

export const groupRemove = command({
  name: 'group remove',
  says: 'Takes somebody out of a group.',
  takes: { group, who },
  options: { data, json },
  examples: ['cardea group remove operators ada@example.org'],
  async run({ group, who, json, data }, world) {
    return withDirectory(world, { data }, async (directory) => {
      const { id, displayName } = await groupCalled(directory, group)
      const member = await principalCalled(directory, who)
      await directory.ask('DELETE', `/v1.0/groups/${id}/members/${member.id}/$ref`)
      const paint = paintFor(world.terminal)
      if (json) world.print(JSON.stringify({ group: id, member: member.id, removed: true }))
      else world.print(`${paint.name(shown(member.displayName))} is in ${shown(displayName)} no longer`)
      return 0
    })
  },
})

export const groupDelete = command({
  name: 'group delete',
  says: 'Deletes a group; what it gave to those in it ends at once.',
  takes: { group },
  options: { data, json },
  examples: ['cardea group delete operators'],
  async run({ group, json, data }, world) {
    return withDirectory(world, { data }, async (directory) => {
      const { id, displayName: name } = await groupCalled(directory, group)
      await directory.ask('DELETE', `/v1.0/groups/${id}`)
      world.print(
        json ? JSON.stringify({ name, id, deleted: true }) : `${paintFor(world.terminal).name(shown(name))} is deleted`,
      )
      return 0
    })
  },
})
