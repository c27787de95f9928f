import assert from 'node:assert/strict'
import { randomBytes, randomUUID } from 'node:crypto'
import { describe, it } from 'node:test'
import { inspect } from 'node:util'
import type { Credential, FarSide, Provider } from '@cardea/contract/rotation/provider'
import { freePort } from '@cardea/tools/servers/ports'
import { startForgetful, startImpostor, startRelay, startUncalled } from './between.ts'
import { farSideOf, type Setting } from './far-side.ts'

/** What every provider promises; `open` makes a new setting for each test. `thinksOnly`: it has no far side. */
export function providerBehaves<Binding>(
  provider: Provider<Binding>,
  open: () => Promise<Setting<Binding>>,
  { skip = false, thinksOnly = false }: { skip?: string | false; thinksOnly?: boolean } = {},
): void {
  /** What only a far side can show isn't asked of a provider that has none. */
  const itsFarSide = (sentence: string, proof: () => Promise<void>) => !thinksOnly && it(sentence, proof)
  /** What is ours to choose can be thought of; what the far side makes can only be asked for. */
  const mints = provider.mint !== undefined
  const itsChoice = (sentence: string, proof: () => Promise<void>) => !mints && itsFarSide(sentence, proof)
  /** The only credential of its target is replaced, and never taken away. */
  const replaces = provider.kind === 'single'

  describe(`${provider.name}, as a provider`, { skip }, () => {
    it('reads its own binding again as it was', async () => {
      const { binding } = await open()
      assert.deepEqual(provider.binding.read(JSON.parse(JSON.stringify(binding)), 'binding'), binding)
    })

    it('names the secrets it draws on', async () => {
      const { binding, secrets } = await open()
      assert.deepEqual([...provider.secretsOf(binding)].sort(), Object.keys(secrets).sort())
    })

    it('knows no value that leads elsewhere', async () => {
      const { binding } = await open()
      assert.equal(provider.knows('', binding), provider.name === 'random')
    })

    if (!mints)
      it('never thinks of the same value twice', async () => {
        const { binding } = await open()
        const values = Array.from({ length: 100 }, () => provider.propose(binding, provider.slotsOf(binding)[0]))
        assert.equal(new Set(values).size, values.length)
      })

    it('finds the slot of a value it has thought of, and none in another', async () => {
      const { binding } = await open()
      if (!mints)
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

    itsChoice(
      `calls a value invalid that was never applied, and one that was ${replaces ? 'replaced' : 'retired'}`,
      async () => {
        const { far, credential, farSide, another } = await begin()
        assert.ok(farSide)
        assert.equal(await provider.probe(credential, far), 'invalid')
        await provider.apply(credential, far)
        assert.equal(await provider.probe(await another(), far), 'invalid')
        if (replaces) await provider.apply(await another(), far)
        else await provider.retire(credential, far)
        assert.equal(await provider.probe(credential, far), 'invalid')
      },
    )

    if (replaces)
      itsChoice('never takes the only credential away, whatever it is told to retire', async () => {
        const { far, credential, farSide, another } = await begin()
        assert.ok(farSide)
        const old = await another()
        await provider.apply(old, far)
        await provider.apply(credential, far)
        const before = await farSide.state()
        for (const urgent of [false, true])
          for (const told of [old, credential, await another()]) await provider.retire(told, { ...far, urgent })
        assert.deepEqual(await farSide.state(), before)
        assert.equal(await provider.probe(credential, far), 'valid')
      })

    itsChoice('retires a value that was never applied without harm', async () => {
      const { far, credential, farSide, another } = await begin()
      assert.ok(farSide)
      await provider.retire(credential, far)
      await provider.apply(credential, far)
      await provider.retire(await another(), far)
      assert.equal(await provider.probe(credential, far), 'valid')
    })

    itsChoice('applies a value that was retired, as a rotation does that comes round again', async () => {
      const { far, credential, farSide } = await begin()
      assert.ok(farSide)
      await provider.apply(credential, far)
      await provider.retire(credential, far)
      await provider.apply(credential, { ...far, attempt: 'the next' })
      assert.equal(await provider.probe(credential, far), 'valid')
    })

    itsFarSide('leaves the other slots alone', async () => {
      const { far, another } = await begin()
      const [one, other] = provider.slotsOf(far.binding)
      if (other === undefined) return
      const [kept, changed] = [await another(one), await another(other)]
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
      await assert.rejects(change(credential, late))
      assert.deepEqual(await farSide.state(), before)
      assert.equal(await provider.probe(credential, late), 'unknown')

      await provider.apply(credential, far)
      await assert.rejects(retire(credential, late))
      assert.equal(await provider.probe(credential, far), 'valid')
    })

    itsFarSide('calls a far side unknown that it cannot reach', async () => {
      const { far, credential, farSide } = await begin()
      assert.ok(farSide)
      await nothingIsKnown(credential, { ...far, ...farSide.at(await freePort()) })
    })

    for (const manner of ['says nothing', 'hangs up', 'talks nonsense', 'never ends'] as const) {
      itsFarSide(`calls a far side unknown that ${manner}`, async () => {
        const { far, credential, farSide } = await begin()
        assert.ok(farSide)
        await using between = await startImpostor(manner)
        const signal = AbortSignal.timeout(700)
        await nothingIsKnown(credential, { ...far, ...farSide.at(between.port), signal })
      })
    }

    itsFarSide('can be asked again after an answer that was lost, with one effect', async () => {
      const { far, credential, farSide, another } = await begin()
      assert.ok(farSide)
      await using between = await startForgetful(farSide.port)
      const through = { ...far, ...farSide.at(between.port) }
      // Cut off after each of the first packets in turn: wherever the far side was by then, asking again mends it.
      for (let answers = 0; answers < 12; answers += 1) {
        between.cutAfter(answers)
        await change(credential, through).catch(() => {})
      }
      between.cutAfter(undefined)
      await mended(far, credential, another)
    })

    if (provider.sweep !== undefined) {
      itsFarSide('sweeps away what this rotation has had made, and nothing else', async () => {
        const { far, credential } = await begin()
        const other = { ...far, rotationId: randomUUID() }
        const theirs = await (provider.mint as NonNullable<typeof provider.mint>)(other, undefined)
        await provider.sweep?.(far)
        await provider.sweep?.(far)
        assert.equal(await provider.probe(credential, far), 'invalid')
        assert.equal(await provider.probe(theirs, other), 'valid')
      })
    }

    itsFarSide('works with a far side that answers slowly', async () => {
      const { far, credential, farSide } = await begin()
      assert.ok(farSide)
      await using between = await startRelay(farSide.port, 'slowly')
      const slow = { ...far, ...farSide.at(between.port) }
      const made = mints
        ? await (provider.mint as NonNullable<typeof provider.mint>)(slow, credential.slot)
        : credential
      await provider.apply(made, slow)
      assert.equal(await provider.probe(made, slow), 'valid')
    })

    itsFarSide('calls a far side unknown that answers by halves, and mends it when asked again', async () => {
      const { far, credential, farSide, another } = await begin()
      assert.ok(farSide)
      await using between = await startRelay(farSide.port, 'by halves')
      await nothingIsKnown(credential, { ...far, ...farSide.at(between.port), signal: AbortSignal.timeout(700) })
      await mended(far, credential, another)
    })

    itsFarSide('is not taken in by a far side that answers twice', async () => {
      const { far, credential, farSide, another } = await begin()
      assert.ok(farSide)
      await using between = await startRelay(farSide.port, 'twice')
      const twice = { ...far, ...farSide.at(between.port), signal: AbortSignal.timeout(2_000) }
      if (!mints) assert.notEqual(await provider.probe(credential, twice), 'valid')
      await change(credential, twice).catch(() => {})
      await mended(far, credential, another)
    })

    itsFarSide('needs an administrator who may do what the guide says, and no more', async () => {
      const { far, farSide, another } = await begin()
      assert.ok(farSide)
      const { least } = await farSide.administrators()
      const humble = { ...far, secrets: least, urgent: true }
      const credential = mints
        ? await (provider.mint as NonNullable<typeof provider.mint>)(humble, provider.slotsOf(far.binding)[0])
        : await another()
      await provider.apply(credential, humble)
      assert.equal(await provider.probe(credential, humble), 'valid')
      await provider.retire(credential, humble)
      assert.equal(await provider.probe(credential, far), replaces ? 'valid' : 'invalid')
    })

    itsFarSide('changes nothing for an administrator who may not', async () => {
      const { far, credential, farSide } = await begin()
      assert.ok(farSide)
      const { powerless } = await farSide.administrators()
      const before = await farSide.state()
      await assert.rejects(change(credential, { ...far, secrets: powerless }))
      assert.deepEqual(await farSide.state(), before)
    })

    itsFarSide('calls nobody with an administrator’s credential that is meant for another place', async () => {
      const { far, credential, farSide } = await begin()
      assert.ok(farSide)
      if (farSide.leadsAnywhere) return
      await using uncalled = await startUncalled()
      const astray = { ...far, binding: farSide.at(uncalled.port).binding }
      await assert.rejects(change(credential, astray), /leads to another|is for other hosts/)
      assert.equal(uncalled.called, 0)
      await assert.rejects(retire(credential, astray))
    })

    it('rehearses, and leaves the far side as it was', async () => {
      const { far, farSide } = await begin()
      const before = await farSide?.state()
      for (let time = 0; time < 2; time += 1) {
        const { checks, clean } = await rehearsed({ ...far, rotationId: randomUUID() })
        assert.deepEqual(
          checks.filter(({ wrong }) => wrong !== null),
          [],
        )
        assert.ok(checks.length > 0)
        assert.equal(clean, true)
      }
      assert.deepEqual(await farSide?.state(), before)
    })

    itsFarSide('takes away what a rehearsal has left that was cut off anywhere, once it is begun again', async () => {
      const { far, farSide } = await begin()
      assert.ok(farSide)
      const before = await farSide.state()
      await using between = await startForgetful(farSide.port)
      const through = { ...far, ...farSide.at(between.port) }
      const [rotationId, seed] = [randomUUID(), randomBytes(32).toString('base64url')]
      for (let answers = 1; answers <= 31; answers += 6) {
        between.cutAfter(answers)
        const signal = AbortSignal.timeout(1_000)
        await rehearsed({ ...through, rotationId, signal }, seed).catch(() => {})
        between.cutAfter(undefined)
        // What stands for the whole place is the same, though it is reached by another port.
        const { clean } = await rehearsed({ ...through, rotationId }, seed)
        assert.equal(clean, true, `cut off after ${answers} answers`)
        assert.deepEqual(await farSide.state(), before, `cut off after ${answers} answers`)
      }
    })

    itsFarSide('says in a rehearsal what is in the way, and leaves nothing behind there either', async () => {
      const { far, farSide } = await begin()
      assert.ok(farSide)
      const { powerless } = await farSide.administrators()
      const before = await farSide.state()
      for (const where of [{ secrets: powerless }, farSide.at(await freePort())]) {
        const { checks, clean } = await rehearsed({ ...far, ...where, rotationId: randomUUID() })
        const wrong = checks.filter(({ wrong }) => wrong !== null)
        assert.ok(wrong.length > 0)
        assert.ok(
          wrong.some(({ remedy }) => remedy !== null),
          JSON.stringify(wrong),
        )
        assert.equal(clean, true)
        for (const secret of [...Object.values(far.secrets), ...Object.values(powerless)])
          assert.ok(!JSON.stringify(checks).includes(secret))
      }
      assert.deepEqual(await farSide.state(), before)
    })

    itsFarSide('never repeats a value in what it throws', async () => {
      const { far, credential, farSide } = await begin()
      assert.ok(farSide)
      for (const where of [farSide.at(await freePort()), { secrets: {} }]) {
        const told = await change(credential, { ...far, ...where }).catch((error) => everythingIn(error))
        for (const secret of [credential.value, ...Object.values(far.secrets)])
          assert.ok(!String(told).includes(secret))
      }
    })
  })

  /** The request that changes the far side. */
  async function change(credential: Credential, far: FarSide<Binding>): Promise<void> {
    if (provider.mint === undefined) await provider.apply(credential, far)
    else await provider.mint(far, credential.slot)
  }

  /** As it is asked for: where nothing is taken away, after a leak only, to end what the credential has opened. */
  const retire = (credential: Credential, far: FarSide<Binding>): Promise<void> =>
    provider.retire(credential, replaces ? { ...far, urgent: true } : far)

  async function rehearsed(far: FarSide<Binding>, seed = randomBytes(32).toString('base64url')) {
    assert.ok(provider.rehearse, 'every provider can be rehearsed, or says what it can’t try')
    return provider.rehearse(far, seed)
  }

  /** Whatever came of what was asked before: asked once more in peace, it is as it should be. */
  async function mended(far: FarSide<Binding>, credential: Credential, another: () => Promise<Credential>) {
    if (mints) await provider.sweep?.(far)
    const last = mints ? await another() : credential
    await provider.apply(last, { ...far, attempt: 'the next' })
    assert.equal(await provider.probe(last, far), 'valid')
  }

  async function nothingIsKnown(credential: Credential, far: FarSide<Binding>): Promise<void> {
    const asked = await Promise.all([
      provider.probe(credential, far),
      assert.rejects(change(credential, far)),
      assert.rejects(retire(credential, far)),
    ])
    assert.equal(asked[0], 'unknown')
  }

  async function begin() {
    const { binding, secrets, farSide } = await open()
    const far = farSideOf(binding, secrets)
    const another = async (slot: string | undefined = provider.slotsOf(binding)[0]): Promise<Credential> =>
      provider.mint?.(far, slot) ?? { value: provider.propose(binding, slot), slot }
    return { far, farSide, another, credential: await another() }
  }
}

/** What a careless logger could print of an error, its causes and its own members included. */
const everythingIn = (error: unknown): string => inspect(error, { depth: Number.POSITIVE_INFINITY, showHidden: true })
