import type { Answer, Call, PlaneWords, Route } from '../plane.ts'
import type { Plane } from './hosts.ts'

/** A plane about subjects of one kind: its words and its routes. */
export type ServedAbout<Subject> = {
  readonly plane: Plane
  readonly words: PlaneWords<Subject>
  readonly routes: readonly Route<Subject>[]
  /** The largest body that it takes, in bytes. */
  readonly bodyBytesMax: number
  /** The one way to write a target that its routes know, where its protocol has several. */
  readonly rewrite?: (target: string) => string
}

/** A plane as the listener serves it, whatever it is about. */
export type Served = ServedAbout<unknown>

/**
 * Makes a plane servable whose words and routes are about the same kind of subject. From here on the checker can't see that kind
 * any more, and needn't: what a plane's words find is handed to that plane's words and routes alone.
 */
export const served = <Subject>(plane: ServedAbout<Subject>): Served => plane as unknown as Served

/** Something that needs no permission and has no subject: discovery, tokens, health. */
export type Bare = {
  readonly plane: Plane | 'any'
  readonly method: 'GET' | 'POST'
  readonly path: string
  answer(call: Call): Promise<Answer>
}
