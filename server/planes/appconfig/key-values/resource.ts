import { resourceOf } from '#core/configuration/sight.ts'
import type { Store } from '#core/vaults/store.ts'
import type { Call } from '../../plane.ts'

/** A call about one setting is about the setting's own resource; a list is about the store. */
export const theSetting = ({ key }: Call['params'], store: Store, { label }: Call['query']): string =>
  resourceOf(store, { key: short(key), label: short(label === '\0' ? '' : label) || undefined })
/** The store itself. */
export const theStore = (_: Call['params'], store: Store): string => store.resourceId

/** Permission comes before the form is looked at: what is too long for a key or a label is cut for the journal. */
const short = (text: string | readonly string[] | undefined): string =>
  String(text ?? '')
    .slice(0, 256)
    .toWellFormed()
