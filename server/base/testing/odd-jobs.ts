import { getPriority } from 'node:os'
import { Fault } from '../fault.ts'
import { answer } from '../worker-line.ts'

/** A thread that does what the tests of `WorkerLine` need done. */
let kept: Uint8Array = new Uint8Array()

const acts = {
  double: ({ number }: { readonly number: number }): number => 2 * number,
  reversed: ({ bytes }: { readonly bytes: Uint8Array }): { reversed: Uint8Array; bufferBytes: number } => ({
    reversed: bytes.toReversed(),
    bufferBytes: bytes.buffer.byteLength,
  }),
  keep({ bytes }: { readonly bytes: Uint8Array }): void {
    kept = bytes
  },
  kept: (_: unknown): readonly number[] => [...kept],
  priority: (_: unknown): number => getPriority(),
  environment: (_: unknown): readonly string[] => Object.keys(process.env),
  block({ ms }: { readonly ms: number }): void {
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, ms)
  },
  refuse(_: unknown): void {
    throw new Fault('conflict', 'This is refused.', { where: 'here' })
  },
  stumble({ over }: { readonly over: string }): void {
    throw Object.assign(new TypeError(`stumbled over ${over}`), { code: 'ERR_STUMBLED' })
  },
  die({ saying }: { readonly saying: string }): Promise<void> {
    setImmediate(() => {
      throw new Error(saying)
    })
    return new Promise(() => {})
  },
  leave: (_: unknown): never => process.exit(3),
}
export type OddJobs = typeof acts

answer(acts)
