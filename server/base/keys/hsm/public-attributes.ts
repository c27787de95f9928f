import { Fault } from '../../fault.ts'
import { coordinateBytes } from '../algorithms.ts'
import { withoutZeros } from '../jwk-numbers.ts'
import type { KeyShape, PublicPart } from '../key.ts'
import type { Handle } from './cryptoki.ts'
import { CKA } from './numbers.ts'
import type { Token } from './token.ts'

/** What everybody may have of a key pair, as the token tells it of the public half. */
export function publicPartIn({ cryptoki, session }: Token, publicKey: Handle, shape: KeyShape): PublicPart {
  switch (shape.type) {
    case 'RSA': {
      const [modulus, exponent] = cryptoki.read(session, publicKey, [CKA.MODULUS, CKA.PUBLIC_EXPONENT])
      return { kty: 'RSA', n: textOf(modulus), e: textOf(exponent) }
    }
    case 'EC': {
      const [value = Buffer.alloc(0)] = cryptoki.read(session, publicKey, [CKA.EC_POINT])
      const bytes = coordinateBytes[shape.curve]
      const point = pointIn(value, bytes)
      if (point === undefined)
        throw new Fault('unavailable', 'The token gave a public key that is no point of its curve.')
      return {
        kty: 'EC',
        crv: shape.curve,
        x: point.subarray(1, 1 + bytes).toString('base64url'),
        y: point.subarray(1 + bytes).toString('base64url'),
      }
    }
    case 'oct':
      return { kty: 'oct' }
  }
}

/** An uncompressed point: as DER's octet string, which the standard demands (2.3.3), or bare, as some modules give it. */
function pointIn(value: Buffer, coordinate: number): Buffer | undefined {
  const length = 1 + 2 * coordinate
  const header = length < 0x80 ? [0x04, length] : [0x04, 0x81, length]
  const bare = value.length === length
  const wrapped = value.length === header.length + length && header.every((byte, at) => value[at] === byte)
  const point = bare || wrapped ? value.subarray(value.length - length) : undefined
  return point?.[0] === 0x04 ? point : undefined
}

/** A number; some modules put zeros in front. */
const textOf = (number: Buffer = Buffer.alloc(0)): string => withoutZeros(number).toString('base64url')
