import type { KeyOperationResult } from '@cardea/contract/vault/keys'
import type { Enciphered } from '#base/keys/key.ts'
import type { KeyVersion } from '#core/keys/key.ts'
import { kidOf } from './wire.ts'

const base64url = (bytes: Uint8Array): string => bytes.toBase64({ alphabet: 'base64url', omitPadding: true })

/** What a use of a key gives, with the id of the version that was used: who encrypts keeps it beside what was encrypted. */
export const resultOf = (origin: string, key: KeyVersion, { value, iv, tag, aad }: Enciphered): KeyOperationResult => ({
  kid: kidOf(origin, key),
  value: base64url(value),
  iv: iv && base64url(iv),
  tag: tag && base64url(tag),
  aad: aad && base64url(aad),
})
