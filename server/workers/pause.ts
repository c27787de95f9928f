const minute = 60_000
const pauseMsMax = 60 * minute

/** For how long something is left alone that has failed so often before: a minute, then twice as long each time, an hour at most. */
export const pauseAfter = (attempt: number): number => Math.min(pauseMsMax, minute * 2 ** Math.min(attempt, 10))

/** How often it is looked whether a deleted store is back. */
export const absentMs = minute
