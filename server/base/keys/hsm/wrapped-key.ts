import { Fault } from '../../fault.ts'
import type { MechanismName } from './numbers.ts'

/**
 * A key as only the token can open it: which wrapping key and which mechanism wrapped it, and the wrapped bytes. The name
 * of the wrapping key stands in front, so that a token that no longer has it can be told from a damaged key.
 */
type WrappedKey = {
  readonly wrappingKeyId: Uint8Array
  readonly mechanism: WrapMechanism
  readonly bytes: Uint8Array
}

/** Both wrap with padding; a module has the one or the other, and what AES_KEY_WRAP_PAD means differs between modules. */
export const wrapMechanisms = ['AES_KEY_WRAP_KWP', 'AES_KEY_WRAP_PAD'] as const satisfies readonly MechanismName[]
export type WrapMechanism = (typeof wrapMechanisms)[number]

const version = 1

/** Version, mechanism, length of the name, the name, and the wrapped bytes. */
export const bytesOfWrapped = ({ wrappingKeyId, mechanism, bytes }: WrappedKey): Uint8Array =>
  Buffer.concat([Buffer.of(version, wrapMechanisms.indexOf(mechanism), wrappingKeyId.length), wrappingKeyId, bytes])

/** Reads what `bytesOfWrapped` wrote. Throws for what no hardware module kept. */
export function wrappedIn(secret: Uint8Array): WrappedKey {
  const [found, mechanismAt = -1, idBytes = 0] = secret
  const mechanism = wrapMechanisms[mechanismAt]
  if (found !== version || mechanism === undefined || idBytes === 0 || secret.length <= 3 + idBytes) {
    throw new Fault('internal', 'This key was not kept by a hardware module.')
  }
  return { wrappingKeyId: secret.subarray(3, 3 + idBytes), mechanism, bytes: secret.subarray(3 + idBytes) }
}
