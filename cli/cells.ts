/** How text lies in the cells of a terminal. */
const segmenter = new Intl.Segmenter('und', { granularity: 'grapheme' })
const isPlain = (text: string): boolean => /^[ -~]*$/.test(text)

/** What a reader sees as letters, however many code points each of them has. */
export const lettersOf = (text: string): readonly string[] =>
  isPlain(text) ? [...text] : Array.from(segmenter.segment(text), ({ segment }) => segment)

/** What East Asian scripts write, and emoji, take two cells (UAX #11: wide and full width). */
const wide =
  /^(?:[[\p{Script=Han}\p{Script=Hangul}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Bopomofo}\p{Script=Yi}\u3000-\u303e\uff01-\uff60\uffe0-\uffe6]--[\uff61-\uffdc]]|\p{RGI_Emoji})/v
/** Marks without a letter to stand on, and what isn't seen at all. */
const unseen = /^[\p{Mark}\p{Format}]+$/v

/** How many cells a text takes. */
export const cellsOf = (text: string): number =>
  isPlain(text)
    ? text.length
    : lettersOf(text).reduce((cells, letter) => cells + (unseen.test(letter) ? 0 : wide.test(letter) ? 2 : 1), 0)

/** As much of the beginning as has room in so many cells. */
export function beginning(letters: readonly string[], cells: number): string {
  let [text, left] = ['', cells]
  for (const letter of letters) {
    left -= cellsOf(letter)
    if (left < 0) break
    text += letter
  }
  return text
}

/** As much of the end as has room in so many cells. */
export function ending(letters: readonly string[], cells: number): string {
  let [text, left] = ['', cells]
  for (const letter of letters.toReversed()) {
    left -= cellsOf(letter)
    if (left < 0) break
    text = letter + text
  }
  return text
}
