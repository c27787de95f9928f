/** `using` needs two well-known symbols that the first releases of Node 20 lack. */
const known = Symbol as unknown as Record<string, symbol>
known.dispose ??= Symbol('Symbol.dispose')
known.asyncDispose ??= Symbol('Symbol.asyncDispose')

export {}
