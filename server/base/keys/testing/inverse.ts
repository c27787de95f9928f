/** What a number is multiplied with to leave one (Euclid's algorithm); of no use if there is no such number. */
export function inverse(number: bigint, modulus: bigint): bigint {
  let [rest, nextRest, factor, nextFactor] = [modulus, number % modulus, 0n, 1n]
  while (nextRest !== 0n) {
    const times = rest / nextRest
    ;[rest, nextRest, factor, nextFactor] = [nextRest, rest - times * nextRest, nextFactor, factor - times * nextFactor]
  }
  return factor < 0n ? factor + modulus : factor
}
