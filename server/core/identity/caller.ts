/** Who asks: a principal of our directory, as its token proved. */
export type Caller = {
  readonly objectId: string
  readonly appId: string
}

/** Somebody who proved nothing. Holds no grant, and its attempts are kept all the same. */
export const stranger: Caller = { objectId: '', appId: '' }
