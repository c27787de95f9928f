import { type KeyObject, randomBytes } from 'node:crypto'
import { existsSync } from 'node:fs'
import { readPrivate, writeFirst } from './private-files.ts'
import { keyFrom } from './seal.ts'

/**
 * The root key in a file that only its owner may read: for development, and for a mounted secret. Made at the first
 * start, never overwritten. Without it nothing in the database opens, so a copy belongs somewhere safe.
 */
export function rootKeyIn(file: string): KeyObject {
  if (!existsSync(file)) writeFirst(file, `${randomBytes(32).toString('base64')}\n`)
  const bytes = Buffer.from((readPrivate(file) ?? '').trim(), 'base64')
  if (bytes.length !== 32) throw new Error(`${file} must hold 32 bytes in base64. Restore it from its copy.`)
  return keyFrom(bytes)
}
