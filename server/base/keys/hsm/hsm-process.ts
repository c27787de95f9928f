import { setPriority } from 'node:os'
import { Fault } from '../../fault.ts'
import { wipe } from '../../worker-line.ts'
import type { Enciphered, KeptKey, KeyShape, PrivateJwk } from '../key.ts'
import { Cryptoki, CryptokiError } from './cryptoki.ts'
import type { Reply, Request } from './messages.ts'
import { openToken, started, type TokenView, viewOf } from './token.ts'
import { TokenKeys } from './token-keys.ts'

/**
 * The process that has the module: started by `ModuleProcess`, asked one thing at a time. Foreign code that crashes or
 * hangs does so here, and not in the server.
 */
type Kept = Pick<KeptKey, 'shape' | 'secret'>
type With<Key> = { readonly key: Key; readonly algorithm: string }
type Opening = { readonly module: string; readonly token: string; readonly pin: Uint8Array; readonly heldMax: number }

let keys: TokenKeys | undefined
function opened(): TokenKeys {
  if (keys === undefined) throw new Fault('unavailable', 'The hardware module is not open.')
  return keys
}

const acts = {
  async look({ module, token }: Pick<Opening, 'module' | 'token'>): Promise<TokenView> {
    const cryptoki = await Cryptoki.load(module)
    return started(cryptoki, async () => viewOf(cryptoki, token))
  },
  async open({ module, token, pin, heldMax }: Opening): Promise<void> {
    const cryptoki = await Cryptoki.load(module)
    keys = await started(cryptoki, () => TokenKeys.in(openToken(cryptoki, token, Buffer.from(pin)), heldMax))
  },
  generate: ({ shape }: { readonly shape: KeyShape }): KeptKey => opened().generate(shape),
  adopt: ({ jwk }: { readonly jwk: PrivateJwk }): KeptKey => opened().adopt(jwk),
  sign: ({ key, algorithm, digest }: With<Kept> & { readonly digest: Uint8Array }): Uint8Array =>
    opened().sign(key, algorithm, digest),
  encrypt: ({ key, algorithm, plain }: With<Kept> & { readonly plain: Enciphered }): Enciphered =>
    opened().encrypt(key, algorithm, plain),
  decrypt: ({ key, algorithm, cipher }: With<Kept> & { readonly cipher: Enciphered }): Uint8Array =>
    opened().decrypt(key, algorithm, cipher),
}
export type HsmActs = typeof acts

async function replyTo({ act, asked }: Request): Promise<Reply> {
  try {
    // The other side is typed by the same `HsmActs`, so what is asked is what the act takes.
    const perform = acts[act as keyof HsmActs] as (asked: unknown) => unknown
    return { answer: await perform(asked) }
  } catch (error) {
    if (error instanceof Fault)
      return { fault: { code: error.code, message: error.message, particulars: error.particulars } }
    if (error instanceof CryptokiError) return error.isLoss ? { lost: error.message } : { failed: error.message }
    // The text of an error that nobody foresaw may hold what was worked on.
    return { failed: error instanceof Error ? error.name : 'unknown' }
  }
}

setPriority(10)
// A server that is asked to stop finishes what it has begun, and then lets go of us.
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => {})
process.on('disconnect', () => process.exit())
process.on('message', async (request: Request) => {
  const reply = await replyTo(request)
  process.send?.(reply)
  // What was sent are copies.
  wipe(reply)
  wipe(request)
})
