import { Readable } from 'node:stream'
import { spec } from 'node:test/reporters'

/**
 * The usual report, and at its end the tests that were skipped, by name and reason. Under `CI=true` one skip fails the
 * run: a suite must not turn green by losing what it tests against.
 */
type Event = {
  readonly type: string
  readonly data: { readonly name: string; readonly file?: string; readonly skip?: string | boolean }
}

export default async function* report(source: AsyncIterable<Event>): AsyncGenerator<string> {
  const skipped: string[] = []
  const watched = async function* () {
    for await (const event of source) {
      if (event.type === 'test:pass' && event.data.skip !== undefined && event.data.skip !== false) {
        skipped.push(`${event.data.name}: ${String(event.data.skip)}`)
      }
      yield event
    }
  }
  for await (const text of Readable.from(watched()).pipe(new spec())) yield String(text)
  if (skipped.length === 0) return
  yield `\nSkipped:\n${skipped.map((line) => `  - ${line}\n`).join('')}`
  if (process.env.CI === 'true') {
    process.exitCode = 1
    yield 'CI is "true", so a skipped test fails the run.\n'
  }
}
