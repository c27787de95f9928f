import { command, data, json, Refusal } from './command.ts'
import { list } from './listing.ts'
import { paintFor, shown } from './print.ts'
import { groupFor } from './resource.ts'
import { pagesOf, type Service, withManagement } from './service.ts'
import { type Named, subscriptionOf } from './where.ts'

/** Workloads: programs that run somewhere, each with an identity of its own that goes with it. */
type Workload = Named & { readonly identity: { readonly type: string; readonly principalId?: string } }

const type = 'providers/Cardea.Workload/workloads'
const name = { says: 'the workload' } as const

const all = async (management: Service): Promise<Workload[]> =>
  pagesOf<Workload>(management, `${await subscriptionOf(management)}/${type}`, 'value', 'nextLink')

const called = (workloads: readonly Workload[], name: string): Workload | undefined =>
  workloads.find((one) => one.name.toLowerCase() === name.toLowerCase())

export const workloadCreate = command({
  name: 'workload create',
  says: 'Makes a workload with an identity of its own, which may do nothing until a role is assigned to it.',
  takes: { name },
  options: {
    group: { type: 'string', value: 'GROUP', says: 'its resource group (default the only one)' },
    location: { type: 'string', value: 'NAME', says: 'where it runs, a word of your choice (default local)' },
    data,
    json,
  },
  examples: ['cardea workload create shop'],
  async run({ name, group, location = 'local', json, data }, world) {
    return withManagement(world, { data }, async (management) => {
      if (called(await all(management), name))
        throw new Refusal(
          'refused',
          `There is a workload ${name} already.`,
          'Choose another name; see: cardea workload list',
        )
      const path = `${await groupFor(management, group)}/${type}/${encodeURIComponent(name)}`
      const { id, identity } = (
        await management.ask<Workload>('PUT', path, { location, identity: { type: 'SystemAssigned' } })
      ).body
      if (json) world.print(JSON.stringify({ name, id, principal: identity.principalId }))
      else {
        world.print(
          `${paintFor(world.terminal).name(shown(name))} is there, with the object id ${identity.principalId}`,
        )
        world.print(`Where it runs, the server is started with CARDEA_MACHINE_IDENTITIES=${id}`)
        world.print(`Its programs get their variables from: cardea env --workload ${id}`)
      }
      return 0
    })
  },
})

export const workloadList = command({
  name: 'workload list',
  says: 'Lists the workloads, with the identities that they have.',
  takes: {},
  options: { data, json },
  examples: ['cardea workload list'],
  async run({ json, data }, world) {
    return withManagement(world, { data }, async (management) => {
      const workloads = (await all(management)).map(({ name, id, identity }) => ({
        name,
        principal: identity.principalId ?? null,
        id,
      }))
      return list(world, workloads, {
        json,
        heads: ['WORKLOAD', 'OBJECT ID', { head: 'ID', whole: true }],
        none: ['There is no workload yet. Make one with: cardea workload create NAME'],
        row: ({ name, principal, id }, paint) => [paint.name(shown(name)), principal ?? paint.dim('none'), shown(id)],
      })
    })
  },
})

export const workloadDelete = command({
  name: 'workload delete',
  says: 'Deletes a workload with its identity; what that was allowed ends at once, and for good.',
  takes: { name },
  options: { data, json },
  examples: ['cardea workload delete shop'],
  async run({ name, json, data }, world) {
    return withManagement(world, { data }, async (management) => {
      const found = called(await all(management), name)
      if (found === undefined)
        throw new Refusal(
          'not-found',
          `There is no workload ${name}, or you may not see it.`,
          'See: cardea workload list',
        )
      await management.ask('DELETE', found.id)
      world.print(
        json ? JSON.stringify({ name, deleted: true }) : `${paintFor(world.terminal).name(shown(name))} is deleted`,
      )
      return 0
    })
  },
})
