import assert from 'node:assert/strict'
import { it } from 'node:test'
import { stripVTControlCharacters } from 'node:util'
import { paintFor } from '../print.ts'
import type { World } from '../world.ts'
import { drawn, openBoard, type RotationScene, type Scene } from './board.ts'
import { figuresOf, isFlawless } from './play.ts'

const rotation = (number: number, more: Partial<RotationScene> = {}): RotationScene => ({
  number,
  state: 'done',
  waitsFor: [],
  version: `${number}`.repeat(32),
  toUse: new Map([
    ['orders-1', 10 * number],
    ['orders-2', 5],
  ]),
  oldRefused: true,
  ...more,
})
const scene = (...rotations: RotationScene[]): Scene => ({
  target: 'a database',
  perSecond: 100,
  secret: 'orders-db',
  planned: 2,
  current: { version: '2'.repeat(32), login: 'orders_b' },
  instances: [
    {
      name: 'orders-1',
      version: '2'.repeat(32),
      login: 'orders_b',
      count: { served: 1234, failed: 0, errors: new Map() },
    },
    {
      name: 'orders-2',
      version: '1'.repeat(32),
      login: 'orders_a',
      count: { served: 999, failed: 0, errors: new Map() },
    },
  ],
  rotations,
})

it('a rotation that went well counts, and the slowest switch is the p99 of a few', () => {
  const figures = figuresOf(scene(rotation(1), rotation(2)), 'postgresql', 12.34)
  assert.deepEqual(figures, {
    served: 2233,
    failed: 0,
    rotations: 2,
    p50ToUseMs: 5,
    p99ToUseMs: 20,
    oldRefused: 2,
    target: 'postgresql',
    instances: 2,
    samples: 4,
    seconds: 12.3,
  })
  assert.ok(isFlawless(figures, { rotations: 2, instances: 2 }))
})

it('nothing is flawless with a failed request, an open rotation, a living old credential or an instance left behind', () => {
  const good = [rotation(1), rotation(2)] as const
  const wrong = [
    { ...figuresOf(scene(...good), 'x', 1), failed: 1 },
    figuresOf(scene(good[0], rotation(2, { state: 'grace' })), 'x', 1),
    figuresOf(scene(good[0], rotation(2, { oldRefused: false })), 'x', 1),
    figuresOf(scene(good[0], rotation(2, { toUse: new Map([['orders-1', 3]]) })), 'x', 1),
    figuresOf(scene(good[0]), 'x', 1),
  ]
  for (const figures of wrong) assert.ok(!isFlawless(figures, { rotations: 2, instances: 2 }))
})

it('the board shows who runs on what', () => {
  const open = rotation(2, {
    state: 'grace',
    waitsFor: ['orders-2'],
    oldRefused: undefined,
    toUse: new Map([['orders-1', 9]]),
  })
  assert.deepEqual(drawn(scene(rotation(1), open), paintFor({ colours: false })), [
    'target    a database',
    'load      2 instances, 100 requests a second to each',
    'vault     orders-db is version 22222222, login orders_b',
    'rotation  2 of 2: grace, waiting for orders-2',
    '',
    'INSTANCE  RUNS ON   LOGIN     SERVED  FAILED',
    'orders-1  22222222  orders_b   1 234       0',
    'orders-2  11111111  orders_a     999       0',
    '',
    'ROTATION  VERSION   STATE  IN USE EVERYWHERE  OLD CREDENTIAL',
    '       1  11111111  done   after 10 ms        refused',
    '       2  22222222  grace  on 1 of 2',
  ])
})

it('the board is drawn where it was drawn before, also where the terminal breaks its lines', () => {
  const rows = [60, 40, 20].map((columns) => {
    const written: string[] = []
    const terminal = { in: true, out: true, colours: true, columns }
    const world = { terminal, write: (text: string) => void written.push(text) } as unknown as World
    openBoard(scene(rotation(1), rotation(2)), world, paintFor(terminal), false)[Symbol.dispose]()
    const [first = '', again = ''] = written.filter((text) => text.includes('INSTANCE'))
    const lines = stripVTControlCharacters(first).trimEnd().split('\n')
    const taken = lines.reduce((sum, line) => sum + Math.max(1, Math.ceil(line.length / columns)), 0)
    assert.ok(again.startsWith(`\u001b[${taken}A`), `${columns}`)
    return taken
  })
  assert.equal(rows[0], 12)
  assert.ok(Number(rows[1]) > 12 && Number(rows[2]) > Number(rows[1]))
})
