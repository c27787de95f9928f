import { happenings } from './happenings.ts'
import { act, type Guards } from './worker.ts'
import { type Budget, broken, copyOf, firstWorld, isRest, keyOf, type Manner, type World } from './world.ts'

/** Every way in which a world may go on. */
function movesOf(manner: Manner, guards: Guards, world: World): readonly (readonly [name: string, next: World])[] {
  const found: [string, World][] = []
  const move = (name: string, change: (next: World) => void) => {
    const next = copyOf(world)
    change(next)
    found.push([name, next])
  }
  happenings(manner, world, move)
  for (const index of world.workers.keys()) act(manner, guards, world, index, move)
  return found
}

type Found = {
  readonly states: number
  readonly counterexample?: readonly string[]
  readonly stuck?: readonly string[]
}

const statesMax = 400_000

/** Every state that can be reached, breadth first; the shortest way to one that breaks a promise or leads nowhere. */
export function search(manner: Manner, budget: Budget, guards: Guards): Found {
  const worlds: World[] = [firstWorld(manner, budget)]
  const numbers = new Map<string, number>([[keyOf(worlds[0] as World), 0]])
  const cameFrom: number[] = [-1]
  const cameBy: string[] = ['']
  const before: number[][] = [[]]
  const way = (end: number): string[] => {
    const steps: string[] = []
    for (let at = end; at > 0; at = cameFrom[at] as number) steps.push(cameBy[at] as string)
    return steps.reverse().filter(Boolean)
  }
  for (let at = 0; at < worlds.length; at += 1) {
    if (worlds.length > statesMax) throw new Error(`More than ${statesMax} states: give it a smaller budget`)
    const world = worlds[at] as World
    const wrong = broken(manner, world)
    if (wrong !== undefined) return { states: worlds.length, counterexample: [...way(at), wrong] }
    for (const [name, next] of movesOf(manner, guards, world)) {
      const key = keyOf(next)
      let number = numbers.get(key)
      if (number === undefined) {
        number = worlds.length
        numbers.set(key, number)
        worlds.push(next)
        cameFrom.push(at)
        cameBy.push(name)
        before.push([])
      }
      before[number]?.push(at)
    }
  }
  // I8: rest must be within reach of every state.
  const reaches = new Uint8Array(worlds.length)
  const queue: number[] = []
  worlds.forEach((world, number) => {
    if (!isRest(world)) return
    reaches[number] = 1
    queue.push(number)
  })
  for (let next = queue.pop(); next !== undefined; next = queue.pop()) {
    for (const number of before[next] as number[]) {
      if (reaches[number] === 1) continue
      reaches[number] = 1
      queue.push(number)
    }
  }
  const stuck = reaches.indexOf(0)
  return { states: worlds.length, ...(stuck >= 0 && { stuck: way(stuck) }) }
}
