import { setTimeout as wait } from 'node:timers/promises'
import type { Credential, FarSide, Kind, Probe, Provider } from '@cardea/contract/rotation/provider'
import { list, optional, record, text } from '@cardea/contract/shape'

/**
 * A system that accepts credentials, in memory: two slots `a` and `b`, one place, or any number side by side, which it may
 * make itself. It can be switched off, made slow, made to lose its answers, and it remembers all that was asked of it.
 * Values look like `a:secret`.
 */
export class FakeFarSide {
  /** By slot; where credentials live side by side, by the credential itself or the id that it was minted under. */
  readonly accepted = new Map<string, string>()
  readonly heard: string[] = []
  readonly values = new Set<string>()
  /** What a memory of logins lets in, though it was replaced. */
  readonly remembered = new Set<string>()
  up = true
  /** Every request is answered, and nothing done. */
  lies = false
  /** Every request is done, and its answer lost. */
  losesAnswers = false
  /** Requests are held until this says go on, and done then whatever became of who sent them. */
  holdsBack: Promise<void> | undefined
  adminPassword: string | undefined
  slowMs = 0
  readonly #kind: Kind
  readonly #admin: string | undefined

  constructor(kind: Kind, admin?: string) {
    this.#kind = kind
    this.#admin = admin
  }

  get provider(): Provider {
    const sideBySide = this.#kind === 'set' || this.#kind === 'minted'
    const keyOf = ({ value, slot }: Credential) => (sideBySide ? (slot ?? value) : (slot ?? 'x'))
    const slots = this.#kind === 'slots' ? ['a', 'b'] : []
    const slotIn = (value: string) => slots.find((slot) => value.startsWith(`${slot}:`))
    let count = 0
    return {
      name: 'fake',
      kind: this.#kind,
      binding: record({ places: optional(list(text())) }),
      secretsOf: () => (this.#admin === undefined ? [] : [this.#admin]),
      placesOf: (binding) => (binding as { places?: string[] }).places ?? [],
      slotsOf: () => slots,
      slotIn,
      knows: (value) => value.includes(':'),
      propose: (_, slot) => {
        count += 1
        const value = `${slot ?? 'x'}:candidate-${count}-${Math.random().toString(36).slice(2)}`
        this.values.add(value)
        return value
      },
      apply: (credential, far) =>
        this.#take('apply', credential, far, () => this.accepted.set(keyOf(credential), credential.value)),
      retire: (credential, far) =>
        this.#take('retire', credential, far, () => {
          // The only credential of its target is replaced, and never taken away.
          if (this.#kind === 'single') return
          if (this.accepted.get(keyOf(credential)) === credential.value) this.accepted.delete(keyOf(credential))
        }),
      probe: (credential) => this.#probe(credential),
      ...(this.#kind === 'minted' && {
        mint: async (far) => {
          count += 1
          const minted = { value: `x:minted-${count}`, slot: `${far.rotationId}/${count}` }
          this.values.add(minted.value)
          await this.#take('mint', { value: minted.value, slot: undefined }, far, () =>
            this.accepted.set(minted.slot, minted.value),
          )
          return minted
        },
        sweep: (far) =>
          this.#take('sweep', { value: '', slot: undefined }, far, () => {
            for (const key of this.accepted.keys()) if (key.startsWith(far.rotationId)) this.accepted.delete(key)
          }),
      }),
    }
  }

  /** Whether a value is accepted now. */
  accepts(value: string): boolean {
    return [...this.accepted.values()].includes(value)
  }

  async #take(what: string, { value, slot = 'x' }: Credential, far: FarSide<unknown>, deed: () => void) {
    if (this.slowMs > 0) await wait(this.slowMs)
    if (!this.up) throw new Error(`connect ECONNREFUSED while sending ${value}`)
    this.heard.push(`${what} ${slot}`)
    if (this.#admin !== undefined && far.secrets[this.#admin] !== this.adminPassword) {
      throw new Error('password authentication failed for user "admin"')
    }
    if (this.holdsBack !== undefined) {
      void this.holdsBack.then(deed)
      throw new Error('The answer never came.')
    }
    if (!this.lies) deed()
    if (this.losesAnswers) throw new Error('The connection was lost.')
  }

  async #probe({ value, slot = 'x' }: Credential): Promise<Probe> {
    if (!this.up) return 'unknown'
    this.heard.push(`probe ${slot}`)
    return this.accepts(value) || this.remembered.has(value) ? 'valid' : 'invalid'
  }
}
