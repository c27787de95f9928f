import type { Database } from '#base/database.ts'
import { changesIn } from '#core/events/events.ts'
import type { Sight } from '#core/perform.ts'
import type { Store } from '#core/vaults/store.ts'
import type { Address, Condition, Moment, Selection } from './setting.ts'
import { seesOf } from './sight.ts'

/** Which page somebody asks for. */
type PageWish = { readonly selection: Selection; readonly moment: Moment; readonly after: Address | undefined }

/** What a reader keeps of a page to ask whether it is still the same: its etag, and the token of the one that follows. */
export type PageFace = { readonly etag: string; readonly next: string | undefined }

type Known = PageFace & {
  /** The number of the change journal at which it was so. */
  readonly sequence: number
}

/** More pages than this are not kept in memory; those that came first go first. */
const pagesMax = 5_000
/** Nor those that were asked for with more words than this. */
const wordsMax = 1_024

/**
 * Pages that were handed out to readers of a whole store, by what was asked for. Most programs ask again and again
 * whether anything is new, and nothing is: a page of now is still the same while the change journal knows of nothing
 * that happened in its store since, and one of a number is the same for good. Neither needs its settings looked at.
 *
 * What is kept holds for one epoch, as with all memories: a database that lost its tail in a failover moves it, and so
 * does a store that is purged. Readers of a part of a store aren't remembered: what they see depends on who they are.
 */
export class KnownPages {
  readonly #database: Database<never>
  #epoch = -1
  #pages = new Map<string, Known>()

  constructor(database: Database<never>) {
    this.#database = database
  }

  /** What is known of a page, and a place to keep what is read of it now. */
  about({ sql, permit }: Sight<'settings/read'>, store: Store, wish: PageWish): Memory {
    const name = JSON.stringify([store.sealingKey, wish])
    if (wish.moment.kind === 'instant' || name.length > wordsMax || seesOf(permit, store) !== undefined)
      return forgetful
    const pages = this.#current()
    const known = pages.get(name)
    return {
      unchanged: async ({ match, noneMatch }) => {
        if (known === undefined || match !== undefined || noneMatch !== known.etag) return undefined
        if (wish.moment.kind === 'sequence') return known
        const changes = await changesIn(sql, store.resourceId, known.sequence, 1)
        return changes.length === 0 ? known : undefined
      },
      keep: (face, moment) => {
        // A number that no turn has shown yet may be a client's invention, or lost again; a page without settings has none.
        if (moment.kind !== 'sequence' || moment.sequence === 0 || moment.sequence > this.#database.sequence) return
        pages.delete(name)
        if (pages.size >= pagesMax) pages.delete(pages.keys().next().value as string)
        pages.set(name, { ...face, sequence: moment.sequence })
      },
    }
  }

  /** Pages of another epoch are left to those who still read into them, and believed by nobody else. */
  #current(): Map<string, Known> {
    if (this.#epoch !== this.#database.epoch) {
      this.#pages = new Map()
      this.#epoch = this.#database.epoch
    }
    return this.#pages
  }
}

type Memory = {
  /** The page, if a reader demands no more than to hear of a change and there was none; undefined: it has to be read. */
  unchanged(condition: Condition): Promise<PageFace | undefined>
  keep(face: PageFace, moment: Moment): void
}
const forgetful: Memory = { unchanged: async () => undefined, keep: () => {} }
