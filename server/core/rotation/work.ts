import type { Credential, FarSide, Probe } from '@cardea/contract/rotation/provider'
import { valueBytesMax } from '@cardea/contract/vault/secrets'
import type { Instant } from '#base/clock.ts'
import type { Use } from '#core/consumers/consumers.ts'
import { attest } from '#core/perform.ts'
import type { Lease } from '#core/schedule/schedule.ts'
import { resourceOf, standingOf } from '#core/secrets/secrets.ts'
import { Hand, NotNow, Superseded, wordsMax } from './hand.ts'
import { afterApply, afterCheck, afterRestore, afterRetire, afterReturn, afterUndo } from './machine.ts'
import { givesUpAt } from './policy.ts'
import { publish, publishAgain } from './publish.ts'
import { policyOf, slotsOf } from './rotation-rows.ts'
import type { Engine, Seen } from './steps.ts'

/** After so many attempts in vain, a rotation looks whether anything that it knows still works. */
const lostAfterAttempts = 5

type Outcome = Promise<'again' | 'settled'>

/** Takes one step of one rotation. */
export async function take(engine: Engine, lease: Lease, seen: Seen): Outcome {
  const hand = new Hand(engine, lease, seen)
  const { step } = seen
  try {
    return await (typeof step === 'object' ? hand.move(step.to) : steps[step](hand))
  } catch (error) {
    if (error instanceof Superseded) return 'again'
    if (!(error instanceof NotNow)) throw error
    return hand.wait(error.message)
  }
}

const steps: Record<Extract<Seen['step'], string>, (hand: Hand) => Outcome> = {
  prepare,
  check,
  mint,
  apply,
  publish,
  return: goBack,
  retire,
  restore,
  undo,
}

/** Thinks of the candidate where it is ours to think of, and keeps it before anybody hears of it. */
async function prepare(hand: Hand): Promise<'again'> {
  const { provider, vault, rotation, latest } = hand.seen
  const { times } = hand.engine
  const current = latest === undefined ? undefined : await hand.read(rotation.nameKey)
  const oldSlot = current && (await slotOf(hand, current))
  const slots = provider.slotsOf(hand.binding)
  // Another than what is published now; and, if a human's value is, one that nobody runs on any more.
  const used = new Set((await hand.usersBehind()).map(({ slot }) => slot))
  const free = slots.filter((one) => one !== oldSlot)
  const slot = free.find((one) => !used.has(one)) ?? free[0]
  const candidate = provider.mint === undefined ? provider.propose(hand.binding, slot) : undefined
  if (candidate !== undefined) refuseTooLong(candidate)
  return hand.step('prepare', () =>
    hand.turn(async (turn) => {
      const standing = await standingOf(turn.sql, vault, rotation.nameKey)
      if (standing?.latest.version !== current?.version) throw new Superseded(rotation.nameKey)
      await hand.change(turn, {
        prepared: true,
        baseVersion: current?.version,
        slot,
        oldSlot,
        candidate: candidate === undefined ? undefined : await hand.seal(turn, 'candidate', candidate),
        previous: current && (await hand.seal(turn, 'previous', current.value)),
        givesUp: givesUpAt(times, rotation.started, current?.expires),
        lastError: undefined,
      })
      return 'again' as const
    }),
  )
}

/** Where a published value lives: its slot, or the id under which an earlier rotation had it minted. */
async function slotOf(hand: Hand, current: { readonly value: string; readonly version: string }) {
  const { provider, rotation } = hand.seen
  if (provider.locate !== undefined) {
    const far = await hand.farSide()
    return provider.locate(current.value, hand.limited(far)).catch((error: unknown) => {
      throw new NotNow(hand.say(error))
    })
  }
  if (provider.kind !== 'minted') return provider.slotIn(current.value, hand.binding)
  const { read } = hand.engine.base.database
  return (await slotsOf(read, rotation.vault, rotation.nameKey, [current.version])).get(current.version)
}

function refuseTooLong(candidate: string): void {
  if (Buffer.byteLength(candidate) > valueBytesMax) throw new NotNow('The provider proposed a value that is too long.')
}

/**
 * Nothing is sent before it is known that the far side answers for what is published, nor to a slot that a consumer
 * runs on who hasn't followed the last version yet: to change that would take an old credential away.
 */
async function check(hand: Hand): Outcome {
  const { provider, rotation, latest, vault } = hand.seen
  const { base, times } = hand.engine
  const users = (await hand.usersBehind()).filter(({ slot }) => slot !== undefined && slot === rotation.slot)
  if (users.length > 0) {
    const policy = await policyOf(base.database.read, vault.name, rotation.nameKey)
    const deadline = rotation.reason === 'emergency' ? 0 : (latest?.created ?? 0) + (policy?.graceMs ?? 0)
    const now = hand.seen.now()
    if (now < deadline) {
      const names = users.map(({ application, instance }) => `${application} ${instance}`).join(', ')
      const why = `Waiting for ${names} to leave the credential that is to be changed.`
      return hand.wait(why.slice(0, wordsMax), Math.min(deadline, now + times.silentMs))
    }
    await hand.nameLaggards(users)
  }
  const far = await hand.farSide()
  const previous = await hand.unseal('previous')
  const published =
    previous === undefined || !provider.knows(previous, hand.binding)
      ? 'none'
      : await hand.probe('check', { value: previous, slot: rotation.oldSlot }, far)
  if (afterCheck(published) === 'planned') {
    throw new NotNow('The system that accepts the credential does not answer, so nothing was changed there.')
  }
  if (published === 'invalid') hand.warn('what is published is refused already; going on to replace it')
  return hand.become('applying', {})
}

/**
 * Has the far side make the candidate. A value whose answer was lost is lost: it is swept away before the next is made,
 * which is not before the request that made it must have come to rest.
 */
async function mint(hand: Hand): Outcome {
  const { provider, rotation } = hand.seen
  const far = await hand.farSide()
  await hand.arm()
  const { sweep } = provider
  if (sweep !== undefined && rotation.quietUntil !== undefined) {
    const { refusal } = await hand.request('sweep', () => sweep(hand.limited(far)))
    if (refusal !== undefined) return hand.wait(refusal)
  }
  const minted = await hand.request('mint', () => {
    if (provider.mint === undefined) throw new Error(`The provider ${provider.name} can't mint`)
    return provider.mint(hand.limited(far), rotation.slot)
  })
  if (minted.refusal !== undefined) return hand.wait(minted.refusal)
  const { value, slot } = minted.answer
  refuseTooLong(value)
  return hand.step('keep', () =>
    hand.turn(async (turn) => {
      const candidate = await hand.seal(turn, 'candidate', value)
      await hand.change(turn, { candidate, slot, lastError: undefined, next: turn.at, ...hand.atRest(turn.at) })
      return 'again' as const
    }),
  )
}

/** Makes the far side accept the candidate. What it answers isn't believed; `probe` decides. */
async function apply(hand: Hand): Outcome {
  const { provider, rotation } = hand.seen
  const far = await hand.farSide()
  const candidate = { value: await hand.kept('candidate'), slot: rotation.slot }
  if (rotation.quietUntil !== undefined) {
    const asked = await hand.probe('ask', candidate, far)
    if (asked === 'valid') return hand.become('verified', {})
    // Why the attempt before failed says more than that nothing can be told of it now.
    if (asked === 'unknown')
      throw new NotNow(rotation.lastError ?? 'Whether the new credential is accepted can’t be told yet.')
    // What was minted is there, though not everywhere yet.
    if (provider.mint !== undefined) throw new NotNow('The new credential was made and is not accepted yet.')
  }
  const attempt = await hand.arm()
  const refusal = await hand.send('apply', () => provider.apply(candidate, hand.limited(far)))
  const answer = await hand.probe('probe', candidate, far)
  const lost =
    answer === 'invalid' && refusal !== undefined && attempt >= lostAfterAttempts && (await previousIsLost(hand, far))
  const to = afterApply(answer, lost)
  if (to === 'blocked') return block(hand, refusal)
  if (to === 'applying') return hand.wait(refusal ?? 'The new credential was sent and is not accepted yet.')
  return hand.become(to, {})
}

async function previousIsLost(hand: Hand, far: FarSide<unknown>): Promise<boolean> {
  const previous = await hand.unseal('previous')
  if (previous === undefined) return false
  return (await hand.probe('probe-previous', { value: previous, slot: hand.seen.rotation.oldSlot }, far)) === 'invalid'
}

async function block(hand: Hand, refusal: string | undefined): Outcome {
  const { base, caller, log } = hand.engine
  const { vault, rotation } = hand.seen
  log.error(hand.names({ why: refusal }), 'a rotation is blocked: neither old nor new credential works')
  const deed = { operation: 'RotationBlocked', resource: resourceOf(vault, rotation.nameKey), caller }
  await attest(base, { ...deed, circumstances: hand.circumstances }, 'blocked')
  return hand.become('blocked', { lastError: `Neither the old nor the new credential works. ${refusal}` })
}

/** Goes back to the value before, once the target has said that it still works; else stays where it is, and says why. */
async function goBack(hand: Hand): Outcome {
  const { provider, rotation, latest, live } = hand.seen
  const stay = (why: string) => hand.become('grace', { lastError: why })
  if (latest?.version !== rotation.newVersion) return stay('Somebody set another version meanwhile; theirs stands.')
  if (!live) return stay('The secret was disabled or deleted meanwhile, so it did not go back.')
  const value = await hand.kept('previous')
  if (!provider.knows(value, hand.binding)) return stay('The value before is none of this target’s; set it by hand.')
  const far = await hand.farSide()
  const answer = afterReturn(await hand.probe('probe-previous', { value, slot: rotation.oldSlot }, far))
  if (answer === 'publish') return publishAgain(hand, value)
  if (answer === 'stay') return stay('The value before is refused already, so what is published stands.')
  throw new NotNow('Whether the value before still works can’t be told yet, so what is published stands for now.')
}

/**
 * Takes away what isn't published and was, while what is published works, and proves that it no longer does. Where
 * credentials live side by side and somebody has published another, that is ours as well.
 */
async function retire(hand: Hand): Outcome {
  const { provider, quiet } = hand.seen
  const standing = await standingAtTarget(hand)
  const { far, ours, current, old } = standing
  if (standing.again && provider.knows(current.value, hand.binding)) {
    const outcome = await putBackIfLost(hand, standing)
    if (outcome !== undefined) return outcome
  }
  if (!ours && old.length === 0) {
    if (!quiet) return hand.wait(undefined, hand.seen.rotation.quietUntil)
    return hand.become('done', { lastError: 'Somebody published the old credential again, so it was not taken away.' })
  }
  const left = ours || far.urgent ? [] : await usersOfHumansVersion(hand)
  if ('waitUntil' in left) return hand.wait(undefined, left.waitUntil)
  if (provider.knows(current.value, hand.binding) && (await hand.probe('probe-current', current, far)) !== 'valid') {
    throw new NotNow('What is published does not work now, so the old credential is left alone.')
  }
  let still = quiet
  let unended: string | undefined
  for (const credential of old) {
    const { answer, refusal } = await takeAway(hand, credential, far, { left, ends: far.urgent })
    if (afterRetire(answer, true) !== 'done') throw new NotNow(refusal ?? 'The old credential is not refused yet.')
    if (refusal !== undefined) still = false
    if (far.urgent) unended ??= refusal
  }
  // After a leak it isn't enough that the credential is refused: what it has opened must have ended.
  if (unended !== undefined) return hand.wait(unended)
  return afterRetire('invalid', still) === 'done' ? hand.become('done', {}) : hand.wait(undefined, hand.quietUntil)
}

/** What is published, and what is to be taken away beside it. */
type AtTarget = {
  readonly far: FarSide<unknown>
  /** What is published is what this rotation made. */
  readonly ours: boolean
  /** Somebody has published the old value once more. */
  readonly again: boolean
  readonly current: Credential
  readonly old: readonly Credential[]
}

async function standingAtTarget(hand: Hand): Promise<AtTarget> {
  const { provider, rotation, latest } = hand.seen
  const far = await hand.farSide()
  const candidate = { value: await hand.kept('candidate'), slot: rotation.slot }
  const ours = latest === undefined || latest.version === rotation.newVersion
  const current = ours ? candidate : await published(hand)
  const previous = await hand.unseal('previous')
  const sideBySide = provider.kind === 'set' || provider.kind === 'minted'
  const again = !ours && current.value === previous
  // An operator who went back has done with the candidate, wherever it lives. A human who published the old value once
  // more has said nothing of it: where it has a slot of its own, it stays until its turn comes round.
  const wentBack = again && latest.version === rotation.returnedVersion
  // The only credential of its target is replaced already; what it has opened is still there, which matters after a leak.
  const byValue = sideBySide || (provider.kind === 'single' && far.urgent)
  const old = [
    ...(previous === undefined ? [] : [{ value: previous, slot: rotation.oldSlot }]),
    ...((sideBySide && !ours) || wentBack ? [candidate] : []),
  ].filter(({ value, slot }) =>
    byValue ? value !== current.value && provider.knows(value, hand.binding) : slot !== current.slot,
  )
  return { far, ours, again, current, old }
}

/** A request of ours may have crossed with who published the old value again: then theirs is put back. */
async function putBackIfLost(hand: Hand, { far, current }: AtTarget): Promise<'again' | 'settled' | undefined> {
  const { provider } = hand.seen
  const answer = await hand.probe('ask-published', current, far)
  if (answer === 'valid') return undefined
  if (answer === 'invalid' && provider.mint === undefined) return putBack(hand, current, far)
  throw new NotNow('What somebody published again does not work now, so nothing is taken away.')
}

/** Sends what is published once more, and looks again. */
async function putBack(hand: Hand, credential: Credential, far: FarSide<unknown>): Outcome {
  await hand.arm()
  const refusal = await hand.send('restore', () => hand.seen.provider.apply(credential, hand.limited(far)))
  return hand.wait(refusal, refusal === undefined ? 0 : undefined)
}

/**
 * Who published once more starts the waiting once more: somebody may run on what was published before. Gives who still
 * does when the waiting is over, or until when to wait.
 */
async function usersOfHumansVersion(hand: Hand): Promise<readonly Use[] | { readonly waitUntil: Instant }> {
  const { rotation, latest } = hand.seen
  const now = hand.seen.now()
  const deadline = (latest?.created ?? now) + (rotation.graceUntil ?? 0) - (rotation.published ?? 0)
  const behind = await hand.usersBehind()
  if (now >= deadline || (behind.length === 0 && (await hand.isFollowed()))) return behind
  return { waitUntil: Math.min(deadline, now + hand.engine.times.silentMs) }
}

type Farewell = {
  /** Who is left behind by it. */
  readonly left: readonly Use[]
  /** Whether it is told to the target even where the credential is refused already, to end what that has opened. */
  readonly ends: boolean
}

/** Asks for a credential, and takes it away if it is accepted, naming those who are left behind by that. */
async function takeAway(
  hand: Hand,
  credential: Credential,
  far: FarSide<unknown>,
  { left, ends }: Farewell = { left: [], ends: false },
): Promise<{ readonly answer: Probe; readonly refusal: string | undefined }> {
  const { provider } = hand.seen
  if (provider.kind === 'single') return endReplaced(hand, credential, far)
  const asked = await hand.probe('ask-old', credential, far)
  // What the target makes opens no sessions, and to be told twice would cost it the next one.
  const isTold = asked === 'valid' || (asked === 'invalid' && ends && provider.mint === undefined)
  if (!isTold) return { answer: asked, refusal: undefined }
  await hand.nameLaggards(left)
  await hand.arm()
  const refusal = await hand.send('retire', () => provider.retire(credential, hand.limited(far)))
  return { answer: await hand.probe('probe-old', credential, far), refusal }
}

/**
 * The only credential of its target was taken away by being replaced: what is left to do is to end what it has opened. A
 * target that still lets it in, be it by a memory of logins, would let it open more. So that is ended at once, and once
 * more when it is refused; not at each look in between, since it ends what the new credential has opened as well.
 */
async function endReplaced(
  hand: Hand,
  credential: Credential,
  far: FarSide<unknown>,
): Promise<{ readonly answer: Probe; readonly refusal: string | undefined }> {
  const { provider, rotation } = hand.seen
  // Where nothing is kept of it, nobody could refuse it.
  const isKept = provider.placesOf(hand.binding).length > 0
  const answer = isKept ? await hand.probe('ask-old', credential, far) : 'invalid'
  if (answer !== 'invalid' && rotation.attempt > 0) return { answer, refusal: notRefused[answer] }
  await hand.arm()
  const refusal = await hand.send('retire', () => provider.retire(credential, hand.limited(far)))
  if (answer === 'invalid') return { answer, refusal }
  return { answer, refusal: [notRefused[answer], refusal].join(' ').trimEnd().slice(0, wordsMax) }
}

const notRefused = {
  valid:
    'The target still lets the old credential in, though it has accepted the new one: does it remember logins for a while, or let everybody in? The new one stays, and the old one is asked for again.',
  unknown: 'Whether the target still lets the old credential in can’t be told yet. The new one stays.',
}

/** What everybody reads now, and the slot that it lives in. */
async function published(hand: Hand): Promise<Credential> {
  const { value, version } = await hand.read(hand.seen.rotation.nameKey)
  return { value, slot: await slotOf(hand, { value, version }) }
}

/** Puts back what is published, where our candidate may have displaced it. */
async function restore(hand: Hand): Outcome {
  const { provider, rotation, latest, live, quiet } = hand.seen
  const from = rotation.state === 'retiring' ? 'retiring' : 'compensating'
  const superseded = latest !== undefined && latest.version !== rotation.baseVersion
  // What can't be read can't be put back, and the value before theirs would undo what they did.
  if (superseded && !live) throw new NotNow('Somebody’s version is disabled or deleted, so it can’t be put back now.')
  const value = superseded ? (await hand.read(rotation.nameKey)).value : await hand.unseal('previous')
  const slot = value === undefined ? undefined : provider.slotIn(value, hand.binding)
  let answer: Probe = 'valid'
  const harmed = provider.kind === 'single' || slot === rotation.slot
  if (value !== undefined && harmed && provider.knows(value, hand.binding)) {
    const far = await hand.farSide()
    const credential = { value, slot }
    answer = await hand.probe('ask-published', credential, far)
    if (answer === 'invalid') return putBack(hand, credential, far)
  }
  const to = afterRestore(from, answer, quiet)
  if (to !== from) return hand.become(to, {})
  if (answer === 'valid') return hand.wait(undefined, rotation.quietUntil)
  throw new NotNow('Whether what is published still works can’t be told yet.')
}

/** Takes the candidate away that isn't to be published, and all that was made for it. */
async function undo(hand: Hand): Outcome {
  const { provider, rotation, quiet } = hand.seen
  const far = await hand.farSide()
  const { sweep } = provider
  if (sweep !== undefined) {
    await hand.arm()
    const refusal = await hand.send('sweep', () => sweep(hand.limited(far)))
    return refusal === undefined ? hand.become('aborted', {}) : hand.wait(refusal)
  }
  const value = await hand.unseal('candidate')
  const adopted = value === undefined || (hand.seen.live && (await hand.read(rotation.nameKey)).value === value)
  const { answer, refusal } = adopted
    ? { answer: 'invalid' as const, refusal: undefined }
    : await takeAway(hand, { value, slot: rotation.slot }, far)
  if (answer !== 'invalid') throw new NotNow(refusal ?? 'The credential that was given up is not refused yet.')
  const still = quiet && refusal === undefined
  return afterUndo(answer, still) === 'aborted' ? hand.become('aborted', {}) : hand.wait(undefined, hand.quietUntil)
}
