/** JSON, with its encoding, which clients of old ask for. */
export const json = 'application/json; charset=utf-8'
