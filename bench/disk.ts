import { open, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'

/** How long the disk takes to synchronise what was written, in milliseconds. */
export type Disk = { readonly p50: number; readonly p99: number; readonly max: number }

/** About what a turn of the writer writes. */
const turn = Buffer.alloc(16 * 1024, 1)
const pauseMs = 2

/**
 * What the disk does by itself, while nobody else writes: no answer leaves before its record is synchronised, so no p99 of
 * ours can be better than this one.
 */
export async function syncsIn(folder: string, seconds: number): Promise<Disk> {
  const path = join(folder, 'syncs')
  const file = await open(path, 'w')
  const took: number[] = []
  try {
    for (const until = performance.now() + seconds * 1000; performance.now() < until; await wait(pauseMs)) {
      await file.write(turn, 0, turn.length, (took.length % 400) * turn.length)
      const began = performance.now()
      await file.datasync()
      took.push(performance.now() - began)
    }
  } finally {
    await file.close()
    await rm(path)
  }
  const sorted = took.toSorted((a, b) => a - b)
  const at = (part: number) => sorted[Math.floor(part * (sorted.length - 1))] as number
  return { p50: at(0.5), p99: at(0.99), max: at(1) }
}
