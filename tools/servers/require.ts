/** What a test needs of the machine: where it was found, or why its tests are skipped. */
export type Need<T> = { readonly found: T | undefined; readonly skip: string | false }

/**
 * Looks for a server that tests start themselves. Where it isn't installed they are skipped by name, with the reason;
 * under `CI=true` a missing server is a failure, so that a suite can't turn green by losing what it tests against.
 *
 *     const postgres = needs('PostgreSQL', findPostgres)
 *     it('logs in', { skip: postgres.skip }, async () => { … })
 */
export function needs<T>(server: string, find: () => T | undefined): Need<T> {
  const found = find()
  if (found === undefined && process.env.CI === 'true') {
    throw new Error(`${server} isn't installed, and where CI is "true" its tests may not be skipped`)
  }
  return { found, skip: found === undefined && `${server} isn't installed` }
}
