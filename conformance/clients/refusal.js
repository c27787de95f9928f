/** How a vault refused: the status and the codes, or the words of a client that asked nobody. */
export const refusal = (promise) =>
  promise.then(
    () => 'no refusal',
    ({ statusCode, code, details, message }) =>
      statusCode === undefined ? message : `${statusCode} ${code} ${details?.error?.innerError?.code ?? ''}`.trim(),
  )
