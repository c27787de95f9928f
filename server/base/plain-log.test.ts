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

  it('is one line for each thing said, whatever was sent to us: nothing in it breaks the line or moves the cursor', () => {
    const evil = 'a.example\r\n12:00:00  info: all is well\u001b[2J\u2028x\u009bm'
    const lines = logged((log) => {
      log.warn({ host: evil, list: [evil] }, evil)
      log.warn({ error: new Error(evil, { cause: new Error(evil) }) }, 'a worker can’t look')
      log.error({ error: new Error(evil) }, 'an operation failed')
    })
    assert.equal(lines.length, 3)
    for (const line of lines) {
      // biome-ignore lint/suspicious/noControlCharactersInRegex: exactly these must not be in it
      assert.doesNotMatch(line.replaceAll('\n    at ', ''), /[\u0000-\u001f\u007f-\u009f\u2028\u2029]/)
      for (const part of line.split('\n')) assert.doesNotMatch(part, /^\s*12:00:00 {2}info/)
    }
  })

  it('leaves out what is below its level', () => {
    assert.deepEqual(
      logged((log) => log.debug('nothing')),
      [],
    )
  })
})
