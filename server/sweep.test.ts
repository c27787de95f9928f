import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { after, describe, it } from 'node:test'
import { kindOf } from '@cardea/contract/actions'
import type { Operation } from '@cardea/contract/operation'
import { builtInRoles } from '@cardea/contract/roles'
import { type Heard, openHouse } from './testing/house.ts'
import { everyOperation as all, audienceOf, hostOf, pathOf, planeOf, versionOf } from './testing/treaty.ts'

/** Every operation of the treaty, also the one that is added tomorrow, is tried as every kind of stranger. */
const house = await openHouse()
after(() => house[Symbol.asyncDispose]())

const challenges = {
  vault: /^Bearer authorization=/,
  appconfig: /^HMAC-SHA256, Bearer/,
  management: /^Bearer authorization_uri=/,
  directory: /^Bearer authorization_uri=/,
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
/** Resource Manager takes any date, and nothing else. */
const unknownVersionOf = (operation: Operation): string =>
  planeOf(operation) === 'management' ? 'yesterday' : '1999-12-31'

async function attempt(
  operation: Operation,
  {
    query = versionOf(operation),
    host = hostOf(operation),
    ...given
  }: { query?: string; host?: string; token?: string; body?: unknown },
): Promise<Heard & { deeds: { operation: string; outcome: string }[] }> {
  const number = randomUUID()
  const heard = await house.ask(
    host,
    operation.method,
    `${pathOf(operation, house.cardea.installation.subscription)}${query}`,
    {
      ...given,
      headers: { 'x-ms-client-request-id': number },
    },
  )
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

    if (hostOf(operation).startsWith('demo.')) {
      it(`${id} finds nothing on a host of the kind that is nobody’s`, async () => {
        const host = hostOf(operation).replace('demo', 'nobody')
        const audience = planeOf(operation) === 'vault' ? audienceOf(operation) : `https://${host}`
        const heard = await attempt(operation, { host, token: await house.developerToken(audience) })
        assert.equal(heard.status, 404)
        kept(heard, 'not-found')
      })
    }

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
