// What the screens of a project share about its objects: their columns, which are selected, and which one is looked at.
import { shallowReactive } from './vendor/vue.runtime.js'
import { get, at, all } from './api.js'
import { state, on, later } from './state.js'

export const objects = shallowReactive({
  count: null, ids: [], images: [], columns: {},  // null: not read yet
  rows: new Map(),                                // id → row
  measures: [], names: [],                        // measured columns; images { id, name, levels, … }
  error: null,
  selected: new Set(), focus: null
})
/** Where the gallery was left: its query. */
export const left = { query: null }

let key = '', waiting = new Map(), generation = 0

/** The selection, by ids; always a new set, so that watchers see it. */
export function choose(ids, focus = objects.focus) {
  objects.selected = new Set(ids)
  objects.focus = focus
}

/** Another project begins with nothing. */
function enter() {
  const { user, name } = state.project, now = `${user}/${name}`
  if (now === key) return
  key = now
  origin.clear()
  left.query = null
  Object.assign(objects, { count: null, columns: {}, rows: new Map(), selected: new Set(), focus: null })
}
const origin = new Map()  // id → image, of objects selected in the viewer
const imageOf = id => origin.get(id) ?? objects.images[objects.rows.get(id)]

/** What the viewer of an image selects stands for the part of the selection that lies in it. */
export function share(ids, image) {
  enter()
  const own = ids.filter(Number.isInteger)
  for (const id of own) origin.set(id, image)
  choose([...[...objects.selected].filter(id => imageOf(id) !== image), ...own], own[own.length - 1] ?? objects.focus)
}
/** What the viewer of an image begins with: the ids of its address, and the selection they belong to. */
export function selectedIn(image, ids) {
  enter()
  const own = [...objects.selected].filter(id => imageOf(id) === image)
  return !ids.length || own.includes(ids[ids.length - 1]) ? [...own.filter(id => !ids.includes(id)), ...ids] : ids
}

const numbers = list => Float64Array.from(list, v => v ?? NaN)
const own = ['revision', 'edited', 'area', 'category', 'status']

/** Reads ids and the columns in use; called by each screen that shows objects. */
export async function readObjects() {
  const project = state.project
  enter()
  const mine = ++generation
  waiting = new Map()
  try {
    const names = [...new Set([...own, ...Object.keys(objects.columns).filter(n => !n.includes(':'))])]
    const [table, measures, images] = await Promise.all([
      get(at(project, `/objects/columns?names=${names}`)), get(at(project, '/measures')), all(at(project, '/blobs'), 'images', 5000)
    ])
    if (mine !== generation) return
    const columns = { image: Float64Array.from(table.images), id: Float64Array.from(table.ids) }
    for (const name of names) if (table.columns[name]) columns[name] = numbers(table.columns[name])
    Object.assign(objects, { count: table.count, ids: table.ids, images: table.images, columns, rows: new Map(table.ids.map((id, row) => [id, row])), measures: measures.columns,
      names: images, error: null })
    const kept = [...objects.selected].filter(id => objects.rows.has(id))
    if (kept.length < objects.selected.size) choose(kept, objects.rows.has(objects.focus) ? objects.focus : null)
  } catch (error) { if (mine === generation) objects.error = error }
}

/** A column, read when it is first asked for; "similarity:ID" is the place in the order of likeness. */
export async function column(name) {
  if (!name || objects.columns[name]) return
  if (!waiting.has(name)) waiting.set(name, (async () => {
    const alike = name.startsWith('similarity:'), mine = generation
    const table = await get(at(state.project, `/objects/columns?${alike ? 'sort' : 'names'}=${name}`))
    if (mine !== generation) return
    let values
    if (alike) {
      values = new Float64Array(objects.count).fill(NaN)
      table.ids.forEach((id, place) => { values[objects.rows.get(id)] = place })
    } else if (table.count !== objects.count || table.ids.some((id, row) => id !== objects.ids[row])) return readObjects()
    else values = numbers(table.columns[name])
    objects.columns = { ...objects.columns, [name]: values }
  })().finally(() => waiting.delete(name)))
  return waiting.get(name)
}

/** While a screen shows objects it follows their changes; returns the function that ends it. */
export function follow() {
  const ends = [...['objects', 'labels', 'jobEnded', 'online'].map(type => on(type, () => later('shared', readObjects)))]
  readObjects()
  return () => ends.forEach(end => end())
}

/** Title with unit of a column; titles that stand for several columns get their name. */
export function titleOf(name) {
  const m = objects.measures.find(c => c.name === name)
  if (!m) return { revision: 'Last change', edited: 'Edited', area: 'Area, px²', id: 'Order made', image: 'Image', category: 'Class', status: 'State of the label',
    score: 'Score' }[name] ?? name
  return m.title + (m.unit ? `, ${m.unit}` : '')
}
/** Columns that can be plotted and filtered. */
export const measureNames = () => ['area', ...objects.measures.map(m => m.name).filter(n => n !== 'area')]
