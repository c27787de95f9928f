import { Reply } from '../plane.ts'

const json = { 'content-type': 'application/json; charset=utf-8' }

/** 201 for what is new, 200 for what was there before. */
export const put = (fresh: boolean, body: object): Reply => new Reply(fresh ? 201 : 200, json, JSON.stringify(body))

/** Deleting what isn't there is no error in Resource Manager: 204. */
export const deleted = (there: boolean): Reply => new Reply(there ? 200 : 204, {})

/** A list, all of it at once. */
export const listed = (value: readonly object[]): object => ({ value })

/** Whether a name can be given, and why not. */
export const availability = (taken: { readonly reason: string; readonly message: string } | undefined): object =>
  taken === undefined ? { nameAvailable: true } : { nameAvailable: false, ...taken }
