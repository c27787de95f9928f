/** Milliseconds since 1970. Wire formats that count seconds or write dates turn it at the edge. */
export type Instant = number
/** Time is an argument everywhere; this is where it comes from. */
export type Clock = () => Instant

export const systemClock: Clock = Date.now

/** A point in time as whole seconds since 1970, the form that tokens and Key Vault's JSON have. */
export const inSeconds = (at: Instant): number => Math.floor(at / 1000)
/** A time that may not have come is `null` there. */
export const inSecondsOrNull = (at: Instant | undefined): number | null => (at === undefined ? null : inSeconds(at))
/** A point in time that came as seconds. */
export const fromSeconds = (seconds: number): Instant => seconds * 1000
