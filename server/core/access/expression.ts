/** The most characters of an expression, and the most steps that it may be made of once its counts are written out. */
const lengthMax = 200
const stepsMax = 256

/** One character, a class of them, or an escaped one. */
const one = String.raw`[A-Za-z0-9_ .-]|\\[dDwWsS.\-^$|()[\]{}*+?\\]|\[\^?(?:[A-Za-z0-9_. -]|\\[dDwWsS.\-\]\\])+\]`
/** What an expression is made of: places, ways that part, groups, and characters with how often each may stand. */
const part = new RegExp(
  String.raw`(?<place>\^|\$|\\b|\\B)|(?<or>\|)|(?<open>\((?:\?:)?)|(?<close>\)(?![*+?{]))|(?<one>${one})(?:(?<often>[*+?])|\{(?<count>\d{1,3})\})?`,
  'y',
)

/** What must hold at a place, or of the character there, and which steps may come next. */
type Step =
  | { readonly is: 'end' }
  | { readonly is: 'place'; readonly of: string; readonly next: number }
  | { readonly is: 'character'; readonly fits: (letter: string) => boolean; readonly next: number }
  | { readonly is: 'ways'; readonly next: number[] }

/** Whether somewhere in a text there is what was described. */
type Expression = (text: string) => boolean

/**
 * A regular expression that a stranger wrote, without repeated groups, references and looks around. All ways through it
 * are gone at once, so the time it takes grows with the text and never with how many ways there are: JavaScript's own
 * engine tries one after the other, and `(a|a)(a|a)…` or `a?a?…` would keep it busy for years. Undefined for what it isn't.
 */
export function expressionFrom(text: string, cased = false): Expression | undefined {
  if (text.length === 0 || text.length > lengthMax) return undefined
  const parts = partsOf(text)
  if (parts === undefined || !isWritten(text)) return undefined
  const steps = new Steps(cased)
  const start = steps.through(parts)
  return start === undefined ? undefined : (given) => isIn(given, steps.all, start)
}

type Part = Readonly<Record<'place' | 'or' | 'open' | 'close' | 'one' | 'often' | 'count', string | undefined>>

function partsOf(text: string): Part[] | undefined {
  const parts: Part[] = []
  for (part.lastIndex = 0; part.lastIndex < text.length; ) {
    const found = part.exec(text)
    if (found === null) return undefined
    parts.push(found.groups as Part)
  }
  return parts
}

/** Whether JavaScript takes it too: `[z-a]` is a range of nothing. Nothing is searched with it. */
function isWritten(text: string): boolean {
  try {
    return new RegExp(text) !== undefined
  } catch {
    return false
  }
}

class Steps {
  readonly all: Step[] = [{ is: 'end' }]
  readonly #flags: string

  constructor(cased: boolean) {
    this.#flags = cased ? '' : 'i'
  }

  /** Where the way through these parts begins; undefined where groups don't close, or there are too many steps. */
  through(parts: readonly Part[]): number | undefined {
    // From the last to the first: so each step knows what comes next. A group is open from its `)` to its `(`.
    const groups: { readonly after: number; readonly ways: number[] }[] = []
    let group: (typeof groups)[number] = { after: 0, ways: [] }
    let next = 0
    for (const { place, or, open, close, one, often, count } of parts.toReversed()) {
      if (this.all.length > stepsMax) return undefined
      if (close !== undefined) {
        groups.push(group)
        group = { after: next, ways: [] }
      } else if (open !== undefined) {
        next = this.#parting([next, ...group.ways])
        const outer = groups.pop()
        if (outer === undefined) return undefined
        group = outer
      } else if (or !== undefined) {
        group.ways.push(next)
        next = group.after
      } else if (place !== undefined) next = this.#add({ is: 'place', of: place, next })
      else {
        const pattern = new RegExp(`^${one}$`, this.#flags)
        next = this.#standing((letter) => pattern.test(letter), often ?? Number(count ?? 1), next)
      }
    }
    return groups.length > 0 || this.all.length > stepsMax ? undefined : this.#parting([next, ...group.ways])
  }

  #standing(fits: (letter: string) => boolean, often: string | number, after: number): number {
    let next = after
    if (typeof often === 'number') {
      for (let times = Math.min(often, stepsMax + 1); times > 0; times -= 1)
        next = this.#add({ is: 'character', fits, next })
      return next
    }
    const ways = often === '?' ? [after] : [after, this.all.length + 1]
    const fork = this.#add({ is: 'ways', next: ways })
    const character = this.#add({ is: 'character', fits, next: often === '?' ? after : fork })
    if (often === '?') ways.push(character)
    return often === '+' ? character : fork
  }

  #parting(next: number[]): number {
    return next.length === 1 ? (next[0] as number) : this.#add({ is: 'ways', next })
  }

  #add(step: Step): number {
    return this.all.push(step) - 1
  }
}

function isIn(text: string, steps: readonly Step[], start: number): boolean {
  let here = new Set<number>()
  for (let at = 0; at <= text.length; at += 1) {
    // It may begin anywhere. A set hands out what is added to it meanwhile, each step once.
    here.add(start)
    const there = new Set<number>()
    for (const index of here) {
      const step = steps[index] as Step
      if (step.is === 'end') return true
      if (step.is === 'ways') for (const way of step.next) here.add(way)
      else if (step.is === 'place') {
        if (isPlace(step.of, text, at)) here.add(step.next)
      } else if (at < text.length && step.fits(text[at] as string)) there.add(step.next)
    }
    here = there
  }
  return false
}

const isWord = (letter: string | undefined): boolean => letter !== undefined && /^\w$/.test(letter)

function isPlace(place: string, text: string, at: number): boolean {
  if (place === '^') return at === 0
  if (place === '$') return at === text.length
  return (isWord(text[at - 1]) !== isWord(text[at])) === (place === '\\b')
}
