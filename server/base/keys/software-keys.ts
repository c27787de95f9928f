import { Fault } from '../fault.ts'
import { WorkerLine } from '../worker-line.ts'
import { checkAlgorithm, type KeyOperation, signatureBytes } from './algorithms.ts'
import {
  type AsymmetricShape,
  checkShape,
  type Enciphered,
  type KeptKey,
  type KeyDoor,
  type KeyShape,
  type PrivateJwk,
} from './key.ts'
import type { SoftwareActs } from './software-worker.ts'

type SoftwareKeysOptions = {
  /** How many may wait for signatures and the like. */
  readonly waitingMax?: number
  /** How many may wait for keys to be made or looked at. */
  readonly makingMax?: number
  /** After how long without work a thread ends, and with it what it remembers of keys. */
  readonly idleMs?: number
}

const file = new URL('./software-worker.ts', import.meta.url)

/** Using a key takes milliseconds, making one up to seconds: whoever came later than these would have gone before their turn. */
const waitingMaxUsual = 256
const makingMaxUsual = 32

/**
 * Keys in software: RSA and EC. A private key is opened by a thread of its own only, which the event loop isn't held up by.
 * Making keys has a second thread, since a large RSA key takes seconds that nobody's signature should wait for.
 */
export class SoftwareKeys implements KeyDoor {
  readonly #use: WorkerLine<SoftwareActs>
  readonly #make: WorkerLine<SoftwareActs>

  constructor({ waitingMax = waitingMaxUsual, makingMax = makingMaxUsual, idleMs }: SoftwareKeysOptions = {}) {
    const idle = idleMs === undefined ? {} : { idleMs }
    this.#use = new WorkerLine({ file, about: 'keys', waitingMax, ...idle })
    this.#make = new WorkerLine({ file, about: 'new keys', waitingMax: makingMax, ...idle })
  }

  async generate(shape: KeyShape): Promise<KeptKey> {
    checkShape(shape)
    if (shape.type === 'oct') throw notInSoftware()
    return this.#make.ask('generate', { shape })
  }

  async adopt(jwk: PrivateJwk): Promise<KeptKey> {
    if (jwk.kty === 'oct') throw notInSoftware()
    return this.#make.ask('adopt', { jwk })
  }

  async sign({ shape, secret }: KeptKey, algorithm: string, digest: Uint8Array): Promise<Uint8Array> {
    checkUse(shape, 'sign', algorithm, digest)
    return this.#use.ask('sign', { key: { shape, secret }, algorithm, digest })
  }

  async verify(
    { shape, publicPart }: KeptKey,
    algorithm: string,
    digest: Uint8Array,
    signature: Uint8Array,
  ): Promise<boolean> {
    if (signature.length !== signatureBytes(checkUse(shape, 'verify', algorithm, digest))) return false
    return this.#use.ask('verify', { key: { shape, publicPart }, algorithm, digest, signature })
  }

  async encrypt({ shape, publicPart }: KeptKey, algorithm: string, { value }: Enciphered): Promise<Enciphered> {
    checkUse(shape, 'encrypt', algorithm, value)
    return { value: await this.#use.ask('encrypt', { key: { shape, publicPart }, algorithm, plain: value }) }
  }

  async decrypt({ shape, secret }: KeptKey, algorithm: string, { value }: Enciphered): Promise<Uint8Array> {
    checkUse(shape, 'decrypt', algorithm, value)
    return this.#use.ask('decrypt', { key: { shape, secret }, algorithm, cipher: value })
  }

  async close(): Promise<void> {
    await Promise.all([this.#use.close(), this.#make.close()])
  }
}

/** What is asked wrongly is refused before it waits in line. */
function checkUse(shape: KeyShape, operation: KeyOperation, algorithm: string, value: Uint8Array): AsymmetricShape {
  if (shape.type === 'oct') throw notInSoftware()
  checkAlgorithm(shape, operation, algorithm, value)
  return shape
}

const notInSoftware = (): Fault =>
  new Fault('invalid', 'Symmetric keys are kept in a hardware security module only: ask for oct-HSM.', { where: 'kty' })
