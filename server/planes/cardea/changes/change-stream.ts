import { Readable } from 'node:stream'
import type { Change } from '@cardea/contract/cardea/changes'
import type { Instant } from '#base/clock.ts'
import { Fault } from '#base/fault.ts'
import type { Wish } from '#core/access/access.ts'
import type { KeptChange } from '#core/events/events.ts'
import type { Feeds, Follower } from '#core/events/feed.ts'
import type { Caller } from '#core/identity/caller.ts'
import type { Base } from '#core/perform.ts'
import { type Call, Reply } from '../../plane.ts'
import type { Around } from '../around.ts'

type Action = 'secrets/get' | 'settings/read'

const headers = {
  'content-type': 'text/event-stream; charset=utf-8',
  'cache-control': 'no-store',
  // Proxies that buffer would keep the changes to themselves.
  'x-accel-buffering': 'no',
}

/** The change stream of a vault or store, as an answer that goes on. */
export function follow(
  { base, feeds }: Around,
  action: Action,
  { resourceId }: { readonly resourceId: string },
  caller: Caller,
  call: Call,
  after: number | undefined,
): Reply {
  feeds.refuseCrowd(caller.objectId)
  const wish = { caller, action, resource: resourceId, reach: 'within' } as const
  const cursor = cursorOf(call, after)
  const stream = new ChangeStream({ base, feeds, wish, scope: resourceId, after: cursor, expires: caller.expires })
  return new Reply(200, headers, stream)
}

/** Where to resume: what a browser repeats by itself counts before what the first URL said. */
function cursorOf({ headers }: Call, after: number | undefined): number | undefined {
  const given = headers['last-event-id']
  if (given === undefined || given === '') return after
  if (typeof given !== 'string' || !/^\d{1,15}$/.test(given)) {
    throw new Fault('invalid', 'Last-Event-ID must be the number of an event.', { where: 'Last-Event-ID' })
  }
  return Number(given)
}

type Following = {
  readonly base: Base
  readonly feeds: Feeds
  /** Who follows, and by which right: to each change it must reach. */
  readonly wish: Wish<Action>
  /** The resource id of the vault or store. */
  readonly scope: string
  /** The last change that the client has heard of. */
  readonly after: number | undefined
  readonly expires: Instant | undefined
}

const heartbeatMs = 15_000
/** A client that has taken nothing for so many heartbeats is let go; it resumes where it was. */
const blockedBeatsMax = 2
/** Longer timers fire at once. */
const timerMsMax = 2 ** 31 - 1

/**
 * Server-Sent Events of one client. It pulls from the feed as fast as the client takes them, tells of nothing that the
 * caller may not read by then, and ends as soon as the caller may read nothing here any more. It begins when it is
 * first read, so one that is never sent costs nothing.
 */
class ChangeStream extends Readable {
  readonly #following: Following
  #follower: Follower | undefined
  #closed: () => void = () => undefined
  #cursor = 0
  #permit: { allows(action: Action, resource: string): boolean } | undefined
  #epoch = -1
  /** Whether the caller may read a secret, as of the epoch. */
  readonly #targets = new Map<string, boolean>()
  #wanted = false
  #pumping = false
  #moved = false
  #blockedBeats = 0
  #heartbeat: NodeJS.Timeout | undefined
  #expiry: NodeJS.Timeout | undefined

  constructor(following: Following) {
    super({ highWaterMark: 64 * 1024, encoding: 'utf8' })
    this.#following = following
  }

  override _read(): void {
    this.#wanted = true
    this.#blockedBeats = 0
    if (this.#follower === undefined) this.#begin()
    void this.#pump()
  }

  override _destroy(error: Error | null, done: (error?: Error | null) => void): void {
    clearInterval(this.#heartbeat)
    clearTimeout(this.#expiry)
    this.#follower?.leave()
    this.#closed()
    done(error)
  }

  #begin(): void {
    const { base, feeds, scope, after, expires, wish } = this.#following
    this.#closed = feeds.opened(wish.caller.objectId)
    this.#follower = feeds.join(scope, () => {
      this.#moved = true
      void this.#pump()
    })
    // A cursor from beyond the journal's end is one of another journal, restored from a backup since.
    this.#cursor = Math.min(after ?? Number.POSITIVE_INFINITY, base.database.sequence)
    this.#say(`event: hello\ndata: ${JSON.stringify({ sequence: base.database.sequence })}\n\n`)
    this.#heartbeat = setInterval(() => this.#beat(), heartbeatMs).unref()
    if (expires !== undefined) {
      const left = Math.min(Math.max(expires - base.clock(), 0), timerMsMax)
      this.#expiry = setTimeout(() => this.#end(), left).unref()
    }
  }

  #say(text: string): void {
    this.#wanted = this.push(text)
  }

  #end(): void {
    if (!this.destroyed && !this.readableEnded) this.push(null)
    this.#wanted = false
    this.#follower?.leave()
  }

  #beat(): void {
    const { expires, base } = this.#following
    if (expires !== undefined && base.clock() >= expires) this.#end()
    else if (this.#wanted) {
      this.#say(':\n\n')
      void this.#pump()
    } else {
      this.#blockedBeats += 1
      if (this.#blockedBeats >= blockedBeatsMax) this.destroy()
    }
  }

  /** Tells what there is to tell, for as long as the client takes it. One at a time. */
  async #pump(): Promise<void> {
    this.#moved = true
    if (this.#pumping) return
    this.#pumping = true
    try {
      while ((this.#wanted || this.#stale()) && this.#moved && !this.destroyed) {
        this.#moved = false
        if (!(await this.#tell())) this.#moved = true
      }
    } catch {
      // Forbidden by now, or the journal can't be read: either way the client asks anew and is told why.
      this.#end()
    } finally {
      this.#pumping = false
    }
  }

  #stale(): boolean {
    return this.#following.base.database.epoch !== this.#epoch
  }

  /** Tells one piece of the journal; true when that was all. */
  async #tell(): Promise<boolean> {
    const { base, wish } = this.#following
    const { database, access } = base
    const piece = await (this.#follower as Follower).after(this.#cursor)
    const epoch = Math.max(piece.epoch, database.epoch)
    if (epoch > this.#epoch) {
      this.#permit = await access.permitAt(database, epoch, wish)
      this.#epoch = epoch
      this.#targets.clear()
    }
    await this.#lookAtTargets(piece.changes)
    // Nothing is awaited from here on: what is told is allowed at this moment.
    if (database.epoch > this.#epoch) return false
    const heard = piece.changes.filter(
      ({ told, target }) =>
        this.#permit?.allows(wish.action, told.resource) && (target === undefined || this.#targets.get(target)),
    )
    this.#cursor = Math.max(this.#cursor, piece.upTo)
    if (heard.length > 0) this.#say(heard.map(({ told }) => eventOf(told)).join(''))
    return piece.whole
  }

  /** Looks up which of the secrets that settings point at the caller may read. */
  async #lookAtTargets(changes: readonly KeptChange[]): Promise<void> {
    const { base, wish } = this.#following
    for (const { target } of changes) {
      if (target === undefined || this.#targets.has(target)) continue
      const reading = { caller: wish.caller, action: 'secrets/get', resource: target } as const
      this.#targets.set(target, await base.access.allowsAt(base.database, this.#epoch, reading))
    }
  }
}

/** Written once for all who are told. */
const texts = new WeakMap<Change, string>()
function eventOf(change: Change): string {
  let text = texts.get(change)
  if (text === undefined) {
    text = `id: ${change.sequence}\nevent: ${change.type}\ndata: ${JSON.stringify(change)}\n\n`
    texts.set(change, text)
  }
  return text
}
