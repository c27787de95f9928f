import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { after, before, describe, it } from 'node:test'
import { kindOf } from '@cardea/contract/actions'
import * as keyValues from '@cardea/contract/appconfig/key-values'
import * as locks from '@cardea/contract/appconfig/locks'
import * as names from '@cardea/contract/appconfig/names'
import * as revisions from '@cardea/contract/appconfig/revisions'
import * as snapshots from '@cardea/contract/appconfig/snapshots'
import * as access from '@cardea/contract/cardea/access'
import * as alerts from '@cardea/contract/cardea/alerts'
import * as changeSets from '@cardea/contract/cardea/change-sets'
import * as changes from '@cardea/contract/cardea/changes'
import * as consumers from '@cardea/contract/cardea/consumers'
import * as journal from '@cardea/contract/cardea/journal'
import * as metrics from '@cardea/contract/cardea/metrics'
import * as references from '@cardea/contract/cardea/references'
import * as rotations from '@cardea/contract/cardea/rotations'
import * as applications from '@cardea/contract/directory/applications'
import * as credentials from '@cardea/contract/directory/credentials'
import * as directoryObjects from '@cardea/contract/directory/directory-objects'
import * as groups from '@cardea/contract/directory/groups'
import * as organization from '@cardea/contract/directory/organization'
import * as servicePrincipals from '@cardea/contract/directory/service-principals'
import * as users from '@cardea/contract/directory/users'
import * as authorization from '@cardea/contract/management/authorization'
import * as resourceGroups from '@cardea/contract/management/groups'
import * as identities from '@cardea/contract/management/identities'
import * as resourceLocks from '@cardea/contract/management/locks'
import * as resources from '@cardea/contract/management/resources'
import * as stores from '@cardea/contract/management/stores'
import * as subscriptions from '@cardea/contract/management/subscriptions'
import * as vaults from '@cardea/contract/management/vaults'
import { type Operation, pathsOf } from '@cardea/contract/operation'
import { builtInRoles } from '@cardea/contract/roles'
import * as secrets from '@cardea/contract/vault/secrets'
import { type Heard, type House, openHouse } from './testing/house.ts'

/** Every operation of the treaty, also the one that is added tomorrow, is tried as every kind of stranger. */
const isOperation = (thing: unknown): thing is Operation =>
  typeof thing === 'object' && thing !== null && 'action' in thing && 'path' in thing
const declared = (...modules: object[]): Operation[] =>
  modules.flatMap((module) => Object.values(module).filter(isOperation))

/** The treaty by the plane that answers it. Whoever adds a module to the treaty adds it here. */
const treaty = {
  vault: [
    ...declared(secrets, changes, consumers, rotations).filter(({ id }) => !id.startsWith('Store')),
    journal.listReaders,
  ],
  appconfig: [
    ...declared(keyValues, locks, names, references, revisions, snapshots, changeSets),
    ...declared(changes).filter(({ id }) => id.startsWith('Store')),
  ],
  management: [
    ...declared(subscriptions, resourceGroups, resources, resourceLocks, vaults, stores),
    ...declared(authorization, access, identities, metrics, alerts),
    journal.readJournal,
  ],
  directory: declared(applications, credentials, directoryObjects, groups, organization, servicePrincipals, users),
}
type PlaneName = keyof typeof treaty
const all = Object.values(treaty).flat()

let house: House
before(async () => {
  house = await openHouse()
})
after(() => house[Symbol.asyncDispose]())

const planeOf = ({ id }: Operation): PlaneName =>
  (Object.keys(treaty) as PlaneName[]).find((plane) => treaty[plane].some((one) => one.id === id)) as PlaneName
const domain = 'cardea.internal'
const hosts = {
  vault: `demo.vault.${domain}`,
  appconfig: `demo.config.${domain}`,
  management: `management.${domain}`,
  directory: `graph.${domain}`,
}
const hostOf = (operation: Operation): string => hosts[planeOf(operation)]
const audienceOf = (operation: Operation): string =>
  planeOf(operation) === 'vault' ? `https://vault.${domain}` : `https://${hostOf(operation)}`
const challenges = {
  vault: /^Bearer authorization=/,
  appconfig: /^HMAC-SHA256, Bearer/,
  management: /^Bearer authorization_uri=/,
  directory: /^$/,
}
/** Roles that allow much, but never this kind of thing. */
const wrongRoles = {
  vault: [builtInRoles.owner, builtInRoles.contributor, builtInRoles.appConfigurationDataOwner],
  appconfig: [builtInRoles.owner, builtInRoles.contributor, builtInRoles.keyVaultAdministrator],
  management: [builtInRoles.appConfigurationDataOwner],
  directory: [builtInRoles.owner, builtInRoles.contributor, builtInRoles.keyVaultAdministrator],
}
/** A vault's host also answers who manages it: to them, roles on data are the wrong ones. */
const wrongRolesFor = (operation: Operation) =>
  planeOf(operation) === 'vault' && kindOf(operation.action) === 'management'
    ? [builtInRoles.keyVaultAdministrator, builtInRoles.appConfigurationDataOwner]
    : wrongRoles[planeOf(operation)]
const pathOf = (operation: Operation): string =>
  (pathsOf(operation).at(-1) as string)
    .replace(':subscription', house.cardea.installation.subscription)
    .replace('/:version?', '')
    .replace(/:\w+|\*\w+/g, 'sweep')
const versions = { vault: '7.4', appconfig: '2026-04-01', management: '2024-11-01', directory: '' }
const versionOf = (operation: Operation): string =>
  operation.since === 'always' ? '' : `?api-version=${versions[planeOf(operation)]}`
/** Resource Manager takes any date, and nothing else. */
const unknownVersionOf = (operation: Operation): string =>
  planeOf(operation) === 'management' ? 'yesterday' : '1999-12-31'

async function attempt(
  operation: Operation,
  { query = versionOf(operation), ...given }: { query?: string; token?: string; body?: unknown },
): Promise<Heard & { deeds: { operation: string; outcome: string }[] }> {
  const number = randomUUID()
  const heard = await house.ask(hostOf(operation), operation.method, `${pathOf(operation)}${query}`, {
    ...given,
    headers: { 'x-ms-client-request-id': number },
  })
  const deeds = (await house.deeds()).filter(({ correlation }) => correlation === number)
  return { ...heard, deeds }
}

describe(`each of the ${all.length} operations`, () => {
  it('is declared under an id of its own', () => {
    assert.ok(all.length >= 22)
    assert.equal(new Set(all.map(({ id }) => id)).size, all.length)
  })

  for (const operation of all) {
    const { id } = operation
    const changing = ['PUT', 'PATCH', 'POST'].includes(operation.method)
    const kept = ({ deeds }: { deeds: { operation: string; outcome: string }[] }, outcome: string) =>
      assert.deepEqual(
        deeds.map((deed) => [deed.operation, deed.outcome]),
        [[id, outcome]],
        id,
      )

    it(`${id} challenges one without a token`, async () => {
      const heard = await attempt(operation, {})
      assert.equal(heard.status, 401)
      assert.match(heard.headers['www-authenticate'] ?? '', challenges[planeOf(operation)])
      kept(heard, 'unauthenticated')
    })

    it(`${id} refuses a token for another audience`, async () => {
      const heard = await attempt(operation, { token: await house.developerToken('https://elsewhere.example.org') })
      assert.equal(heard.status, 401)
      kept(heard, 'unauthenticated')
    })

    it(`${id} refuses a stranger`, async () => {
      const stranger = await house.newcomer(`stranger to ${id}`)
      const heard = await attempt(operation, { token: await stranger.token(audienceOf(operation)) })
      assert.equal(heard.status, 403)
      kept(heard, 'forbidden')
    })

    it(`${id} refuses one who holds every role, but elsewhere`, async () => {
      const neighbour = await house.newcomer(`neighbour of ${id}`)
      const elsewhere = `/subscriptions/${house.cardea.installation.subscription}/resourceGroups/elsewhere`
      const { resourceId } = { resourceId: `${elsewhere}/providers/Microsoft.KeyVault/vaults/demo` }
      for (const role of [
        builtInRoles.keyVaultAdministrator,
        builtInRoles.appConfigurationDataOwner,
        builtInRoles.cardeaRotationOperator,
        builtInRoles.globalAdministrator,
      ]) {
        await house.assign(neighbour.principal, role, resourceId)
      }
      const heard = await attempt(operation, { token: await neighbour.token(audienceOf(operation)) })
      // A list is of what the caller may see; of what is elsewhere alone, then.
      if (operation.reach === 'within' && heard.status === 200) {
        assert.doesNotMatch(heard.text, /demo/)
        return kept(heard, 'done')
      }
      assert.equal(heard.status, 403)
      kept(heard, 'forbidden')
    })

    it(`${id} refuses one with the wrong role`, async () => {
      const manager = await house.newcomer(`manager, not user, of ${id}`)
      for (const role of wrongRolesFor(operation)) {
        await house.assign(manager.principal, role, `/subscriptions/${house.cardea.installation.subscription}`)
      }
      const heard = await attempt(operation, { token: await manager.token(audienceOf(operation)) })
      assert.equal(heard.status, 403)
      kept(heard, 'forbidden')
    })

    if (operation.since !== 'always') {
      it(`${id} refuses an api-version that isn’t known, and one that is missing`, async () => {
        const token = await house.developerToken(audienceOf(operation))
        for (const query of [`?api-version=${unknownVersionOf(operation)}`, '']) {
          const heard = await attempt(operation, { token, query })
          assert.equal(heard.status, 400, query)
          kept(heard, 'invalid')
        }
      })
    }

    if (changing) {
      it(`${id} refuses a body that is too large`, async () => {
        const token = await house.developerToken(audienceOf(operation))
        const bytes = operation.bodyBytesMax ?? 1024 * 1024
        const heard = await attempt(operation, { token, body: { value: 'x'.repeat(bytes) } })
        assert.equal(heard.status, 413)
        kept(heard, 'too-large')
      })
    }
  }
})
