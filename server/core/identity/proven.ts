/**
 * Reads on until there are as many as asked for that are ours, or no more: who goes through a list by its pages would take a
 * page with too few for the last one.
 */
export async function provenAfter<Row, One>(
  slice: (after: string) => Promise<readonly Row[]>,
  { after, limit }: { readonly after: string; readonly limit: number },
  idOf: (row: Row) => string,
  proven: (row: Row) => Promise<One | undefined>,
): Promise<One[]> {
  const found: One[] = []
  for (let from = after; found.length < limit; ) {
    const rows = await slice(from)
    found.push(...(await Promise.all(rows.map(proven))).filter((one) => one !== undefined))
    const last = rows.at(-1)
    if (last === undefined || rows.length < limit) break
    from = idOf(last)
  }
  return found.slice(0, limit)
}
