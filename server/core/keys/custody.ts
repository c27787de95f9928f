import { Fault } from '#base/fault.ts'
import type { KeyDoor, KeyShape, PrivateJwk } from '#base/keys/key.ts'
import type { Vault } from '#core/vaults/vault.ts'
import type { Custody, Made } from './key.ts'

/** Who keeps keys here; without a hardware security module nobody keeps those. */
export type Custodians = { readonly software: KeyDoor; readonly hsm: KeyDoor | undefined }

/** The door to keys of this custody. Only premium vaults have keys in hardware, as in Key Vault. */
export function doorTo(custodians: Custodians, custody: Custody, { name, sku }: Vault): KeyDoor {
  if (custody === 'software') return custodians.software
  if (sku !== 'premium') {
    throw new Fault(
      'invalid',
      `Vault ${name} is of the standard tier: keys in a hardware security module need a premium vault (sku "premium").`,
      { where: 'kty' },
    )
  }
  if (custodians.hsm === undefined) {
    throw new Fault(
      'invalid',
      'This server has no hardware security module: its operator names one by CARDEA_HSM_MODULE, CARDEA_HSM_TOKEN and CARDEA_HSM_PIN_FILE.',
      { where: 'kty' },
    )
  }
  return custodians.hsm
}

/** Makes a key. It takes long, and nobody may wait for it inside a turn. */
export const generate = async (
  custodians: Custodians,
  vault: Vault,
  custody: Custody,
  shape: KeyShape,
): Promise<Made> => ({
  custody,
  key: await doorTo(custodians, custody, vault).generate(shape),
})

/** Takes a key in that was made elsewhere. */
export const adopt = async (
  custodians: Custodians,
  vault: Vault,
  custody: Custody,
  jwk: PrivateJwk,
): Promise<Made> => ({
  custody,
  key: await doorTo(custodians, custody, vault).adopt(jwk),
})
