import { randomBytes } from 'node:crypto'
import { setTimeout as wait } from 'node:timers/promises'
import { Fault } from '../../fault.ts'
import { CryptokiError, type Handle } from './cryptoki.ts'
import type { Template } from './layout.ts'
import { CKA, CKK, CKO } from './numbers.ts'
import type { Token } from './token.ts'
import { type WrapMechanism, wrapMechanisms } from './wrapped-key.ts'

/**
 * The one key that Cardea keeps inside a token: it wraps all others, so that those can lie in the database. It can do
 * nothing else, never leaves, and where the module can be told so, what it unwraps can't leave either.
 *
 * PKCS#11 can't make something only if it isn't there, so two servers that start at once on an empty token may make one
 * each. Neither is ever taken away. Each kept key names its own, any of them unwraps, and both servers wrap with the
 * one whose name is lowest once they have seen it.
 */
export type WrappingKey = {
  readonly id: Buffer
  readonly handle: Handle
  readonly mechanism: WrapMechanism
  /** The security officer has marked it: keys may demand that nothing but such a one wraps them. */
  readonly trusted: boolean
}

export const wrappingKeyLabel = 'cardea-wrapping-key'
const idBytes = 16
/** How long another server that starts at the same moment is given to show its own. */
const settleMs = 250
const most = 64

/** Finds the wrapping key of a token, or makes it. */
export async function wrappingKeyOf(token: Token): Promise<WrappingKey> {
  const mechanism = wrapMechanisms.find((name) => token.offers(name))
  if (mechanism === undefined || !token.offers('AES_KEY_GEN')) {
    const words = `The token "${token.label}" offers no AES key wrapping with padding (CKM_AES_KEY_WRAP_KWP or CKM_AES_KEY_WRAP_PAD), which Cardea needs.`
    throw new Fault('unavailable', words)
  }
  const lowest = () =>
    labelled(token, [])
      .map((handle) => examined(token, handle, mechanism))
      .toSorted((one, other) => Buffer.compare(one.id, other.id))[0]
  const found = lowest()
  if (found !== undefined) return found
  make(token)
  await wait(settleMs)
  const made = lowest()
  if (made === undefined) throw new Fault('unavailable', `The token "${token.label}" doesn't keep what was made in it.`)
  return made
}

/** The wrapping key with a name, where it is another than the one that wraps now. */
export function wrappingKeyNamed(token: Token, id: Uint8Array, mechanism: WrapMechanism): WrappingKey {
  const [handle] = labelled(token, [[CKA.ID, id]])
  if (handle === undefined) {
    const name = Buffer.from(id).toString('hex')
    throw new Fault(
      'unavailable',
      `The token "${token.label}" doesn't have the wrapping key ${name}, with which this key was kept. Restore the token from its backup.`,
    )
  }
  return examined(token, handle, mechanism)
}

const labelled = ({ cryptoki, session }: Token, more: Template): Handle[] =>
  cryptoki.find(session, [[CKA.CLASS, CKO.SECRET_KEY], [CKA.TOKEN, true], [CKA.LABEL, wrappingKeyLabel], ...more], most)

/** A key that bears the label is used only if it is fit to protect others. */
function examined({ cryptoki, session, label }: Token, handle: Handle, mechanism: WrapMechanism): WrappingKey {
  const [id, ...rest] = cryptoki.read(session, handle, [
    ...[CKA.ID, CKA.SENSITIVE, CKA.EXTRACTABLE, CKA.WRAP, CKA.UNWRAP, CKA.DECRYPT, CKA.TRUSTED],
  ])
  const [sensitive, extractable, wraps, unwraps, decrypts, trusted] = rest.map((value) => value[0] === 1)
  if (
    id === undefined ||
    id.length === 0 ||
    id.length > 255 ||
    !sensitive ||
    extractable ||
    !wraps ||
    !unwraps ||
    decrypts
  ) {
    throw new Fault(
      'unavailable',
      `A key labelled "${wrappingKeyLabel}" in the token "${label}" isn't fit to protect others: it needs an id, must be sensitive, wrap and unwrap, and must neither be extractable nor decrypt. Give it another label.`,
    )
  }
  return { id, handle, mechanism, trusted: trusted === true }
}

function make({ cryptoki, session, label }: Token): void {
  const template: Template = [
    [CKA.CLASS, CKO.SECRET_KEY],
    [CKA.KEY_TYPE, CKK.AES],
    [CKA.VALUE_LEN, 32],
    [CKA.TOKEN, true],
    [CKA.PRIVATE, true],
    [CKA.SENSITIVE, true],
    [CKA.EXTRACTABLE, false],
    [CKA.WRAP, true],
    [CKA.UNWRAP, true],
    [CKA.ENCRYPT, false],
    [CKA.DECRYPT, false],
    // Whoever knows the PIN could allow it to decrypt otherwise, and so read every key.
    [CKA.MODIFIABLE, false],
    [CKA.LABEL, wrappingKeyLabel],
    [CKA.ID, randomBytes(idBytes)],
  ]
  // Else whoever knows the PIN could unwrap a kept key as one that may leave. Not every module can be told so.
  const strict: Template = [
    ...template,
    [
      CKA.UNWRAP_TEMPLATE,
      [
        [CKA.SENSITIVE, true],
        [CKA.EXTRACTABLE, false],
      ],
    ],
  ]
  const by = { name: 'AES_KEY_GEN' } as const
  try {
    try {
      cryptoki.generateKey(session, by, strict)
    } catch (error) {
      if (!isUnknownAttribute(error)) throw error
      cryptoki.generateKey(session, by, template)
    }
  } catch (error) {
    if (!(error instanceof CryptokiError)) throw error
    const words = `The wrapping key can't be made in the token "${label}": ${error.message}.`
    throw new Fault('unavailable', words, {}, { cause: error })
  }
}

const isUnknownAttribute = (error: unknown): boolean =>
  error instanceof CryptokiError &&
  error.is(
    'ATTRIBUTE_TYPE_INVALID',
    'ATTRIBUTE_VALUE_INVALID',
    'ATTRIBUTE_READ_ONLY',
    'TEMPLATE_INCONSISTENT',
    'FUNCTION_FAILED',
    'GENERAL_ERROR',
  )
