import { type KeyObject, randomBytes } from 'node:crypto'
import {
  closeSync,
  existsSync,
  fsyncSync,
  linkSync,
  openSync,
  readFileSync,
  statSync,
  unlinkSync,
  writeSync,
} from 'node:fs'
import { keyFrom } from './seal.ts'

/**
 * The root key in a file that only its owner may read: for development, and for a mounted secret. Made at the first
 * start, never overwritten. Without it nothing in the database opens, so a copy belongs somewhere safe.
 */
export function rootKeyIn(file: string): KeyObject {
  if (!existsSync(file)) create(file)
  const { mode } = statSync(file)
  if ((mode & 0o077) !== 0) throw new Error(`${file} can be read by others. Run: chmod 600 ${file}`)
  const bytes = Buffer.from(readFileSync(file, 'utf8').trim(), 'base64')
  if (bytes.length !== 32) throw new Error(`${file} must hold 32 bytes in base64. Restore it from its copy.`)
  return keyFrom(bytes)
}

/** Written beside and linked into place, so that two first starts end with one key and a crash leaves none or a whole one. */
function create(file: string): void {
  const draft = `${file}.${randomBytes(6).toString('hex')}`
  const descriptor = openSync(draft, 'wx', 0o600)
  try {
    writeSync(descriptor, `${randomBytes(32).toString('base64')}\n`)
    fsyncSync(descriptor)
  } finally {
    closeSync(descriptor)
  }
  try {
    linkSync(draft, file)
  } catch (error) {
    if ((error as { code?: string }).code !== 'EEXIST') throw error
  } finally {
    unlinkSync(draft)
  }
}
