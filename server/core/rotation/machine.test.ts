import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { rotationStates } from '@cardea/contract/cardea/rotations'
import {
  afterApply,
  afterCheck,
  afterRestore,
  afterRetire,
  afterReturn,
  afterUndo,
  isOpen,
  mayBecome,
  nextStep,
  type Situation,
  type Step,
} from './machine.ts'
import { search } from './testing/search.ts'
import type { Guards } from './testing/worker.ts'
import type { Budget, Manner } from './testing/world.ts'

const now: Situation = {
  kind: 'slots',
  mints: false,
  state: 'planned',
  prepared: true,
  known: true,
  sent: false,
  withdrawn: undefined,
  quiet: true,
  graceOver: false,
  retires: true,
  displaced: false,
  accepted: false,
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
    [{ state: 'returning', graceOver: true }, 'return', 'goes back when it is told to, also at the deadline'],
    [{ state: 'retiring' }, 'retire', 'retires'],
    [{ state: 'retiring', givenUp: true }, { to: 'done' }, 'and gives that up in the end'],
    [{ state: 'retiring', givenUp: true, quiet: false }, 'retire', 'but not while its requests are under way'],
    [{ state: 'compensating' }, { to: 'aborted' }, 'has nothing to undo if it sent nothing'],
    [{ state: 'compensating', sent: true }, { to: 'aborted' }, 'nor if it sent to a slot that nobody reads'],
    [{ state: 'compensating', sent: true, quiet: false }, 'wait', 'but waits until nothing is under way'],
    [{ state: 'compensating', sent: true, displaced: true }, 'restore', 'puts back what took its slot'],
    [{ state: 'compensating', sent: true, kind: 'single' }, 'restore', 'puts back the only credential'],
    [{ state: 'compensating', sent: true, kind: 'single', givenUp: true }, { to: 'aborted' }, 'and gives that up'],
    [
      { state: 'compensating', sent: true, kind: 'single', accepted: true },
      { to: 'aborted' },
      'unless an operator has said that it is right as it is',
    ],
    [{ state: 'compensating', sent: true, accepted: true, quiet: false }, 'wait', 'who waits for requests as well'],
    [{ state: 'compensating', sent: true, kind: 'set' }, 'undo', 'takes a candidate away that lives beside others'],
    [{ state: 'compensating', sent: true, kind: 'minted', mints: true }, 'undo', 'and all that was made for it'],
    [
      { state: 'compensating', sent: true, kind: 'minted', mints: true, quiet: false },
      'wait',
      'once no more can be made',
    ],
    [{ state: 'applying', mints: true, known: false }, 'mint', 'has the far side make a value'],
    [{ state: 'applying', mints: true, known: false, quiet: false }, 'wait', 'but never two at once'],
    [{ state: 'grace', kind: 'single', sent: true, graceOver: true, retires: false }, { to: 'done' }, 'has one place'],
    [
      { state: 'grace', kind: 'single', sent: true, graceOver: true, retires: false, displaced: true },
      { to: 'retiring' },
      'where somebody’s change may have crossed with ours',
    ],
    [{ state: 'retiring', kind: 'single', sent: true, displaced: true }, 'restore', 'which is then put right'],
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
    assert.deepEqual(
      [afterReturn('valid'), afterReturn('invalid'), afterReturn('unknown')],
      ['publish', 'stay', 'ask again'],
    )
    assert.deepEqual([afterRetire('invalid', true), afterRetire('invalid', false)], ['done', 'retiring'])
    assert.deepEqual([afterRetire('valid', true), afterRetire('unknown', true)], ['retiring', 'retiring'])
    for (const [from, to] of [
      ['compensating', 'aborted'],
      ['retiring', 'done'],
    ] as const) {
      assert.deepEqual([afterRestore(from, 'valid', true), afterRestore(from, 'valid', false)], [to, from])
      assert.deepEqual([afterRestore(from, 'invalid', true), afterRestore(from, 'unknown', true)], [from, from])
    }
    assert.deepEqual([afterUndo('invalid', true), afterUndo('invalid', false)], ['aborted', 'compensating'])
    assert.deepEqual([afterUndo('valid', true), afterUndo('unknown', true)], ['compensating', 'compensating'])
  })

  it('goes back only from grace, and only to it', () => {
    assert.deepEqual(
      rotationStates.filter((state) => state !== 'returning' && mayBecome(state, 'returning')),
      ['grace'],
    )
    assert.deepEqual(
      rotationStates.filter((state) => state !== 'returning' && mayBecome('returning', state)),
      ['grace'],
    )
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

const all: Guards = { fence: true, verify: true, quarantine: true, occupied: true, sweep: true }
const budget = { rotations: 2, takeovers: 1, crashes: 0, humans: 1, giveUps: 1 }
/** A worker that dies is a zombie that never moves again; one more than the take-overs leaves nobody in between. */
const deadly = { ...budget, crashes: 1, humans: 0 }
/** What people do to a secret, and what a far side does to people. */
const eventful = { ...budget, humans: 0, giveUps: 0, rotations: 1 }
const searches: Budget[] = [
  { ...budget, giveUps: 0 },
  { ...budget, rotations: 1 },
  deadly,
  { ...eventful, rotations: 2, offs: 1 },
  { ...eventful, leaks: 1, humans: 1 },
  { ...eventful, losses: 1, giveUps: 1 },
  { ...eventful, losses: 1, humans: 1, takeovers: 0 },
  { ...eventful, backs: 1, rotations: 2 },
  { ...eventful, backs: 2, crashes: 1 },
  { ...eventful, backs: 1, humans: 1, offs: 1, takeovers: 0 },
  { ...eventful, backs: 1, leaks: 1, takeovers: 0 },
  { ...eventful, backs: 1, humans: 1, takeovers: 0, rotations: 2 },
]
const manners = ['slots', 'single', 'set', 'minted', 'two-key'] as const

describe('every order of crashes, zombies, late requests, human writes, leaks, losses and giving up', () => {
  for (const manner of manners) {
    it(`keeps I1 to I6 and reaches rest, for ${manner}`, (context) => {
      for (const events of searches) {
        const { states, counterexample, stuck } = search(manner, events, all)
        assert.equal(counterexample?.join('\n'), undefined)
        assert.equal(stuck?.join('\n'), undefined)
        context.diagnostic(`${states} states with ${JSON.stringify(events)}`)
      }
    })
  }

  const removed: [guard: keyof Guards, manner: Manner, wrong: RegExp][] = [
    ['fence', 'slots', /I1/],
    ['verify', 'slots', /I1/],
    ['quarantine', 'slots', /I1/],
    ['occupied', 'slots', /I1: a consumer runs on/],
    ['fence', 'set', /I1|I6/],
    ['verify', 'set', /I1/],
    ['quarantine', 'set', /I6/],
    ['fence', 'minted', /I1|I6/],
    ['quarantine', 'minted', /I6/],
    ['sweep', 'minted', /I6/],
    ['fence', 'two-key', /I1/],
    ['quarantine', 'two-key', /I1/],
  ]
  for (const [guard, manner, wrong] of removed) {
    it(`breaks a promise without the guard ${guard}, for ${manner}`, (context) => {
      const { counterexample } = search(manner, budget, { ...all, [guard]: false })
      assert.match(counterexample?.at(-1) ?? 'nothing broke', wrong)
      context.diagnostic(counterexample?.join(' · ') ?? '')
    })
  }
})
