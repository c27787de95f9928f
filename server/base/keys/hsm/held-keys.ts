import { createHash } from 'node:crypto'
import { CryptokiError, type Handle } from './cryptoki.ts'
import type { Token } from './token.ts'

/**
 * Keys that were used last, as objects of our session: unwrapping one takes longer than a signature. They lie inside the
 * token, can't leave it, and go when their place is wanted or the session ends.
 */
export class HeldKeys {
  readonly #token: Token
  readonly #max: number
  readonly #handles = new Map<string, Handle>()

  constructor(token: Token, max: number) {
    this.#token = token
    this.#max = max
  }

  /** The key that is kept as `secret`, unwrapped if it isn't here yet; `as` tells apart what one key is unwrapped for. */
  hold(secret: Uint8Array, as: string, unwrap: () => Handle): Handle {
    const name = `${as} ${createHash('sha256').update(secret).digest('base64')}`
    let handle = this.#handles.get(name)
    if (handle === undefined) {
      // Room is made first, since a token may be full.
      for (const oldest of this.#handles.keys()) {
        if (this.#handles.size < this.#max) break
        this.#forget(oldest)
      }
      handle = unwrap()
    } else this.#handles.delete(name)
    this.#handles.set(name, handle)
    return handle
  }

  #forget(name: string): void {
    const handle = this.#handles.get(name)
    this.#handles.delete(name)
    if (handle === undefined) return
    try {
      this.#token.cryptoki.destroy(this.#token.session, handle)
    } catch (error) {
      // One that is gone already is no loss.
      if (!(error instanceof CryptokiError && error.is('OBJECT_HANDLE_INVALID'))) throw error
    }
  }
}
