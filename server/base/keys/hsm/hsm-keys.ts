import { timingSafeEqual } from 'node:crypto'
import { Fault } from '../../fault.ts'
import { checkAlgorithm } from '../algorithms.ts'
import { checkShape, type Enciphered, type KeptKey, type KeyDoor, type KeyShape, type PrivateJwk } from '../key.ts'
import { type Barrier, Lane, type Patience } from './lane.ts'
import { Lanes } from './lanes.ts'
import { cipherOf } from './mechanisms.ts'

export type HsmKeysOptions = {
  readonly module: string
  readonly token: string
  readonly pin: Buffer
  /** Who does what needs no secret: verifies, and encrypts for RSA keys. */
  readonly publicDoor: Pick<KeyDoor, 'verify' | 'encrypt'>
  /** How many uses of keys at once: a device on the network is slow to answer, but does many side by side. */
  readonly lanes?: number
  /** How many unwrapped keys each lane keeps in the token. */
  readonly heldMax?: number
  /** How many may wait for keys to be used. */
  readonly waitingMax?: number
  /** How many may wait for keys to be made or taken in. */
  readonly makingMax?: number
  readonly patience?: Partial<Patience>
}

const patienceDefault: Patience = { openMs: 30_000, makeMs: 120_000, useMs: 10_000 }

/**
 * Keys that a hardware module made or took in and that only it can use, by PKCS#11. Making keys has a lane of its own,
 * since a large RSA key takes a device up to a minute, for which nobody's signature should wait.
 */
export class HsmKeys implements KeyDoor {
  readonly #publicDoor: HsmKeysOptions['publicDoor']
  readonly #use: Lanes
  readonly #make: Lanes
  readonly #barrier: Barrier

  private constructor(publicDoor: HsmKeysOptions['publicDoor'], use: Lanes, make: Lanes, barrier: Barrier) {
    this.#publicDoor = publicDoor
    this.#use = use
    this.#make = make
    this.#barrier = barrier
  }

  /** Opens the token; whatever keeps it from opening is a Fault in words. Only one lane opens before it is wanted. */
  static async open(options: HsmKeysOptions): Promise<HsmKeys> {
    const { module, token, pin, publicDoor, lanes = 2, heldMax = 256, waitingMax = 256, makingMax = 32 } = options
    const barrier: Barrier = {}
    const patience = { ...patienceDefault, ...options.patience }
    const lane = () => new Lane({ module, token, pin, heldMax }, patience, barrier)
    const first = lane()
    await first.open()
    const others = Array.from({ length: lanes - 1 }, lane)
    const use = new Lanes([...others, first], waitingMax)
    return new HsmKeys(publicDoor, use, new Lanes([lane()], makingMax), barrier)
  }

  async generate(shape: KeyShape): Promise<KeptKey> {
    checkShape(shape)
    return this.#make.ask('generate', { shape })
  }

  adopt(jwk: PrivateJwk): Promise<KeptKey> {
    return this.#make.ask('adopt', { jwk })
  }

  async sign(key: KeptKey, algorithm: string, digest: Uint8Array): Promise<Uint8Array> {
    checkAlgorithm(key.shape, 'sign', algorithm, digest)
    return this.#use.ask('sign', { key: keptIn(key), algorithm, digest })
  }

  async verify(key: KeptKey, algorithm: string, digest: Uint8Array, signature: Uint8Array): Promise<boolean> {
    if (key.shape.type !== 'oct') return this.#publicDoor.verify(key, algorithm, digest, signature)
    checkAlgorithm(key.shape, 'verify', algorithm, digest)
    const right = await this.#use.ask('sign', { key: keptIn(key), algorithm, digest })
    return right.length === signature.length && timingSafeEqual(right, signature)
  }

  async encrypt(key: KeptKey, algorithm: string, plain: Enciphered): Promise<Enciphered> {
    if (key.shape.type !== 'oct') return this.#publicDoor.encrypt(key, algorithm, plain)
    cipherOf(key.shape, 'encrypt', algorithm, plain.value)
    return this.#use.ask('encrypt', { key: keptIn(key), algorithm, plain })
  }

  async decrypt(key: KeptKey, algorithm: string, cipher: Enciphered): Promise<Uint8Array> {
    cipherOf(key.shape, 'decrypt', algorithm, cipher.value)
    return this.#use.ask('decrypt', { key: keptIn(key), algorithm, cipher })
  }

  /** Lets go of the token. Who still waits is told so. */
  async close(): Promise<void> {
    this.#barrier.fault = new Fault('unavailable', 'The hardware module was let go: the server is closing.')
    await Promise.all([this.#use.close(), this.#make.close()])
  }
}

const keptIn = ({ shape, secret }: KeptKey) => ({ shape, secret })
