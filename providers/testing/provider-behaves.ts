import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { describe, it } from 'node:test'
import { inspect } from 'node:util'
import type { Credential, FarSide, Provider } from '@cardea/contract/rotation/provider'

/** Where a provider is put to the test: a binding of its own, not yet known to the far side. */
export type Setting<Binding> = {
  readonly binding: Binding
  readonly secrets: Readonly<Record<string, string>>
  /** Absent where the provider only thinks of values. */
  readonly farSide?: {
    /** All that the far side keeps about this binding, to see whether it has changed. */
    state(): Promise<unknown>
    /** The same binding where nobody listens. */
    readonly unreachable: { readonly binding: Binding; readonly secrets: Readonly<Record<string, string>> }
  }
}

/** What every provider promises; `open` makes a new setting for each test. `thinksOnly`: it has no far side. */
export function providerBehaves<Binding>(
  provider: Provider<Binding>,
  open: () => Promise<Setting<Binding>>,
  { skip = false, thinksOnly = false }: { skip?: string | false; thinksOnly?: boolean } = {},
): void {
  /** What only a far side can show isn't asked of a provider that has none. */
  const itsFarSide = (sentence: string, proof: () => Promise<void>) => !thinksOnly && it(sentence, proof)

  describe(`${provider.name}, as a provider`, { skip }, () => {
    it('reads its own binding again as it was', async () => {
      const { binding } = await open()
      assert.deepEqual(provider.binding.read(JSON.parse(JSON.stringify(binding)), 'binding'), binding)
    })

    it('names the secrets it draws on', async () => {
      const { binding, secrets } = await open()
      assert.deepEqual([...provider.secretsOf(binding)].sort(), Object.keys(secrets).sort())
    })

    it('never thinks of the same value twice', async () => {
      const { binding } = await open()
      const values = Array.from({ length: 100 }, () => provider.propose(binding, provider.slotsOf(binding)[0]))
      assert.equal(new Set(values).size, values.length)
    })

    it('finds the slot of a value it has thought of, and none in another', async () => {
      const { binding } = await open()
      for (const slot of provider.slotsOf(binding)) {
        assert.equal(provider.slotIn(provider.propose(binding, slot), binding), slot)
      }
      for (const foreign of ['', 'first', '{', '{}', 'null', 'https://user:password@example.org/']) {
        assert.equal(provider.slotIn(foreign, binding), undefined, foreign)
      }
    })

    it('makes a value valid', async () => {
      const { far, credential } = await begin()
      await provider.apply(credential, far)
      assert.equal(await provider.probe(credential, far), 'valid')
    })

    it('may be asked twice to retire', async () => {
      const { far, credential } = await begin()
      await provider.apply(credential, far)
      await provider.retire(credential, far)
      await provider.retire(credential, far)
    })

    itsFarSide('changes nothing the second time it applies a value', async () => {
      const { far, credential, farSide } = await begin()
      assert.ok(farSide)
      await provider.apply(credential, far)
      const once = await farSide.state()
      await provider.apply(credential, far)
      assert.deepEqual(await farSide.state(), once)
      assert.equal(await provider.probe(credential, far), 'valid')
    })

    itsFarSide('calls a value invalid that was never applied, and one that was retired', async () => {
      const { far, credential, farSide, another } = await begin()
      assert.ok(farSide)
      assert.equal(await provider.probe(credential, far), 'invalid')
      await provider.apply(credential, far)
      assert.equal(await provider.probe(another(), far), 'invalid')
      await provider.retire(credential, far)
      assert.equal(await provider.probe(credential, far), 'invalid')
    })

    itsFarSide('retires a value that was never applied without harm', async () => {
      const { far, credential, farSide, another } = await begin()
      assert.ok(farSide)
      await provider.retire(credential, far)
      await provider.apply(credential, far)
      await provider.retire(another(), far)
      assert.equal(await provider.probe(credential, far), 'valid')
    })

    itsFarSide('applies a value that was retired, as a rotation does that comes round again', async () => {
      const { far, credential, farSide } = await begin()
      assert.ok(farSide)
      await provider.apply(credential, far)
      await provider.retire(credential, far)
      await provider.apply(credential, far)
      assert.equal(await provider.probe(credential, far), 'valid')
    })

    itsFarSide('leaves the other slots alone', async () => {
      const { far, another } = await begin()
      const [one, other] = provider.slotsOf(far.binding)
      if (other === undefined) return
      const [kept, changed] = [another(one), another(other)]
      await provider.apply(kept, far)
      await provider.apply(changed, far)
      assert.equal(await provider.probe(kept, far), 'valid')
      await provider.retire(changed, far)
      assert.equal(await provider.probe(kept, far), 'valid')
    })

    itsFarSide('sends nothing once the signal has aborted', async () => {
      const { far, credential, farSide } = await begin()
      assert.ok(farSide)
      const before = await farSide.state()
      const late = { ...far, signal: AbortSignal.abort() }
      await assert.rejects(provider.apply(credential, late))
      assert.deepEqual(await farSide.state(), before)
      assert.equal(await provider.probe(credential, late), 'unknown')

      await provider.apply(credential, far)
      await assert.rejects(provider.retire(credential, late))
      assert.equal(await provider.probe(credential, far), 'valid')
    })

    itsFarSide('calls a far side unknown that it cannot reach', async () => {
      const { far, credential, farSide } = await begin()
      assert.ok(farSide)
      const nowhere = { ...far, ...farSide.unreachable }
      assert.equal(await provider.probe(credential, nowhere), 'unknown')
      await assert.rejects(provider.apply(credential, nowhere))
      await assert.rejects(provider.retire(credential, nowhere))
    })

    itsFarSide('never repeats a value in what it throws', async () => {
      const { far, credential, farSide } = await begin()
      assert.ok(farSide)
      for (const where of [farSide.unreachable, { secrets: {} }]) {
        const told = await provider.apply(credential, { ...far, ...where }).catch((error) => everythingIn(error))
        for (const secret of [credential.value, ...Object.values(far.secrets)])
          assert.ok(!String(told).includes(secret))
      }
    })
  })

  async function begin() {
    const { binding, secrets, farSide } = await open()
    const far: FarSide<Binding> = {
      binding,
      secrets,
      rotationId: randomUUID(),
      livesMs: undefined,
      urgent: false,
      signal: new AbortController().signal,
    }
    const another = (slot: string | undefined = provider.slotsOf(binding)[0]): Credential => ({
      value: provider.propose(binding, slot),
      slot,
    })
    return { far, farSide, another, credential: another() }
  }
}

/** What a careless logger could print of an error, its causes and its own members included. */
const everythingIn = (error: unknown): string => inspect(error, { depth: Number.POSITIVE_INFINITY, showHidden: true })
