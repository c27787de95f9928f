import { argon2, randomBytes, timingSafeEqual } from 'node:crypto'
import { promisify } from 'node:util'
import { Fault } from './fault.ts'

/**
 * Slow hashes of what people choose: argon2id (RFC 9106) with OWASP's parameters, which stand in each hash so that they
 * can grow. A flood of sign-ins waits here in line instead of taking the machine's memory, and a long line is refused.
 */
const parameters = { memory: 19_456, passes: 2, parallelism: 1 } as const
const tagBytes = 32
const atOnceMax = 2
const waitingMax = 64
/** About how long a full line takes: each of them some 50 ms. */
const lineMs = 2_000

const derive = promisify(argon2)
type Cost = { readonly memory: number; readonly passes: number; readonly parallelism: number }

let running = 0
const waiting: (() => void)[] = []

async function inLine<T>(work: () => Promise<T>): Promise<T> {
  if (running >= atOnceMax) {
    if (waiting.length >= waitingMax) {
      throw new Fault('throttled', 'Too many people sign in at once. Try again.', { retryMs: String(lineMs) })
    }
    await new Promise<void>((resolve) => waiting.push(resolve))
  } else running += 1
  try {
    return await work()
  } finally {
    const next = waiting.shift()
    // Whoever comes next takes the place over.
    if (next === undefined) running -= 1
    else next()
  }
}

const tagOf = (password: string, nonce: Buffer, cost: Cost): Promise<Buffer> =>
  inLine(() =>
    derive('argon2id', { message: Buffer.from(password.normalize('NFC')), nonce, tagLength: tagBytes, ...cost }),
  )

const textOf = ({ memory, passes, parallelism }: Cost, nonce: Buffer, tag: Buffer): string =>
  `$argon2id$v=19$m=${memory},t=${passes},p=${parallelism}$${unpadded(nonce)}$${unpadded(tag)}`
const unpadded = (bytes: Buffer): string => bytes.toString('base64').replace(/=+$/, '')

/** A password's hash, with its salt and parameters. */
export async function hashPassword(password: string): Promise<string> {
  const nonce = randomBytes(16)
  return textOf(parameters, nonce, await tagOf(password, nonce, parameters))
}

const pattern = /^\$argon2id\$v=19\$m=(\d+),t=(\d+),p=(\d+)\$([\w+/]+)\$([\w+/]+)$/
/** For somebody who has no hash: as much work as for somebody who has. */
const nobody = textOf(parameters, Buffer.alloc(16), Buffer.alloc(tagBytes))

/** Whether a hash is this password's. Without a hash it never is, and takes as long to say. */
export async function isPassword(password: string, hash: string | undefined): Promise<boolean> {
  const [, memory, passes, parallelism, salt = '', kept = ''] = pattern.exec(hash ?? nobody) ?? []
  const cost = { memory: Number(memory), passes: Number(passes), parallelism: Number(parallelism) }
  const tag = await tagOf(password, Buffer.from(salt, 'base64'), cost)
  const expected = Buffer.from(kept, 'base64')
  return tag.length === expected.length && timingSafeEqual(tag, expected) && hash !== undefined
}
