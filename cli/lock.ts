import { oneOf } from '@cardea/contract/shape'
import { command, data, json } from './command.ts'
import { list } from './listing.ts'
import { paintFor, shown } from './print.ts'
import { pagesOf, withManagement } from './service.ts'
import { resourceCalled, subscriptionOf, whereOf, whereWords } from './where.ts'

/** Locks: what nobody may delete, or change, until the lock is taken away. */
type Lock = { readonly id: string; readonly name: string; readonly properties: { level: string; notes?: string } }

const lock = { says: 'the lock' } as const
const where = { says: whereWords } as const
const below = '/providers/Microsoft.Authorization/locks'

export const lockSet = command({
  name: 'lock set',
  says: 'Keeps something, and all below it, from being deleted or changed.',
  takes: { name: lock, where },
  options: {
    level: {
      type: 'string',
      value: 'CanNotDelete|ReadOnly',
      says: 'what is kept from it (default CanNotDelete)',
      shape: oneOf('CanNotDelete', 'ReadOnly'),
    },
    notes: { type: 'string', value: 'TEXT', says: 'why' },
    data,
    json,
  },
  examples: ['cardea lock set keep demo', 'cardea lock set freeze group:shop --level ReadOnly'],
  async run({ name, where, level = 'CanNotDelete', notes, json, data }, world) {
    return withManagement(world, { data }, async (management) => {
      const scope = await resourceCalled(management, where)
      const properties = { level, ...(notes !== undefined && { notes }) }
      const { id } = (await management.ask<Lock>('PUT', `${scope}${below}/${encodeURIComponent(name)}`, { properties }))
        .body
      world.print(
        json
          ? JSON.stringify({ id, level })
          : `${paintFor(world.terminal).name(name)} keeps ${shown(whereOf(scope))}: ${level}`,
      )
      return 0
    })
  },
})

export const lockList = command({
  name: 'lock list',
  says: 'Lists the locks.',
  takes: { where: { says: `${whereWords} (default everywhere)`, optional: true } },
  options: { data, json },
  examples: ['cardea lock list'],
  async run({ where, json, data }, world) {
    return withManagement(world, { data }, async (management) => {
      const scope = where === undefined ? await subscriptionOf(management) : await resourceCalled(management, where)
      const locks = await pagesOf<Lock>(management, `${scope}${below}`, 'value', 'nextLink')
      const found = locks.map(({ id, name, properties: { level, notes } }) => ({
        name,
        level,
        scope: id.slice(0, id.toLowerCase().lastIndexOf(below.toLowerCase())),
        notes: notes ?? null,
      }))
      return list(world, found, {
        json,
        heads: ['LOCK', 'LEVEL', 'WHERE', 'WHY'],
        none: [where === undefined ? 'Nothing is locked.' : 'Nothing is locked there.'],
        row: ({ name, level, scope, notes }, paint) => [
          paint.name(shown(name)),
          level,
          shown(whereOf(scope)),
          shown(notes ?? ''),
        ],
      })
    })
  },
})

export const lockDelete = command({
  name: 'lock delete',
  says: 'Takes a lock away.',
  takes: { name: lock, where },
  options: { data, json },
  examples: ['cardea lock delete keep demo'],
  async run({ name, where, json, data }, world) {
    return withManagement(world, { data }, async (management) => {
      const scope = await resourceCalled(management, where)
      await management.ask('DELETE', `${scope}${below}/${encodeURIComponent(name)}`)
      world.print(
        json
          ? JSON.stringify({ name, scope, deleted: true })
          : `${paintFor(world.terminal).name(name)} keeps nothing any longer`,
      )
      return 0
    })
  },
})
