import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { createPlainLog } from './plain-log.ts'

function logged(act: (log: ReturnType<typeof createPlainLog>) => void): string[] {
  const lines: string[] = []
  act(createPlainLog('info', (line) => lines.push(line)))
  return lines
}

describe('the log for people', () => {
  it('says when, how grave, what, and to what', () => {
    const [line] = logged((log) => log.warn({ host: 'a.example', port: 443 }, 'a tunnel could not be opened'))
    assert.match(line ?? '', /^\d\d:\d\d:\d\d {2}warn: a tunnel could not be opened \(host a\.example, port 443\)$/)
  })

  it('says what an error and its causes say, and where one came from that nobody foresaw', () => {
    const error = new Error('it broke', { cause: new Error('it was old') })
    const [warned, failed] = logged((log) => {
      log.warn({ error }, 'a worker can’t look')
      log.error({ error }, 'an operation failed')
    })
    assert.match(warned ?? '', /warn: a worker can’t look: it broke; because: it was old$/)
    assert.match(failed ?? '', /error: an operation failed: it broke; because: it was old\n {4}at /)
  })

  it('leaves out what is below its level', () => {
    assert.deepEqual(
      logged((log) => log.debug('nothing')),
      [],
    )
  })
})
