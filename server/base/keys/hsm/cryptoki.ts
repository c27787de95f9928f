import { accessSync, constants } from 'node:fs'
import { Fault } from '../../fault.ts'
import {
  type AddressOf,
  attributes,
  mechanism,
  type Parameter,
  type Template,
  wanted,
  word,
  wordBytes,
  wordIn,
} from './layout.ts'
import { type AnswerName, CKF, CKM, CKR, CKU, type MechanismName } from './numbers.ts'

/**
 * A PKCS#11 module as it is: its C functions, found by the list that every module gives (C_GetFunctionList), and called one
 * after the other. Nothing here knows what keys are for. Only the process that is there for it loads a module: what goes
 * wrong in foreign code ends that process alone.
 */

/** A slot, a session or an object of the module, by the number that it gave. */
export type Handle = bigint
export type Mechanism = { readonly name: MechanismName; readonly parameter?: Parameter | undefined }

/** CK_FUNCTION_LIST in the order of its members, as far as we need it. */
const functionList = [
  ...['Initialize', 'Finalize', 'GetInfo', 'GetFunctionList', 'GetSlotList', 'GetSlotInfo', 'GetTokenInfo'],
  ...['GetMechanismList', 'GetMechanismInfo', 'InitToken', 'InitPIN', 'SetPIN', 'OpenSession', 'CloseSession'],
  ...['CloseAllSessions', 'GetSessionInfo', 'GetOperationState', 'SetOperationState', 'Login', 'Logout'],
  ...['CreateObject', 'CopyObject', 'DestroyObject', 'GetObjectSize', 'GetAttributeValue', 'SetAttributeValue'],
  ...['FindObjectsInit', 'FindObjects', 'FindObjectsFinal', 'EncryptInit', 'Encrypt', 'EncryptUpdate', 'EncryptFinal'],
  ...['DecryptInit', 'Decrypt', 'DecryptUpdate', 'DecryptFinal', 'DigestInit', 'Digest', 'DigestUpdate', 'DigestKey'],
  ...['DigestFinal', 'SignInit', 'Sign', 'SignUpdate', 'SignFinal', 'SignRecoverInit', 'SignRecover', 'VerifyInit'],
  ...['Verify', 'VerifyUpdate', 'VerifyFinal', 'VerifyRecoverInit', 'VerifyRecover', 'DigestEncryptUpdate'],
  ...['DecryptDigestUpdate', 'SignEncryptUpdate', 'DecryptVerifyUpdate', 'GenerateKey', 'GenerateKeyPair', 'WrapKey'],
  ...['UnwrapKey', 'DeriveKey', 'SeedRandom', 'GenerateRandom'],
]

/** What the functions that we call take: n is a CK_ULONG, p a pointer. */
const signatures = {
  Initialize: 'p',
  Finalize: 'p',
  GetInfo: 'p',
  GetSlotList: 'npp',
  GetTokenInfo: 'np',
  GetMechanismList: 'npp',
  OpenSession: 'nnppp',
  Login: 'nnpn',
  CreateObject: 'npnp',
  DestroyObject: 'nn',
  GetAttributeValue: 'nnpn',
  FindObjectsInit: 'npn',
  FindObjects: 'npnp',
  FindObjectsFinal: 'n',
  EncryptInit: 'npn',
  Encrypt: 'npnpp',
  DecryptInit: 'npn',
  Decrypt: 'npnpp',
  SignInit: 'npn',
  Sign: 'npnpp',
  GenerateKey: 'nppnp',
  GenerateKeyPair: 'nppnpnpp',
  WrapKey: 'npnnpp',
  UnwrapKey: 'npnpnpnp',
} as const
type FunctionName = keyof typeof signatures
type Argument = bigint | number | Uint8Array | null
/** Calls C: gives CK_RV. */
type Call = (name: FunctionName, ...given: Argument[]) => number

/** What a module answered that isn't CKR_OK. */
export class CryptokiError extends Error {
  readonly answer: number
  constructor(name: string, answer: number) {
    super(`C_${name} answered ${nameOfAnswer(answer)}`)
    this.name = 'CryptokiError'
    this.answer = answer
  }

  is(...names: readonly AnswerName[]): boolean {
    return names.some((name) => CKR[name] === this.answer)
  }

  /** The session, the login or the device is gone, and what was in it; opening everything anew may help. */
  get isLoss(): boolean {
    return this.is(...losses)
  }
}

const losses = [
  ...(['SESSION_CLOSED', 'SESSION_HANDLE_INVALID', 'USER_NOT_LOGGED_IN', 'CRYPTOKI_NOT_INITIALIZED'] as const),
  ...(['DEVICE_ERROR', 'DEVICE_MEMORY', 'DEVICE_REMOVED', 'TOKEN_NOT_PRESENT', 'TOKEN_NOT_RECOGNIZED'] as const),
  ...(['SLOT_ID_INVALID', 'HOST_MEMORY', 'KEY_HANDLE_INVALID', 'OBJECT_HANDLE_INVALID'] as const),
  ...(['WRAPPING_KEY_HANDLE_INVALID', 'UNWRAPPING_KEY_HANDLE_INVALID'] as const),
]

const nameOfAnswer = (answer: number): string => {
  const name = Object.entries(CKR).find(([, number]) => number === answer)?.[0]
  return name === undefined ? `0x${answer.toString(16)}` : `CKR_${name}`
}

export type TokenInfo = {
  readonly label: string
  readonly maker: string
  readonly model: string
  readonly firmware: string
  readonly flags: number
}

/** A library that nobody holds is unloaded by the garbage collector, under the feet of those who call its functions. */
const loaded = new Set<object>()

/** More than a wrapped RSA key of 4096 bits takes, which is the longest that a module gives us unasked. */
const answerBytesMax = 8192
/** A ciphertext is longer than what went in by a block of padding or a tag, 16 bytes each; there is room for more. */
const ciphertextMoreMax = 64

/** Where things stand in CK_C_INITIALIZE_ARGS: after four functions for locks the flags, and a word that is reserved. */
const initializeArgs = { bytes: 6 * wordBytes, flags: 4 * wordBytes } as const
/** In CK_INFO: the version of the standard (2 bytes), the maker; after the flags the description, and the library's version. */
const libraryInfo = { bytes: 96, maker: 2, description: 48, version: 80 } as const
/** In CK_TOKEN_INFO: label, maker, model, serial number, flags; ten more numbers; the versions of hardware and firmware. */
const tokenInfo = { bytes: 256, label: 0, maker: 32, model: 64, flags: 96, firmware: 186 } as const
/** How long such texts are, filled up with blanks. */
const nameBytes = 32
const modelBytes = 16

/** A module that is loaded: its functions under our names, each of which throws a `CryptokiError` when the module refuses. */
export class Cryptoki {
  readonly #call: Call
  readonly #addressOf: AddressOf
  readonly file: string
  private constructor(file: string, call: Call, addressOf: AddressOf) {
    this.file = file
    this.#call = call
    this.#addressOf = addressOf
  }

  /** Loads a module. Says in words what keeps it from being loaded. */
  static async load(file: string): Promise<Cryptoki> {
    if (!servedPlatform()) {
      throw new Fault(
        'unavailable',
        `Hardware modules can be used on 64-bit Linux and macOS, not on ${process.platform}.`,
      )
    }
    const koffi = await import('koffi').catch((cause: unknown) => {
      const words =
        'Using a hardware module needs the package "koffi", which isn’t installed or not made for this machine. Run "npm ci" without --omit=optional.'
      throw new Fault('unavailable', words, {}, { cause })
    })
    try {
      accessSync(file, constants.R_OK)
      const library = koffi.load(file)
      loaded.add(library)
      const found = Buffer.alloc(wordBytes)
      const answer = Number(library.func('C_GetFunctionList', 'ulong', ['void *'])(found))
      if (answer !== CKR.OK) throw new CryptokiError('GetFunctionList', answer)
      // The list begins with a version of two bytes, and alignment.
      const list = wordIn(found)
      const bound = new Map(
        Object.entries(signatures).map(([name, signature]) => {
          const address = BigInt(koffi.decode(list, wordBytes * (1 + functionList.indexOf(name)), 'uint64'))
          const types = Array.from(signature, (letter) => (letter === 'n' ? 'ulong' : 'void *'))
          return [name, { address, prototype: koffi.proto('ulong', types) }] as const
        }),
      )
      const call: Call = (name, ...given) => {
        const { address, prototype } = bound.get(name) as NonNullable<ReturnType<typeof bound.get>>
        if (address === 0n) return CKR.FUNCTION_NOT_SUPPORTED
        return Number(koffi.call(address, prototype, ...given))
      }
      return new Cryptoki(file, call, (memory) => koffi.address(memory))
    } catch (cause) {
      const why = cause instanceof Error ? cause.message : String(cause)
      throw new Fault('unavailable', `The module ${file} can't be loaded: ${why}`, {}, { cause })
    }
  }

  #do(name: FunctionName, ...given: Argument[]): void {
    const answer = this.#call(name, ...given)
    if (answer !== CKR.OK) throw new CryptokiError(name, answer)
  }

  /** Starts the module: it may use the locks of the system, since it may have threads of its own. */
  initialize(): void {
    const locking = Buffer.alloc(initializeArgs.bytes)
    word(CKF.OS_LOCKING_OK).copy(locking, initializeArgs.flags)
    this.#do('Initialize', locking)
  }

  /** Ends what was begun with the module; one that wasn't started has nothing to end. */
  finalize(): void {
    this.#call('Finalize', null)
  }

  /** What the module says of itself: CK_INFO. */
  library(): string {
    const { bytes, maker, description, version } = libraryInfo
    const info = Buffer.alloc(bytes)
    this.#do('GetInfo', info)
    const names = `${textIn(info, maker, nameBytes)} ${textIn(info, description, nameBytes)}`
    return `${names} ${info[version]}.${info[version + 1]}`.trim()
  }

  /** The slots that hold a token. */
  slots(): Handle[] {
    return this.#numbers((memory, count) => this.#do('GetSlotList', 1, memory, count))
  }

  token(slot: Handle): TokenInfo {
    const info = Buffer.alloc(tokenInfo.bytes)
    this.#do('GetTokenInfo', slot, info)
    return {
      label: textIn(info, tokenInfo.label, nameBytes),
      maker: textIn(info, tokenInfo.maker, nameBytes),
      model: textIn(info, tokenInfo.model, modelBytes),
      flags: Number(wordIn(info, tokenInfo.flags)),
      firmware: `${info[tokenInfo.firmware]}.${info[tokenInfo.firmware + 1]}`,
    }
  }

  mechanisms(slot: Handle): ReadonlySet<number> {
    return new Set(this.#numbers((memory, count) => this.#do('GetMechanismList', slot, memory, count)).map(Number))
  }

  /** A list whose length is asked first. */
  #numbers(ask: (memory: Buffer | null, count: Buffer) => void): bigint[] {
    const count = Buffer.alloc(wordBytes)
    ask(null, count)
    const memory = Buffer.alloc(wordBytes * Number(wordIn(count)))
    if (memory.length > 0) ask(memory, count)
    return Array.from({ length: Number(wordIn(count)) }, (_, at) => wordIn(memory, wordBytes * at))
  }

  openSession(slot: Handle): Handle {
    return this.#handle((handle) =>
      this.#do('OpenSession', slot, CKF.SERIAL_SESSION | CKF.RW_SESSION, null, null, handle),
    )
  }

  login(session: Handle, pin: Buffer, who: keyof typeof CKU = 'USER'): void {
    this.#do('Login', session, CKU[who], pin, pin.length)
  }

  find(session: Handle, template: Template, most: number): Handle[] {
    this.#do('FindObjectsInit', session, this.#attributes(template), template.length)
    try {
      const found = Buffer.alloc(wordBytes * most)
      const count = Buffer.alloc(wordBytes)
      this.#do('FindObjects', session, found, most, count)
      return Array.from({ length: Number(wordIn(count)) }, (_, at) => wordIn(found, wordBytes * at))
    } finally {
      this.#do('FindObjectsFinal', session)
    }
  }

  /** The values of attributes, of at most `bytesMax` each; an empty one where the object has none or keeps it to itself. */
  read(session: Handle, object: Handle, attributeNumbers: readonly number[], bytesMax = 1024): Buffer[] {
    const { memory, read } = wanted(attributeNumbers, bytesMax, this.#addressOf)
    const answer = this.#call('GetAttributeValue', session, object, memory, attributeNumbers.length)
    // These two say that some can't be had, and those that can are there all the same (C_GetAttributeValue).
    const partly: readonly number[] = [CKR.ATTRIBUTE_SENSITIVE, CKR.ATTRIBUTE_TYPE_INVALID]
    if (answer !== CKR.OK && !partly.includes(answer)) throw new CryptokiError('GetAttributeValue', answer)
    return read()
  }

  create(session: Handle, template: Template): Handle {
    const memory = this.#attributes(template)
    try {
      return this.#handle((handle) => this.#do('CreateObject', session, memory, template.length, handle))
    } finally {
      memory.fill(0)
    }
  }

  destroy(session: Handle, object: Handle): void {
    this.#do('DestroyObject', session, object)
  }

  generateKey(session: Handle, by: Mechanism, template: Template): Handle {
    return this.#handle((handle) =>
      this.#do('GenerateKey', session, this.#mechanism(by), this.#attributes(template), template.length, handle),
    )
  }

  generateKeyPair(
    session: Handle,
    by: Mechanism,
    publicTemplate: Template,
    privateTemplate: Template,
  ): { readonly publicKey: Handle; readonly privateKey: Handle } {
    const publicKey = Buffer.alloc(wordBytes)
    const privateTemplateMemory = this.#attributes(privateTemplate)
    const privateKey = this.#handle((handle) =>
      this.#do(
        'GenerateKeyPair',
        session,
        this.#mechanism(by),
        this.#attributes(publicTemplate),
        publicTemplate.length,
        privateTemplateMemory,
        privateTemplate.length,
        publicKey,
        handle,
      ),
    )
    return { publicKey: wordIn(publicKey), privateKey }
  }

  wrap(session: Handle, by: Mechanism, wrappingKey: Handle, key: Handle): Buffer {
    return this.#bytes(answerBytesMax, (memory, length) =>
      this.#do('WrapKey', session, this.#mechanism(by), wrappingKey, key, memory, length),
    )
  }

  unwrap(session: Handle, by: Mechanism, wrappingKey: Handle, wrapped: Uint8Array, template: Template): Handle {
    const memory = this.#attributes(template)
    return this.#handle((handle) =>
      this.#do(
        'UnwrapKey',
        session,
        this.#mechanism(by),
        wrappingKey,
        wrapped,
        wrapped.length,
        memory,
        template.length,
        handle,
      ),
    )
  }

  beginSigning(session: Handle, by: Mechanism, key: Handle): void {
    this.#do('SignInit', session, this.#mechanism(by), key)
  }

  sign(session: Handle, data: Uint8Array): Buffer {
    return this.#bytes(answerBytesMax, (memory, length) => this.#do('Sign', session, data, data.length, memory, length))
  }

  beginDecrypting(session: Handle, by: Mechanism, key: Handle): void {
    this.#do('DecryptInit', session, this.#mechanism(by), key)
  }

  decrypt(session: Handle, data: Uint8Array): Buffer {
    return this.#bytes(Math.max(answerBytesMax, data.length), (memory, length) =>
      this.#do('Decrypt', session, data, data.length, memory, length),
    )
  }

  beginEncrypting(session: Handle, by: Mechanism, key: Handle): void {
    this.#do('EncryptInit', session, this.#mechanism(by), key)
  }

  encrypt(session: Handle, data: Uint8Array): Buffer {
    return this.#bytes(Math.max(answerBytesMax, data.length + ciphertextMoreMax), (memory, length) =>
      this.#do('Encrypt', session, data, data.length, memory, length),
    )
  }

  #attributes(template: Template): Buffer {
    return attributes(template, this.#addressOf)
  }

  #mechanism({ name, parameter }: Mechanism): Buffer {
    return mechanism(CKM[name], this.#addressOf, parameter)
  }

  #handle(ask: (handle: Buffer) => void): Handle {
    const handle = Buffer.alloc(wordBytes)
    ask(handle)
    return wordIn(handle)
  }

  /** What a function writes, of which nothing stays behind here. */
  #bytes(bytesMax: number, ask: (memory: Buffer, length: Buffer) => void): Buffer {
    const memory = Buffer.alloc(bytesMax)
    const length = word(bytesMax)
    try {
      ask(memory, length)
      return Buffer.from(memory.subarray(0, Number(wordIn(length))))
    } finally {
      memory.fill(0)
    }
  }
}

const servedPlatform = (): boolean =>
  ['linux', 'darwin'].includes(process.platform) && ['x64', 'arm64', 'riscv64', 'loong64'].includes(process.arch)

/** Text of a fixed length, filled up with blanks; some fill with zeros. */
const textIn = (memory: Buffer, start: number, length: number): string =>
  memory
    .toString('utf8', start, start + length)
    .replace(/[\0 ]+$/, '')
    .trim()
