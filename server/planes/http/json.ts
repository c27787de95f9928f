/** The media type of JSON as every plane says it, with the encoding that clients of old ask for. */
export const json = 'application/json; charset=utf-8'
