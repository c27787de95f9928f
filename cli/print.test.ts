import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { paintFor, table, when, widthOf } from './print.ts'
import { type Answers, run } from './testing/world.ts'

const columns = [{ head: 'SECRET' }, { head: 'TYPE' }, { head: 'TIMES', right: true }, { head: 'SAID' }]
const rows = [
  [
    'orders-db-password',
    'Microsoft.KeyVault.SecretNewVersionCreated',
    '12',
    'the target does not answer: connect refused',
  ],
  ['orders-key', 'short', '7', ''],
]
const made = (width: number | undefined, colours = false) => table(paintFor({ colours, columns: width }), columns, rows)

describe('a table', () => {
  it('is as wide as its cells where no terminal is, and in one that is wide enough', () => {
    const plain = made(undefined)
    assert.deepEqual(plain, [
      'SECRET              TYPE                                        TIMES  SAID',
      `${rows[0]?.[0]}  ${rows[0]?.[1]}     12  ${rows[0]?.[3]}`,
      'orders-key          short                                           7',
    ])
    assert.deepEqual(made(114), plain)
    assert.deepEqual(made(0), plain)
  })

  it('has as many rows as there are', () => {
    const many = Array.from({ length: 200_000 }, (_, at) => [String(at)])
    assert.equal(table(paintFor({ colours: false }), [{ head: 'A' }], many).length, many.length + 1)
  })

  it('breaks text in its widest columns between words, and shortens long words, to fit a terminal', () => {
    assert.deepEqual(made(80), [
      'SECRET              TYPE                       TIMES  SAID',
      'orders-db-password  Microsoft.Ke…rsionCreated     12  the target does not',
      '                                                      answer: connect refused',
      'orders-key          short                          7',
    ])
    for (const width of [113, 100, 60, 50]) {
      const lines = made(width)
      assert.deepEqual(
        lines.filter((line) => widthOf(line) > width),
        [],
      )
      assert.match(lines.join('\n'), /\norders-db-password .*\n(.*\n)*orders-key /)
      const said = lines.slice(1).map((line) => line.slice(lines[0]?.indexOf('SAID')).trim())
      assert.equal(said.join(' ').trim(), rows[0]?.[3])
    }
  })

  it('is left to the terminal where that has no room for what must be whole', () => {
    assert.deepEqual(made(40), made(undefined))
    const whole = columns.map((column) => ({ ...column, whole: true }))
    assert.deepEqual(table(paintFor({ colours: false, columns: 80 }), whole, rows), made(undefined))
  })

  it('gives a cell six lines at most, and says that there is more', () => {
    const long = 'all work and no play makes jack a dull boy '.repeat(9).trim()
    const lines = table(paintFor({ colours: false, columns: 20 }), [{ head: 'A' }, { head: 'B' }], [['a', long]])
    assert.equal(lines.length, 7)
    assert.match(lines.at(-1) ?? '', /…$/)
    assert.ok(lines.every((line) => widthOf(line) <= 20))
  })

  it('paints each line of a cell alone, and counts cells rather than what paints them', () => {
    const paint = paintFor({ colours: true, columns: 40 })
    const [head, ...lines] = table(paint, [{ head: 'A' }, { head: 'B' }], [['a', paint.bad('😀 '.repeat(30).trim())]])
    assert.equal(head, paint.dim('A  B'))
    // Each of them takes two cells: with the spaces between, twelve fill 35 of the 37 that are left.
    const smiling = (count: number) => paint.bad('😀 '.repeat(count).trim())
    assert.deepEqual(lines, [`a  ${smiling(12)}`, `   ${smiling(12)}`, `   ${smiling(6)}`])
  })
})

describe('a list', () => {
  const lastError = 'the target at db.example.org:5432 does not answer: connect ECONNREFUSED, tried seven times'
  const rotation = { state: 'blocked', entered: 1_699_990_000, lastError }
  const item = {
    secret: 'orders-db',
    provider: 'postgres',
    intervalSeconds: 86_400,
    schedule: null,
    due: null,
    rotation,
  }
  const answers: Answers = () => ({ body: { value: [item] } })
  const listed = async (columns?: number, ...more: string[]) =>
    (await run(['rotation', 'list', ...more], { answers, terminal: { out: columns !== undefined, columns } })).out

  it('fits the terminal', async () => {
    for (const columns of [80, 120]) {
      const lines = (await listed(columns)).trimEnd().split('\n')
      assert.deepEqual(
        lines.filter((line) => line.length > columns),
        [],
      )
      assert.ok(lines.length > 2)
    }
  })

  it('is whole for programs, whatever the terminal', async () => {
    assert.match(await listed(), new RegExp(`^SECRET .*\norders-db .*${RegExp.escape(lastError)}\n$`))
    assert.deepEqual(JSON.parse(await listed(80, '--json')), [item])
  })
})

it('what lacks a fiftieth of a unit at most is told as a whole one', () => {
  const now = 1_700_000_000
  const told = (seconds: number) => when(now + seconds, now * 1000)
  assert.equal(told(90 * 86_400 - 2), 'in 90 days')
  assert.equal(told(89 * 86_400), 'in 89 days')
  assert.equal(told(-86_399), '1 day ago')
  assert.equal(told(-84_000), '23 hours ago')
  assert.deepEqual([told(0), told(1), told(-59), told(-58)], ['now', 'in 1 second', '1 minute ago', '58 seconds ago'])
})
