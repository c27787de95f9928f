/** One event of a stream. */
export type StreamEvent = { readonly event: string; readonly data: string }

const bufferCharactersMax = 1024 * 1024

/**
 * Reads Server-Sent Events from a text that arrives in pieces. Gives the events that each piece completes; half an event
 * is kept until its end comes, and is nothing if it never does.
 */
export function eventReader(): (piece: string) => StreamEvent[] {
  let rest = ''
  let event = ''
  let data: string[] = []
  return (piece) => {
    const lines = (rest + piece).split(/\r\n|\n|\r(?!$)/)
    rest = lines.pop() ?? ''
    if (rest.length > bufferCharactersMax) throw new RangeError('a line of the stream is too long')
    const complete: StreamEvent[] = []
    for (const line of lines) {
      if (line === '') {
        if (data.length > 0) complete.push({ event, data: data.join('\n') })
        event = ''
        data = []
      }
      const [, field, value = ''] = /^\uFEFF?([^:]+)(?:: ?(.*))?$/.exec(line) ?? []
      if (field === 'event') event = value
      if (field === 'data') data.push(value)
    }
    return complete
  }
}
