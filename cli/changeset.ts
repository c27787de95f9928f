import type { ChangeSetDetail, ChangeSetView, PlanView } from '@cardea/contract/cardea/change-sets'
import { changesFrom } from './change-file.ts'
import { originText, planText, settingsText, stateText, stepText } from './change-view.ts'
import { command, data, json, Misuse, store, vault } from './command.ts'
import { list } from './listing.ts'
import { paintFor, shown, when } from './print.ts'
import { pagesOf, withStore } from './service.ts'
import { timestampFrom } from './time.ts'
import { originOf, type Way } from './way.ts'

/** Change sets: their commands, which share what they are given. */
const file = { says: 'a file of changes in JSON; - for standard input' } as const
const id = { says: 'the change set' } as const
const description = { type: 'string', value: 'TEXT', says: 'why, for who reads the history' } as const
const path = '/.cardea/changesets'
const pathOf = (set: string): string => {
  if (!/^[0-9a-f-]{36}$/.test(set)) throw new Misuse('ID must be the id of a change set.', 'See: cardea changeset list')
  return `${path}/${set}`
}
const vaultOf =
  ({ env }: Way, given: string | undefined) =>
  () =>
    originOf('--vault', given, env.AZURE_KEYVAULT_URL)

const more =
  'FILE is a list of changes: {"do": "set", "key": …, "value": …}, and "delete", "lock", "unlock". Instead of a value, "reference" names a secret and "flag" is a feature flag. All of it happens, or nothing.'

export const changesetPlan = command({
  name: 'changeset plan',
  says: 'Shows what a file of changes would do, and does nothing.',
  more,
  takes: { file },
  options: { store, vault, data, json },
  examples: ['cardea changeset plan release.json'],
  async run({ file, json, vault, ...where }, world) {
    return withStore(world, where, async (store, way) => {
      const { changes } = await changesFrom(world, file, vaultOf(way, vault))
      const plan = (await store.ask<PlanView>('POST', `${path}/plan`, { changes })).body
      if (json) world.print(JSON.stringify(plan))
      else for (const line of planText(plan, paintFor(world.terminal))) world.print(line)
      return plan.applicable ? 0 : 1
    })
  },
})

export const changesetApply = command({
  name: 'changeset apply',
  says: 'Makes all changes of a file at once, now or at a moment.',
  more,
  takes: { file },
  options: {
    basis: { type: 'string', value: 'BASIS', says: 'from a plan: only if nothing has changed since' },
    at: { type: 'string', value: 'TIME', says: 'when, as 2030-01-31T12:00:00Z or 2h from now (default at once)' },
    description,
    store,
    vault,
    data,
    json,
  },
  examples: ['cardea changeset apply release.json', 'cardea changeset apply launch.json --at 2030-01-31T12:00:00Z'],
  async run({ file, basis, at, description: why, json, vault, ...where }, world) {
    return withStore(world, where, async (store, way) => {
      const { changes, description } = await changesFrom(world, file, vaultOf(way, vault))
      const set = (
        await store.ask<ChangeSetView>('POST', path, {
          changes,
          ...{ basis, description: why ?? description },
          ...(at !== undefined && { activates: timestampFrom('--at', at, world.now(), 'ahead') }),
        })
      ).body
      const paint = paintFor(world.terminal)
      const many = settingsText(set.count)
      if (json) world.print(JSON.stringify(set))
      else if (set.state === 'waiting') world.print(`${paint.name(set.id)} waits for ${set.activates}: ${many}`)
      else world.print(`${paint.name(set.id)} is applied: ${many}`)
      return 0
    })
  },
})

export const changesetList = command({
  name: 'changeset list',
  says: 'Lists the change sets of a store, the newest first.',
  takes: {},
  options: { store, data, json },
  examples: ['cardea changeset list'],
  async run({ json, ...where }, world) {
    return withStore(world, where, async (store) => {
      const sets = await pagesOf<ChangeSetView>(store, path, 'items', '@nextLink')
      return list(world, sets, {
        json,
        heads: ['CHANGE SET', 'STATE', { head: 'SETTINGS', right: true }, 'MADE', 'WHY'],
        none: [`There are no change sets in ${store.origin}.`],
        row: (set, paint) => [
          paint.name(set.id),
          stateText(set, paint),
          String(set.count),
          when(Math.floor(Date.parse(set.created) / 1000), world.now()),
          shown(set.description ?? originText(set)),
        ],
      })
    })
  },
})

export const changesetShow = command({
  name: 'changeset show',
  says: 'Shows what a change set did, or is to do.',
  takes: { id },
  options: { store, data, json },
  examples: ['cardea changeset show 3f0c0c64-5d2e-4b0e-9d3a-5a8e8f1f2b11'],
  async run({ id, json, ...where }, world) {
    return withStore(world, where, async (store) => {
      const set = (await store.ask<ChangeSetDetail>('GET', pathOf(id))).body
      const paint = paintFor(world.terminal)
      if (json) world.print(JSON.stringify(set))
      else {
        world.print(`${stateText(set, paint)}${set.description === null ? '' : `: ${shown(set.description)}`}`)
        if (set.failure !== null) world.print(paint.bad(shown(set.failure)))
        for (const line of set.steps.flatMap((step) => stepText(step, paint))) world.print(line)
      }
      return 0
    })
  },
})

export const changesetUndo = command({
  name: 'changeset undo',
  says: 'Puts back what was there before a change set. Where settings have changed since, it is refused and names them.',
  takes: { id },
  options: {
    plan: { type: 'boolean', says: 'only show what would be done' },
    force: { type: 'boolean', says: 'put back also what has changed since' },
    description,
    store,
    data,
    json,
  },
  examples: ['cardea changeset undo 3f0c0c64-5d2e-4b0e-9d3a-5a8e8f1f2b11'],
  async run({ id, plan, force, description, json, ...where }, world) {
    return withStore(world, where, async (store) => {
      const paint = paintFor(world.terminal)
      if (plan) {
        const found = (await store.ask<PlanView>('POST', `${pathOf(id)}/undo/plan`)).body
        if (json) world.print(JSON.stringify(found))
        else for (const line of planText(found, paint)) world.print(line)
        return found.applicable ? 0 : 1
      }
      const set = (await store.ask<ChangeSetView>('POST', `${pathOf(id)}/undo`, { force, description })).body
      world.print(json ? JSON.stringify(set) : `${paint.name(id)} is undone, by ${paint.name(set.id)}`)
      return 0
    })
  },
})

export const changesetCancel = command({
  name: 'changeset cancel',
  says: 'Keeps a change set that waits from being applied.',
  takes: { id },
  options: { store, data, json },
  examples: ['cardea changeset cancel 3f0c0c64-5d2e-4b0e-9d3a-5a8e8f1f2b11'],
  async run({ id, json, ...where }, world) {
    return withStore(world, where, async (store) => {
      const set = (await store.ask<ChangeSetView>('POST', `${pathOf(id)}/cancel`)).body
      world.print(json ? JSON.stringify(set) : `${paintFor(world.terminal).name(id)} is cancelled`)
      return 0
    })
  },
})
