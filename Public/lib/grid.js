// Selection, movement and clipboard of a table of cells. Pure; rows and columns from 0.

/** Rows and columns of a selection { r, c, ar, ac }: the cell at hand and the opposite corner. */
export const span = s => ({ top: Math.min(s.r, s.ar), left: Math.min(s.c, s.ac), bottom: Math.max(s.r, s.ar), right: Math.max(s.c, s.ac) })
export const inside = (s, r, c) => { const { top, left, bottom, right } = span(s); return r >= top && r <= bottom && c >= left && c <= right }

const steps = { ArrowUp: [-1, 0], ArrowDown: [1, 0], ArrowLeft: [0, -1], ArrowRight: [0, 1], PageUp: [-20, 0], PageDown: [20, 0], Home: [0, -1e9], End: [0, 1e9] }

/** The selection after a key: Shift stretches it, Ctrl goes to the end; null for a key that does not move. */
export function move(s, key, { shift, ctrl } = {}, rows, columns) {
  const step = steps[key]
  if (!step) return null
  const far = ctrl ? 1e9 : 1, first = ctrl && (key === 'Home' || key === 'End')
  const clip = (n, size) => Math.max(0, Math.min(size - 1, n))
  const r = clip(s.r + (first ? step[1] : step[0] * far), rows), c = clip(s.c + step[1] * far, columns)
  return { r, c, ar: shift ? s.ar : r, ac: shift ? s.ac : c }
}

/** A block as spreadsheets put it on the clipboard: tabs, line ends, quotes around cells that hold such. */
export function parse(text) {
  const rows = [[]]
  let cell = '', i = 0
  const end = () => { rows[rows.length - 1].push(cell); cell = '' }
  while (i < text.length) {
    const ch = text[i]
    if (ch === '"' && cell === '' && /^"(?:[^"]|"")*"(?=[\t\r\n]|$)/.test(text.slice(i))) {
      const whole = /^"(?:[^"]|"")*"/.exec(text.slice(i))[0]
      cell = whole.slice(1, -1).replaceAll('""', '"')
      i += whole.length
    } else if (ch === '\t') { end(); i++ } else if (ch === '\n' || ch === '\r') {
      end()
      i += ch === '\r' && text[i + 1] === '\n' ? 2 : 1
      if (i < text.length) rows.push([])
    } else { cell += ch; i++ }
  }
  if (cell !== '' || !/[\n\r]$/.test(text)) end()
  return rows
}
export const format = rows => rows.map(row => row.map(cell => /[\t\n\r]|^"/.test(cell) ? `"${cell.replaceAll('"', '""')}"` : cell).join('\t')).join('\n')

/** What a pasted block sets: from the first cell on, repeated over a selection that is larger, cut at the end of the table. */
export function paste(s, block, rows, columns) {
  const { top, left, bottom, right } = span(s), tall = block.length, wide = Math.max(...block.map(r => r.length)), cells = []
  const height = Math.max(tall, Math.floor((bottom - top + 1) / tall) * tall), width = Math.max(wide, Math.floor((right - left + 1) / wide) * wide)
  for (let r = 0; r < height && top + r < rows; r++) for (let c = 0; c < width && left + c < columns; c++) cells.push({ r: top + r, c: left + c,
    text: block[r % tall][c % wide] ?? '' })
  return cells
}

/** What fill-down sets: each column from its first row; of a single row, from the row above. */
export function fillDown(s, value) {
  const { top, left, bottom, right } = span(s), from = top === bottom ? top - 1 : top, cells = []
  if (from >= 0) for (let c = left; c <= right; c++) for (let r = from + 1; r <= bottom; r++) cells.push({ r, c, text: value(from, c) })
  return cells
}

/** The rows to draw, a screen more on either side. */
export const visible = (top, height, size, count) => {
  const n = Math.ceil(height / size)
  return { from: Math.max(0, Math.floor(top / size) - n), to: Math.min(count, Math.floor(top / size) + 2 * n + 1) }
}
