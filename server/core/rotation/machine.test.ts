import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { rotationStates } from '@cardea/contract/cardea/rotations'
import {
  afterApply,
  afterCheck,
  afterRestore,
  afterRetire,
  isOpen,
  mayBecome,
  nextStep,
  type Situation,
  type Step,
} from './machine.ts'
import { type Guards, search } from './testing/world.ts'

const now: Situation = {
  kind: 'slots',
  state: 'planned',
  prepared: true,
  sent: false,
  withdrawn: undefined,
  quiet: true,
  graceOver: false,
  retires: true,
  displaced: false,
  givenUp: false,
}

describe('a rotation', () => {
  const wishes: [situation: Partial<Situation>, step: Step, why: string][] = [
    [{ state: 'planned', prepared: false }, 'prepare', 'thinks before it speaks'],
    [{ state: 'planned' }, 'check', 'looks before it sends'],
    [{ state: 'planned', withdrawn: 'disabled' }, { to: 'compensating' }, 'gives way before it has begun'],
    [{ state: 'applying' }, 'apply', 'sends'],
    [{ state: 'applying', withdrawn: 'superseded' }, { to: 'compensating' }, 'gives way to a human'],
    [{ state: 'verified' }, 'publish', 'publishes what is proven'],
    [{ state: 'verified', withdrawn: 'unbound' }, { to: 'compensating' }, 'gives way also when it is proven'],
    [{ state: 'grace' }, 'wait', 'waits for consumers'],
    [{ state: 'grace', withdrawn: 'superseded' }, 'wait', 'goes on once it is published'],
    [{ state: 'grace', graceOver: true }, { to: 'retiring' }, 'then takes the old credential away'],
    [{ state: 'grace', graceOver: true, quiet: false }, 'wait', 'but not while its requests are under way'],
    [{ state: 'grace', graceOver: true, retires: false }, { to: 'done' }, 'or lets it be'],
    [{ state: 'retiring' }, 'retire', 'retires'],
    [{ state: 'retiring', givenUp: true }, { to: 'done' }, 'and gives that up in the end'],
    [{ state: 'retiring', givenUp: true, quiet: false }, 'retire', 'but not while its requests are under way'],
    [{ state: 'compensating' }, { to: 'aborted' }, 'has nothing to undo if it sent nothing'],
    [{ state: 'compensating', sent: true }, { to: 'aborted' }, 'nor if it sent to a slot that nobody reads'],
    [{ state: 'compensating', sent: true, quiet: false }, 'wait', 'but waits until nothing is under way'],
    [{ state: 'compensating', sent: true, displaced: true }, 'restore', 'puts back what took its slot'],
    [{ state: 'compensating', sent: true, kind: 'single' }, 'restore', 'puts back the only credential'],
    [{ state: 'compensating', sent: true, kind: 'single', givenUp: true }, { to: 'aborted' }, 'and gives that up'],
    [{ state: 'blocked' }, 'wait', 'waits for an operator when nothing works'],
    [{ state: 'blocked', withdrawn: 'superseded' }, { to: 'compensating' }, 'who may set a value that does'],
    [{ state: 'done' }, 'wait', 'has an end'],
  ]
  for (const [situation, step, why] of wishes) {
    it(why, () => assert.deepEqual(nextStep({ ...now, ...situation }), step))
  }

  it('believes nothing but a clear yes or a clear no', () => {
    assert.deepEqual(
      [afterCheck('valid'), afterCheck('none'), afterCheck('invalid')],
      ['applying', 'applying', 'applying'],
    )
    assert.equal(afterCheck('unknown'), 'planned')
    assert.deepEqual(
      [
        afterApply('valid', false),
        afterApply('valid', true),
        afterApply('invalid', false),
        afterApply('invalid', true),
      ],
      ['verified', 'verified', 'applying', 'blocked'],
    )
    assert.deepEqual([afterApply('unknown', false), afterApply('unknown', true)], ['applying', 'applying'])
    assert.deepEqual([afterRetire('invalid', true), afterRetire('invalid', false)], ['done', 'retiring'])
    assert.deepEqual([afterRetire('valid', true), afterRetire('unknown', true)], ['retiring', 'retiring'])
    assert.deepEqual([afterRestore('valid', true), afterRestore('valid', false)], ['aborted', 'compensating'])
    assert.deepEqual([afterRestore('invalid', true), afterRestore('unknown', true)], ['compensating', 'compensating'])
  })

  it('ends in two states, and never leaves them', () => {
    assert.deepEqual(
      rotationStates.filter((state) => !isOpen(state)),
      ['done', 'aborted'],
    )
    for (const state of rotationStates) {
      assert.equal(mayBecome('done', state), false)
      assert.equal(mayBecome('aborted', state), false)
    }
    assert.equal(mayBecome('planned', 'grace'), false)
    assert.equal(mayBecome('applying', 'grace'), false)
  })
})

const all: Guards = { fence: true, verify: true, quarantine: true, occupied: true }
const budget = { rotations: 2, takeovers: 1, crashes: 0, humans: 1, giveUps: 1 }
/** A worker that dies is a zombie that never moves again; one more than the take-overs leaves nobody in between. */
const deadly = { ...budget, crashes: 1, humans: 0 }

describe('every order of crashes, zombies, late requests, human writes and giving up', () => {
  for (const kind of ['slots', 'single'] as const) {
    it(`keeps I1 to I6 and reaches rest, for ${kind}`, (context) => {
      for (const events of [budget, deadly]) {
        const { states, counterexample, stuck } = search(kind, events, all)
        assert.equal(counterexample?.join('\n'), undefined)
        assert.equal(stuck?.join('\n'), undefined)
        context.diagnostic(`${states} states with ${JSON.stringify(events)}`)
        assert.ok(states > 10_000)
      }
    })
  }

  const removed: [guard: keyof Guards, wrong: RegExp][] = [
    ['fence', /I1/],
    ['verify', /I1/],
    ['quarantine', /I1/],
    ['occupied', /I1: a consumer runs on/],
  ]
  for (const [guard, wrong] of removed) {
    it(`breaks a promise without the guard ${guard}`, (context) => {
      const { counterexample } = search('slots', budget, { ...all, [guard]: false })
      assert.match(counterexample?.at(-1) ?? 'nothing broke', wrong)
      context.diagnostic(counterexample?.join(' · ') ?? '')
    })
  }
})
