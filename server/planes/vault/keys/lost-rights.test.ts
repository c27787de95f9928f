import assert from 'node:assert/strict'
import { it } from 'node:test'
import { builtInRoles } from '@cardea/contract/roles'
import type { KeptKey } from '#base/keys/key.ts'
import { SoftwareKeys } from '#base/keys/software-keys.ts'
import { openHouse } from '../../../testing/house.ts'
import { asking } from '../testing/vault.ts'

/** Keeps keys, and signs only once it is let. */
class SlowKeys extends SoftwareKeys {
  readonly begun = Promise.withResolvers<void>()
  readonly let = Promise.withResolvers<void>()
  signed = 0

  override async sign(key: KeptKey, algorithm: string, digest: Uint8Array): Promise<Uint8Array> {
    this.begun.resolve()
    await this.let.promise
    this.signed += 1
    return super.sign(key, algorithm, digest)
  }
}

it('whoever loses the right while their key is used gets nothing of it, and the journal says so', async () => {
  const software = new SlowKeys()
  await using house = await openHouse({ custodians: { software } })
  await asking(house, await house.developerToken()).ask('POST', '/keys/slow/create', { kty: 'EC' })
  const user = await house.newcomer('user')
  const vault = `/subscriptions/${house.cardea.installation.subscription}/resourceGroups/demo/providers/Microsoft.KeyVault/vaults/demo`
  const takeAway = await house.assign(user.principal, builtInRoles.keyVaultCryptoUser, vault)
  const { ask } = asking(house, await user.token())
  const signing = ask('POST', '/keys/slow/sign', { alg: 'ES256', value: Buffer.alloc(32).toString('base64url') })
  await software.begun.promise
  await takeAway()
  software.let.resolve()
  const heard = await signing
  assert.deepEqual([heard.status, heard.json.error.innererror.code], [403, 'ForbiddenByRbac'])
  assert.equal(software.signed, 1)
  const deeds = (await house.deeds()).filter(({ operation }) => operation === 'KeySign')
  assert.deepEqual(
    deeds.map(({ outcome }) => outcome),
    ['forbidden'],
  )
  await software.close()
})
