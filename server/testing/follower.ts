import { readFileSync } from 'node:fs'
import type { IncomingMessage } from 'node:http'
import { type Agent, request } from 'node:https'
import type { House } from './house.ts'

/** One who follows a change stream as a browser would, and keeps what it hears. */
export type Follower = {
  readonly status: number
  readonly events: { readonly id: number | undefined; readonly event: string; readonly data: Record<string, unknown> }[]
  readonly comments: number
  readonly ended: Promise<void>
  /** Waits until so many events were heard, the hello included. */
  hears(count: number): Promise<void>
  /** Waits until a change of this name was heard. */
  until(name: string): Promise<void>
  /** Stops reading, so that the stream fills up. */
  pause(): void
  resume(): void
  close(): void
}

type Wanted = {
  readonly token: string
  readonly after?: number
  readonly headers?: Record<string, string>
  readonly agent?: Agent
}

export function follow(house: House, host: string, { token, after, headers = {}, agent }: Wanted): Promise<Follower> {
  const ca = readFileSync(house.cardea.caFile as string, 'utf8')
  return new Promise((resolve, reject) => {
    const sent = request({
      host: '127.0.0.1',
      port: house.cardea.port,
      servername: host,
      ca,
      path: `/.cardea/changes${after === undefined ? '' : `?after=${after}`}`,
      headers: { host, authorization: `Bearer ${token}`, accept: 'text/event-stream', ...headers },
      agent: agent ?? false,
    })
    sent.on('error', reject)
    sent.on('response', (answer) => resolve(listening(answer)))
    sent.end()
  })
}

function listening(answer: IncomingMessage): Follower {
  const events: Follower['events'] = []
  let comments = 0
  let rest = ''
  let told: () => void = () => {}
  let isOver = false
  answer.setEncoding('utf8')
  answer.on('data', (part: string) => {
    const blocks = (rest + part).split('\n\n')
    rest = blocks.pop() ?? ''
    for (const block of blocks) {
      if (block.startsWith(':')) comments += 1
      else events.push(eventIn(block))
    }
    told()
  })
  const ended = new Promise<void>((resolve) => {
    answer.on('error', () => {})
    answer.on('close', () => {
      isOver = true
      told()
      resolve()
    })
  })
  async function heard(what: string, so: () => boolean): Promise<void> {
    let isLate = false
    const late = setTimeout(() => {
      isLate = true
      told()
    }, 10_000)
    while (!so() && !isOver && !isLate) {
      await new Promise<void>((resolve) => {
        told = resolve
      })
    }
    clearTimeout(late)
    if (!so()) throw new Error(`${what} was never heard; there were ${events.length} events`)
  }
  return {
    status: answer.statusCode ?? 0,
    events,
    get comments() {
      return comments
    },
    ended,
    hears: (count) => heard(`${count} events`, () => events.length >= count),
    until: (name) => heard(name, () => events.some(({ data }) => data.name === name)),
    pause: () => void answer.pause(),
    resume: () => void answer.resume(),
    close: () => answer.destroy(),
  }
}

function eventIn(block: string): Follower['events'][number] {
  const fields = new Map(block.split('\n').map((line) => line.split(': ', 2) as [string, string]))
  const id = fields.get('id')
  const line = block.split('\n').find((one) => one.startsWith('data: ')) ?? 'data: {}'
  return {
    id: id === undefined ? undefined : Number(id),
    event: fields.get('event') ?? '',
    data: JSON.parse(line.slice(6)),
  }
}
