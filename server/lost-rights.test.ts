import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { after, describe, it } from 'node:test'
import type { Operation } from '@cardea/contract/operation'
import { builtInRoles } from '@cardea/contract/roles'
import { unassignAll } from '#core/access/departure.ts'
import { dropCredentialsOf } from '#core/identity/directory.ts'
import { enablePrincipal } from '#core/identity/testing/enable-principal.ts'
import { type Newcomer, openHouse } from './testing/house.ts'
import { audienceOf, everyOperation, hostOf, pathOf, versionOf } from './testing/treaty.ts'

/** Whoever may do everything and loses it may do nothing with the token that they still have, by any operation (P6). */
const house = await openHouse()
after(() => house[Symbol.asyncDispose]())

const everything = [
  [builtInRoles.owner, ''],
  [builtInRoles.keyVaultAdministrator, ''],
  [builtInRoles.appConfigurationDataOwner, ''],
  [builtInRoles.cardeaRotationOperator, ''],
  [builtInRoles.globalAdministrator, '/'],
  [builtInRoles.userAccessAdministrator, '/'],
] as const

async function almighty(name: string): Promise<Newcomer> {
  const newcomer = await house.newcomer(name)
  for (const [role, scope] of everything) {
    await house.assign(newcomer.principal, role, scope || `/subscriptions/${house.cardea.installation.subscription}`)
  }
  return newcomer
}

async function asked(operation: Operation, token: string) {
  const number = randomUUID()
  const path = `${pathOf(operation, house.cardea.installation.subscription)}${versionOf(operation)}`
  const heard = await house.ask(hostOf(operation), operation.method, path, {
    token,
    headers: { 'x-ms-client-request-id': number },
    ...(operation.method !== 'GET' && operation.method !== 'HEAD' && { body: {} }),
  })
  const deeds = (await house.deeds()).filter(({ correlation }) => correlation === number)
  return { status: heard.status, deeds: deeds.map((deed) => [deed.operation, deed.outcome]) }
}

/** A stream of changes has no end of its own. */
const following = /ChangesFollow$/
type Refused = readonly [status: number, outcome: string]
const losses: {
  readonly [words: string]: { readonly lose: (one: Newcomer) => Promise<unknown>; readonly as: Refused }
} = {
  'whose roles were taken away': {
    as: [403, 'forbidden'],
    lose: ({ principal }) => house.cardea.base.database.write((turn) => unassignAll(turn, principal.objectId)),
  },
  'who was switched off': {
    as: [403, 'forbidden'],
    lose: ({ principal }) =>
      house.cardea.base.database.write((turn) =>
        enablePrincipal(turn, house.cardea.base.keyring, principal.objectId, false),
      ),
  },
  'whose password was taken away': {
    as: [401, 'unauthenticated'],
    lose: ({ principal }) =>
      house.cardea.base.database.write(async (turn) => {
        await dropCredentialsOf(turn, principal.objectId)
        turn.changeAccess()
      }),
  },
}

for (const [words, { lose, as }] of Object.entries(losses)) {
  describe(`one ${words}, with tokens that are good for an hour more`, () => {
    const tokens = new Map<string, string>()
    it('was let in by every operation until then', async () => {
      const one = await almighty(words)
      for (const operation of everyOperation) {
        const audience = audienceOf(operation)
        if (!tokens.has(audience)) tokens.set(audience, await one.token(audience))
        if (following.test(operation.id)) continue
        const { status } = await asked(operation, tokens.get(audience) as string)
        assert.ok(status !== 401 && status !== 403 && status < 500, `${operation.id}: ${status}`)
      }
      await lose(one)
    })

    it('is refused by every operation from then on, and each refusal is in the journal once', async () => {
      for (const operation of everyOperation) {
        const { status, deeds } = await asked(operation, tokens.get(audienceOf(operation)) as string)
        assert.deepEqual([status, deeds], [as[0], [[operation.id, as[1]]]], operation.id)
      }
    })
  })
}
