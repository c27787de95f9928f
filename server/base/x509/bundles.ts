import { WorkerLine } from '../worker-line.ts'
import type { Bundle } from './bundle.ts'
import type { BundleActs } from './bundle-worker.ts'

/** One that is made to be slow takes seconds: whoever came later than these would have gone before its turn. */
const waitingMaxUsual = 32

/**
 * Bundles, opened by a thread of their own: what opens one is hashed thousands of times, and one from elsewhere may ask for a million.
 * Faults are those of `readBundle`, and `throttled` when too many wait.
 */
export class Bundles {
  readonly #line: WorkerLine<BundleActs>

  constructor({ waitingMax = waitingMaxUsual }: { readonly waitingMax?: number } = {}) {
    const file = new URL('./bundle-worker.ts', import.meta.url)
    this.#line = new WorkerLine({ file, about: 'bundles of certificates', waitingMax })
  }

  async read(text: string, password?: string): Promise<Bundle> {
    const { chain, ...rest } = await this.#line.ask('read', { text, password })
    return { ...rest, chain: chain.map(bufferOf) }
  }

  /** A bundle of ours, PKCS #12 in base64, as PEM. */
  asPem(pkcs12: string): Promise<string> {
    return this.#line.ask('asPem', { pkcs12 })
  }

  async close(): Promise<void> {
    await this.#line.close()
  }
}

/** What a thread hands over has forgotten that it was a Buffer. */
const bufferOf = ({ buffer, byteOffset, byteLength }: Uint8Array): Buffer => Buffer.from(buffer, byteOffset, byteLength)
