import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { appendPrivate } from '#base/private-files.ts'
import type { SignedCheckpoint } from '#core/audit/checkpoint.ts'

/**
 * Checkpoints outside the database, one JSON line each: whoever cuts the end off the journal would have to reach them
 * too. Copy the file away now and then, or collect the lines: they hold no secret.
 */
export const checkpointFile = (data: string): string => join(data, 'audit-checkpoints.jsonl')

/** Adds a checkpoint to the file, down to the disk. */
export const keepOutside = (data: string, { number, body, signature }: SignedCheckpoint): void =>
  appendPrivate(
    checkpointFile(data),
    JSON.stringify({ number, body, signature: Buffer.from(signature).toString('base64') }),
  )

/** The checkpoints in a file, but for a last line that a crash has cut short. Throws on any other line that is none. */
export function checkpointsIn(file: string): SignedCheckpoint[] {
  const lines = readFileSync(file, 'utf8').split('\n')
  lines.pop()
  return lines.map((line, index) => {
    try {
      const { number, body, signature } = JSON.parse(line) as { number: number; body: string; signature: string }
      return { number, body, signature: Buffer.from(signature, 'base64') }
    } catch (cause) {
      throw new Error(`Line ${index + 1} of ${file} is no checkpoint.`, { cause })
    }
  })
}
