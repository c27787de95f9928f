import { type Column, type Paint, paintFor, table } from './print.ts'
import type { World } from './world.ts'

type Listing<T> = {
  readonly json: boolean
  readonly heads: readonly (string | Column)[]
  /** What is said where there is nothing; left out where there always is something. */
  readonly none?: readonly string[]
  row(item: T, paint: Paint): readonly string[]
}

/** What a list is made into: one JSON document for programs, else a table, or words where there is nothing. */
export function list<T>(world: World, items: readonly T[], { json, heads, none, row }: Listing<T>): 0 {
  if (json) world.print(JSON.stringify(items))
  else if (none !== undefined && items.length === 0) for (const line of none) world.print(line)
  else {
    const paint = paintFor(world.terminal)
    const columns = heads.map((head) => (typeof head === 'string' ? { head } : head))
    const rows = items.map((item) => row(item, paint))
    for (const line of table(paint, columns, rows)) world.print(line)
  }
  return 0
}
