/**
 * Takes secret values out of a text, with the password in each that is a URI or holds one. Providers promise not to say
 * them; an error of a driver may, and what an operator reads must not depend on that.
 */
export function redacted(text: string, values: readonly string[]): string {
  const parts = values.flatMap(partsOf).filter((part) => part.length >= 4)
  parts.sort((a, b) => b.length - a.length)
  return parts.reduce((clean, part) => clean.replaceAll(part, '…'), text)
}

function partsOf(value: string): string[] {
  const password = URL.parse(value)?.password
  const inUri = password ? [password, decoded(password)] : []
  return [value, ...inUri, ...leavesOf(value)]
}

/** The strings in a value that is JSON, except those that only say where it leads. */
function leavesOf(value: string): string[] {
  if (!value.trimStart().startsWith('{')) return []
  try {
    return Object.entries(JSON.parse(value) as Record<string, unknown>)
      .filter(([name, leaf]) => typeof leaf === 'string' && !/^(host|database|username|user)$/i.test(name))
      .map(([, leaf]) => leaf as string)
  } catch {
    return []
  }
}

const decoded = (text: string): string => {
  try {
    return decodeURIComponent(text)
  } catch {
    return text
  }
}
