import { timingSafeEqual } from 'node:crypto'
import { Fault } from '../../fault.ts'
import { checkAlgorithm } from '../algorithms.ts'
import { checkShape, type Enciphered, type KeptKey, type KeyDoor, type KeyShape, type PrivateJwk } from '../key.ts'
import { type Barrier, Lane, type Patience, type TokenAt } from './lane.ts'
import { cipherOf } from './mechanisms.ts'
import type { Act, Answer, Asked } from './module-process.ts'

export type HsmKeysOptions = {
  readonly module: string
  readonly token: string
  readonly pin: Buffer
  /** Who does what needs no secret: verifies, and encrypts for RSA keys. */
  readonly publicDoor: Pick<KeyDoor, 'verify' | 'encrypt'>
  /** How many things at once: a device on the network is slow to answer, but does many side by side. */
  readonly lanes?: number
  /** How many unwrapped keys each lane keeps in the token. */
  readonly heldMax?: number
  readonly waitingMax?: number
  readonly patience?: Partial<Patience>
}

const patienceDefault: Patience = { openMs: 30_000, makeMs: 120_000, useMs: 10_000 }
const retryMs = 1000

/** Keys that a hardware module made or took in and that only it can use, by PKCS#11. */
export class HsmKeys implements KeyDoor {
  readonly #publicDoor: HsmKeysOptions['publicDoor']
  readonly #lanes: readonly Lane[]
  readonly #free: Lane[]
  readonly #waiting: ((lane: Lane) => void)[] = []
  readonly #waitingMax: number
  readonly #barrier: Barrier = {}

  private constructor({ publicDoor, lanes = 2, heldMax = 256, waitingMax = 256, patience, ...rest }: HsmKeysOptions) {
    const at: TokenAt = { ...rest, heldMax }
    this.#publicDoor = publicDoor
    this.#waitingMax = waitingMax
    this.#lanes = Array.from({ length: lanes }, () => new Lane(at, { ...patienceDefault, ...patience }, this.#barrier))
    this.#free = [...this.#lanes]
  }

  /** Opens the token; whatever keeps it from opening is a Fault in words. The other lanes open when they are wanted. */
  static async open(options: HsmKeysOptions): Promise<HsmKeys> {
    const keys = new HsmKeys(options)
    try {
      await keys.#lanes[0]?.open()
      return keys
    } catch (error) {
      await keys.close()
      throw error
    }
  }

  async generate(shape: KeyShape): Promise<KeptKey> {
    checkShape(shape)
    return this.#ask('generate', { shape })
  }

  adopt(jwk: PrivateJwk): Promise<KeptKey> {
    return this.#ask('adopt', { jwk })
  }

  async sign(key: KeptKey, algorithm: string, digest: Uint8Array): Promise<Uint8Array> {
    checkAlgorithm(key.shape, 'sign', algorithm, digest)
    return this.#ask('sign', { key: keptIn(key), algorithm, digest })
  }

  async verify(key: KeptKey, algorithm: string, digest: Uint8Array, signature: Uint8Array): Promise<boolean> {
    if (key.shape.type !== 'oct') return this.#publicDoor.verify(key, algorithm, digest, signature)
    checkAlgorithm(key.shape, 'verify', algorithm, digest)
    const right = await this.#ask('sign', { key: keptIn(key), algorithm, digest })
    return right.length === signature.length && timingSafeEqual(right, signature)
  }

  async encrypt(key: KeptKey, algorithm: string, plain: Enciphered): Promise<Enciphered> {
    if (key.shape.type !== 'oct') return this.#publicDoor.encrypt(key, algorithm, plain)
    cipherOf(key.shape, 'encrypt', algorithm, plain.value)
    return this.#ask('encrypt', { key: keptIn(key), algorithm, plain })
  }

  async decrypt(key: KeptKey, algorithm: string, cipher: Enciphered): Promise<Uint8Array> {
    cipherOf(key.shape, 'decrypt', algorithm, cipher.value)
    return this.#ask('decrypt', { key: keptIn(key), algorithm, cipher })
  }

  /** Lets go of the token. Who still waits is told so. */
  async close(): Promise<void> {
    this.#barrier.fault = new Fault('unavailable', 'The hardware module was let go: the server is closing.')
    for (const take of this.#waiting.splice(0)) take(this.#lanes[0] as Lane)
    await Promise.all(this.#lanes.map((lane) => lane.close()))
  }

  async #ask<Name extends Act>(act: Name, asked: Asked<Name>): Promise<Answer<Name>> {
    const lane = await this.#lane()
    try {
      return await lane.ask(act, asked)
    } finally {
      const next = this.#waiting.shift()
      if (next === undefined) this.#free.push(lane)
      else next(lane)
    }
  }

  /** A lane that does nothing at the moment: the one that worked last, whose keys are most likely held. */
  async #lane(): Promise<Lane> {
    const free = this.#free.pop()
    if (free !== undefined) return free
    if (this.#waiting.length >= this.#waitingMax) {
      const words = 'Too much work waits for the hardware module already. Try again in a moment.'
      throw new Fault('throttled', words, { retryMs: String(retryMs) })
    }
    return new Promise((resolve) => this.#waiting.push(resolve))
  }
}

const keptIn = ({ shape, secret }: KeptKey) => ({ shape, secret })
