/**
 * What C is given, in one piece of memory: the structure and everything that it points to. So nothing that a pointer
 * leads to can be taken away by the garbage collector while a call lasts, and one `fill(0)` wipes all of it. The numbers
 * and pointers are those of 64-bit systems with little-endian words, on which CK_ULONG has eight bytes and structures
 * aren't packed (PKCS#11 base specification 2.40, 2.1 and 3.6; Windows packs them and isn't served).
 */
export type Value = number | boolean | string | Uint8Array | Template
export type Template = readonly (readonly [attribute: number, value: Value])[]
/** Gives the address of a piece of memory. */
export type AddressOf = (memory: Buffer) => bigint

/** How long a CK_ULONG is, and a pointer. */
export const wordBytes = 8
const attributeBytes = 3 * wordBytes
const mechanismBytes = 3 * wordBytes

/** A number as CK_ULONG. */
export function word(value: number | bigint): Buffer {
  const memory = Buffer.alloc(wordBytes)
  memory.writeBigUInt64LE(BigInt(value))
  return memory
}

/** The CK_ULONG at a place. */
export const wordIn = (memory: Buffer, offset = 0): bigint => memory.readBigUInt64LE(offset)

/** CK_ATTRIBUTE[]: number, pointer and length of each, and their values behind. */
export function attributes(template: Template, addressOf: AddressOf): Buffer {
  const memory = Buffer.alloc(sizeOf(template))
  layOut(template, memory, 0, addressOf(memory))
  return memory
}

/** CK_ATTRIBUTE[] with room for values that the module will write, of at most these lengths. */
export function wanted(
  attributeNumbers: readonly number[],
  bytesMax: number,
  addressOf: AddressOf,
): { readonly memory: Buffer; read(): Buffer[] } {
  const memory = attributes(
    attributeNumbers.map((attribute) => [attribute, new Uint8Array(bytesMax)] as const),
    addressOf,
  )
  const values = attributeNumbers.length * attributeBytes
  return {
    memory,
    read: () =>
      attributeNumbers.map((_, at) => {
        // A length of all ones says that the value isn't available.
        const length = wordIn(memory, at * attributeBytes + 2 * wordBytes)
        const start = values + at * aligned(bytesMax)
        return length > BigInt(bytesMax) ? Buffer.alloc(0) : Buffer.from(memory.subarray(start, start + Number(length)))
      }),
  }
}

/** What a mechanism needs besides: bytes as they are, or a structure of numbers and of bytes that it points to. */
export type Parameter = Uint8Array | readonly (number | Uint8Array)[]

/** CK_MECHANISM: number, pointer to the parameter and its length; behind it the parameter, and what that points to. */
export function mechanism(number: number, addressOf: AddressOf, parameter: Parameter = new Uint8Array()): Buffer {
  const members = parameter instanceof Uint8Array ? [] : parameter
  const length = parameter instanceof Uint8Array ? parameter.length : members.length * wordBytes
  const pointedTo = members.reduce<number>(
    (sum, member) => sum + (typeof member === 'number' ? 0 : aligned(member.length)),
    0,
  )
  const memory = Buffer.alloc(mechanismBytes + aligned(length) + pointedTo)
  const base = addressOf(memory)
  const pointer = (to: number, bytes: number): bigint => (bytes === 0 ? 0n : base + BigInt(to))
  word(number).copy(memory)
  word(pointer(mechanismBytes, length)).copy(memory, wordBytes)
  word(length).copy(memory, 2 * wordBytes)
  if (parameter instanceof Uint8Array) memory.set(parameter, mechanismBytes)
  let free = mechanismBytes + aligned(length)
  for (const [at, member] of members.entries()) {
    const place = mechanismBytes + at * wordBytes
    if (typeof member === 'number') word(member).copy(memory, place)
    else {
      memory.set(member, free)
      word(pointer(free, member.length)).copy(memory, place)
      free += aligned(member.length)
    }
  }
  return memory
}

function bytesOf(value: Exclude<Value, Template>): Uint8Array {
  if (typeof value === 'number') return word(value)
  if (typeof value === 'boolean') return Buffer.of(value ? 1 : 0)
  return typeof value === 'string' ? Buffer.from(value) : value
}
const isTemplate = (value: Value): value is Template => Array.isArray(value)

const aligned = (bytes: number): number => Math.ceil(bytes / wordBytes) * wordBytes

const sizeOf = (template: Template): number =>
  template.reduce(
    (sum, [, value]) => sum + attributeBytes + (isTemplate(value) ? sizeOf(value) : aligned(bytesOf(value).length)),
    0,
  )

function layOut(template: Template, memory: Buffer, start: number, base: bigint): void {
  let free = start + template.length * attributeBytes
  for (const [at, [attribute, value]] of template.entries()) {
    const head = start + at * attributeBytes
    memory.writeBigUInt64LE(BigInt(attribute), head)
    memory.writeBigUInt64LE(base + BigInt(free), head + wordBytes)
    if (isTemplate(value)) {
      layOut(value, memory, free, base)
      memory.writeBigUInt64LE(BigInt(value.length * attributeBytes), head + 2 * wordBytes)
      free += sizeOf(value)
    } else {
      const bytes = bytesOf(value)
      memory.set(bytes, free)
      memory.writeBigUInt64LE(BigInt(bytes.length), head + 2 * wordBytes)
      free += aligned(bytes.length)
    }
  }
}
