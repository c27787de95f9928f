/**
 * How long access tokens live: as usual, and within what a setting may make of it. Signing keys stay published for as long as
 * the longest after they last signed.
 */
export const tokenLife = { minutesMin: 5, minutesUsual: 60, minutesMax: 1440 } as const

export const tokenLifeSecondsUsual = tokenLife.minutesUsual * 60
export const tokenLifeSecondsMax = tokenLife.minutesMax * 60
