import { createHmac, hash, type KeyObject } from 'node:crypto'
import type { Instant } from '#base/clock.ts'
import type { AuditEntry } from './entry.ts'

/**
 * The journal of deeds is a chain: the link of each turn is a hash over the link before it and everything that the turn
 * kept. Whoever edits, removes or swaps a record breaks the chain there, or must make it anew from there on; against
 * that stands the proof, made with a key that the database doesn't know (promise P10).
 */
export type Link = {
  readonly writer: string
  /** The numbers of its first and its last entry. */
  readonly first: number
  readonly last: number
  readonly at: Instant
  /** The entries as they are kept, and as they are hashed: a JSON list of lists, in the order of the `audit` view. */
  readonly entries: string
  readonly link: Uint8Array
  readonly proof: Uint8Array
}

/** What comes before the first link of a series. */
export const noLink: Uint8Array = Buffer.alloc(32)

/** The link that follows `before` in a series. */
export function nextLink(
  { writer, last, link: before }: Pick<Link, 'writer' | 'last' | 'link'>,
  entries: readonly AuditEntry[],
  key: KeyObject,
): Link {
  const { at } = entries[0] as AuditEntry
  const text = JSON.stringify(entries.map(listed))
  const turn = { writer, first: last + 1, last: last + entries.length, at, entries: text }
  const link = linkOf(before, turn)
  return { ...turn, link, proof: proofOf(link, key) }
}

const listed = ({ operation, resource, caller, outcome, circumstances }: AuditEntry): readonly string[] => [
  operation,
  resource,
  caller.objectId,
  caller.appId,
  outcome,
  circumstances.address,
  circumstances.correlation,
  circumstances.agent,
]

/** SHA-256 over what came before and every member, each on a line of its own; no member but the last has line breaks. */
export const linkOf = (
  before: Uint8Array,
  { writer, first, last, at, entries }: Omit<Link, 'link' | 'proof'>,
): Uint8Array =>
  hash('sha256', `${Buffer.from(before).toString('hex')}\n${writer}\n${first}\n${last}\n${at}\n${entries}`, 'buffer')

/** Proves a link to whoever has the key of its series. */
export const proofOf = (link: Uint8Array, key: KeyObject): Uint8Array => createHmac('sha256', key).update(link).digest()
