import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import type { Heard, House } from '../../../testing/house.ts'
import { type Asking, asking } from './vault.ts'

/** A vault in a house, as one asks it who makes keys and uses them; for tests. */
export type Keys = Asking & {
  /** A new version of a key, which must be made. */
  make(name: string, asked: object): Promise<Heard>
  /** Uses a key, which must be allowed. */
  use(name: string, operation: string, asked: object): Promise<Heard>
}

export function keysIn(house: House, token: string): Keys {
  const asked = asking(house, token)
  const use: Keys['use'] = async (name, operation, body) => {
    const heard = await asked.ask('POST', `/keys/${name}/${operation}`, body)
    assert.equal(heard.status, 200, heard.text)
    return heard
  }
  return { ...asked, use, make: (name, body) => use(name, 'create', body) }
}

export const base64url = (bytes: Uint8Array): string => Buffer.from(bytes).toString('base64url')
export const bytesOf = ({ json }: Heard): Buffer => Buffer.from(json.value, 'base64url')
export const versionIn = (kid: string): string => kid.split('/').at(-1) as string

export const text = Buffer.from('what is signed')
export const digests = {
  '256': createHash('sha256').update(text).digest(),
  '384': createHash('sha384').update(text).digest(),
  '512': createHash('sha512').update(text).digest(),
}
export const digestFor = (algorithm: string): Buffer => digests[algorithm.slice(2, 5) as keyof typeof digests]
export const curves = { 'P-256': 'ES256', 'P-256K': 'ES256K', 'P-384': 'ES384', 'P-521': 'ES512' }
