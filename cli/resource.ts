import { type Command, command, data, json, Misuse, Refusal } from './command.ts'
import { list } from './listing.ts'
import { paintFor, shown, when } from './print.ts'
import { pagesOf, type Service, withManagement } from './service.ts'
import { idCalled, type Kind, type Named, resourcesOf, subscriptionOf, typeOf } from './where.ts'

/** Vaults and stores are made, listed, deleted, recovered and purged in the same way: five commands for each. */
type Resource = Named & {
  readonly location: string
  readonly properties: {
    readonly vaultUri?: string
    readonly endpoint?: string
    readonly enablePurgeProtection?: boolean | null
    readonly softDeleteRetentionInDays?: number
  }
}
type Deleted = Named & {
  readonly properties: {
    readonly vaultId?: string
    readonly configurationStoreId?: string
    readonly location: string
    readonly deletionDate: string
    readonly scheduledPurgeDate: string
  }
}

const groupIn = (id: string): string => id.split('/')[4] ?? ''
const urlOf = ({ properties }: Resource): string =>
  (properties.vaultUri ?? properties.endpoint ?? '').replace(/\/$/, '')
const deletedWord = { vault: 'deletedVaults', store: 'deletedConfigurationStores' } as const

/** What is deleted and can be recovered. */
async function deletedOf(management: Service, kind: Kind): Promise<Deleted[]> {
  const provider = typeOf(kind).split('/')[0]
  return pagesOf(
    management,
    `${await subscriptionOf(management)}/providers/${provider}/${deletedWord[kind]}`,
    'value',
    'nextLink',
  )
}

async function deletedCalled(management: Service, kind: Kind, name: string): Promise<Deleted> {
  const found = (await deletedOf(management, kind)).find((one) => one.name.toLowerCase() === name.toLowerCase())
  if (found === undefined)
    throw new Refusal(
      'not-found',
      `There is no deleted ${kind} ${name}, or you may not see it.`,
      `See: cardea ${kind} list --deleted`,
    )
  return found
}

/** The group that is meant, or the only one. */
export async function groupFor(management: Service, named: string | undefined): Promise<string> {
  const subscription = await subscriptionOf(management)
  if (named !== undefined) return `${subscription}/resourceGroups/${encodeURIComponent(named)}`
  const groups = await pagesOf<Named>(management, `${subscription}/resourceGroups`, 'value', 'nextLink')
  const [only, ...others] = groups
  if (only === undefined || others.length > 0) throw new Misuse('In which resource group? Give it with --group.')
  return only.id
}

function days(given: string | undefined): number | undefined {
  if (given === undefined) return undefined
  if (!/^\d{1,3}$/.test(given)) throw new Misuse('--retention must be a number of days.')
  return Number(given)
}

/** The five commands for vaults, or for stores. */
export function resourceCommands(kind: Kind): readonly Command[] {
  const name = { says: `the ${kind}` } as const

  const create = command({
    name: `${kind} create`,
    says: `Makes a ${kind}.`,
    takes: { name },
    options: {
      group: { type: 'string', value: 'GROUP', says: 'its resource group (default the only one)' },
      location: { type: 'string', value: 'NAME', says: 'its region, a word of your choice (default local)' },
      retention: { type: 'string', value: 'DAYS', says: 'how long it can be recovered once it is deleted' },
      'purge-protection': { type: 'boolean', says: 'nobody can purge it; can’t be taken back' },
      data,
      json,
    },
    examples: [`cardea ${kind} create shop --retention 7`],
    async run(given, world) {
      const retention = days(given.retention)
      return withManagement(world, given, async (management) => {
        const group = await groupFor(management, given.group)
        const path = `${group}/providers/${typeOf(kind)}/${encodeURIComponent(given.name)}`
        await refuseTaken(management, kind, given.name)
        const made = (
          await management.ask<Resource>('PUT', path, {
            location: given.location ?? 'local',
            sku: { name: 'standard' },
            properties: {
              ...(kind === 'vault' && { enableRbacAuthorization: true }),
              ...(retention !== undefined && { softDeleteRetentionInDays: retention }),
              ...(given['purge-protection'] && { enablePurgeProtection: true }),
            },
          })
        ).body
        if (given.json) world.print(JSON.stringify({ name: made.name, id: made.id, url: urlOf(made) }))
        else world.print(`${paintFor(world.terminal).name(made.name)} is there: ${urlOf(made)}`)
        return 0
      })
    },
  })

  const listed = command({
    name: `${kind} list`,
    says: `Lists the ${kind}s, or those that are deleted and can be recovered.`,
    takes: {},
    options: { deleted: { type: 'boolean', says: 'those that are deleted' }, data, json },
    examples: [`cardea ${kind} list`, `cardea ${kind} list --deleted`],
    async run({ deleted, json, data }, world) {
      return withManagement(world, { data }, async (management) => {
        if (deleted) {
          const gone = (await deletedOf(management, kind)).map(({ name, properties }) => ({
            name,
            location: properties.location,
            deleted: properties.deletionDate,
            purge: properties.scheduledPurgeDate,
          }))
          const moment = (text: string) => when(Math.floor(Date.parse(text) / 1000), world.now())
          return list(world, gone, {
            json,
            heads: ['NAME', 'LOCATION', 'DELETED', 'PURGE'],
            none: [`No ${kind} is deleted.`],
            row: ({ name, location, deleted, purge }, paint) => [
              paint.name(shown(name)),
              shown(location),
              moment(deleted),
              moment(purge),
            ],
          })
        }
        const there = (await resourcesOf<Resource>(management, kind)).map((one) => ({
          name: one.name,
          group: groupIn(one.id),
          location: one.location,
          url: urlOf(one),
        }))
        return list(world, there, {
          json,
          heads: ['NAME', 'GROUP', 'LOCATION', 'URL'],
          none: [`There is no ${kind} that you may see.`],
          row: ({ name, group, location, url }, paint) => [
            paint.name(shown(name)),
            ...[group, location, url].map(shown),
          ],
        })
      })
    },
  })

  const remove = command({
    name: `${kind} delete`,
    says: `Deletes a ${kind} with all that is in it. It can be recovered until the end of its retention.`,
    takes: { name },
    options: { data, json },
    examples: [`cardea ${kind} delete shop`],
    async run({ name, json, data }, world) {
      return withManagement(world, { data }, async (management) => {
        await management.ask('DELETE', await idCalled(management, kind, name))
        if (json) world.print(JSON.stringify({ name, deleted: true }))
        else {
          world.print(`${paintFor(world.terminal).name(name)} is deleted`)
          world.print(`It comes back with: cardea ${kind} recover ${name}`)
        }
        return 0
      })
    },
  })

  const recover = command({
    name: `${kind} recover`,
    says: `Brings back a deleted ${kind} with all that was in it.`,
    takes: { name },
    options: { data, json },
    examples: [`cardea ${kind} recover shop`],
    async run({ name, json, data }, world) {
      return withManagement(world, { data }, async (management) => {
        const { properties } = await deletedCalled(management, kind, name)
        const createMode = kind === 'vault' ? 'recover' : 'Recover'
        const path = properties.vaultId ?? properties.configurationStoreId ?? ''
        await management.ask('PUT', path, { location: properties.location, properties: { createMode } })
        world.print(json ? JSON.stringify({ name, recovered: true }) : `${paintFor(world.terminal).name(name)} is back`)
        return 0
      })
    },
  })

  const purge = command({
    name: `${kind} purge`,
    says: `Destroys a deleted ${kind} with all that was in it. This is final.`,
    more: 'Nothing brings it back. It asks first; where nobody can be asked, it wants --yes.',
    takes: { name },
    options: { yes: { type: 'boolean', says: 'don’t ask' }, data, json },
    examples: [`cardea ${kind} purge shop`],
    async run({ name, yes, json, data }, world) {
      const warning = `To purge ${name} is final: nothing brings it back.`
      if (!yes) {
        if (!world.terminal.in) throw new Misuse(`${warning} Say so with --yes.`)
        const typed = await world.ask(`${warning} Type its name (not shown): `)
        if (typed.trim().toLowerCase() !== name.toLowerCase()) {
          throw new Refusal('not-confirmed', `That is not its name; ${name} is as it was.`)
        }
      }
      return withManagement(world, { data }, async (management) => {
        const { id } = await deletedCalled(management, kind, name)
        await management.ask('POST', `${id}/purge`)
        world.print(
          json ? JSON.stringify({ name, purged: true }) : `${paintFor(world.terminal).name(name)} is purged for good`,
        )
        return 0
      })
    },
  })

  return [create, listed, remove, recover, purge]
}

/** A PUT would change one that is there, which nobody means who wants to make one. */
async function refuseTaken(management: Service, kind: Kind, name: string): Promise<void> {
  const there = await resourcesOf(management, kind)
  if (there.some((one) => one.name.toLowerCase() === name.toLowerCase())) {
    throw new Refusal('refused', `There is a ${kind} ${name} already.`, `Choose another name; see: cardea ${kind} list`)
  }
}
