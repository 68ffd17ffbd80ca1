// The pipeline as stored: nodes [{ name, kind, config }], edges [{ from: "node.slot", to: "node.slot" }]. Pure.

/** Node names in an order in which every node follows those it takes from; equal rank keeps the stored order. Nodes of a circle come last. */
export function order(graph) {
  const names = graph.nodes.map(n => n.name)
  const waiting = new Map(names.map(n => [n, new Set()]))
  for (const edge of graph.edges ?? []) {
    const from = nodeOf(edge.from), to = nodeOf(edge.to)
    if (from !== to && waiting.has(to) && waiting.has(from)) waiting.get(to).add(from)
  }
  const result = []
  while (waiting.size) {
    const next = names.find(n => waiting.has(n) && waiting.get(n).size === 0)
    if (next === undefined) return result.concat(names.filter(n => waiting.has(n)))
    waiting.delete(next)
    result.push(next)
    for (const set of waiting.values()) set.delete(next)
  }
  return result
}

// A slot has no point in its name, a node may have none either; the last point parts them.
export const nodeOf = end => end.slice(0, end.lastIndexOf('.'))
export const slotOf = end => end.slice(end.lastIndexOf('.') + 1)

/** The edges that end in this node, by slot: { slot: "node.slot" } */
export function sources(graph, name) {
  const result = {}
  for (const edge of graph.edges ?? []) if (nodeOf(edge.to) === name) result[slotOf(edge.to)] = edge.from
  return result
}

/** The value of a parameter in a node: the stored one, else the declared default. */
export const valueOf = (node, parameter) => node.config?.[parameter.name] ?? parameter.default

/** Whether a parameter counts with the values that the others have now. */
export function applies(node, type, { appliesWhen: when }) {
  const other = when && type.parameters.find(p => p.name === when.parameter)
  return !other || when.values.includes(valueOf(node, other))
}

/** The ends of a slider for a parameter; null where a slider would be of no use. `top` is the brightest gray level of the images. */
export function slide({ type, unit, min, max, step }, top = 255) {
  if ((type !== 'integer' && type !== 'number') || min == null || max == null) return null
  if (unit === 'gray') return { min: min < 0 ? -Math.ceil(top / 4) : min, max: Math.min(max, min < 0 ? Math.ceil(top / 4) : top), step: step ?? 1 }
  return max - min <= 1000 ? { min, max, step: step ?? (type === 'integer' ? 1 : (max - min) / 200) } : null
}

/** What is wrong with a value, in a sentence, or null. */
export function complaint(parameter, value) {
  const { type, min, max, label, unit } = parameter
  const u = unit ? ` ${unit}` : ''
  if (type === 'integer' || type === 'number') {
    if (value === null || value === undefined || value === '') return parameter.optional || parameter.default == null ? null : `${label} needs a number`
    if (typeof value !== 'number' || !isFinite(value)) return `${label} needs a number`
    if (type === 'integer' && !Number.isInteger(value)) return `${label} needs a whole number`
    if (min != null && value < min) return `${label} must be at least ${min}${u}`
    if (max != null && value > max) return `${label} must be at most ${max}${u}`
    if (type === 'integer' && parameter.step > 1 && (value - min) % parameter.step) return `${label} must be ${min}, ${min + parameter.step}, ${min + 2 * parameter.step} …`
  }
  if (type === 'color' && !/^[0-9a-f]{6}$/i.test(value ?? '')) return `${label} needs six hexadecimal digits, RRGGBB`
  if (type === 'choice' && parameter.choices && !parameter.choices.some(c => c.value === value)) return `${label} must be one of the listed choices`
  return null
}

// Composing: each function takes a graph, and gives a new one where it changes something.

/** The type that comes out of "node.slot"; an output may have the type of what comes in. */
export function typeOf(graph, types, end, depth = 0) {
  const slot = types[graph.nodes.find(n => n.name === nodeOf(end))?.kind]?.outputs.find(s => s.name === slotOf(end))
  const from = slot?.sameAs && depth < 99 && sources(graph, nodeOf(end))[slot.sameAs]
  return (from && typeOf(graph, types, from, depth + 1)) || slot?.type
}

const ends = (types, node) => (types[node.kind]?.outputs ?? []).map(s => `${node.name}.${s.name}`)

/** The outputs that may feed an input: of a fitting type, and not of a node that takes from this one. */
export function offers(graph, types, name, input) {
  const after = new Set([name])
  for (let size = 0; size !== after.size;) { size = after.size; for (const e of graph.edges) if (after.has(nodeOf(e.from))) after.add(nodeOf(e.to)) }
  return order(graph).filter(n => !after.has(n)).flatMap(n => ends(types, graph.nodes.find(x => x.name === n))).filter(end => {
    const t = typeOf(graph, types, end)
    return t === input.type || (t === 'gray' && input.type === 'image')
  })
}

/** With these ends as all that feed an input, in their order. */
export const joined = (graph, to, froms) => ({ ...graph, edges: graph.edges.filter(e => e.to !== to).concat(froms.map(from => ({ from, to }))) })

export const without = (graph, name) => ({ nodes: graph.nodes.filter(n => n.name !== name), edges: graph.edges.filter(e => nodeOf(e.from) !== name && nodeOf(e.to) !== name) })

export const renamed = (graph, name, to) => {
  const end = e => nodeOf(e) === name ? `${to}.${slotOf(e)}` : e
  return { nodes: graph.nodes.map(n => n.name === name ? { ...n, name: to } : n), edges: graph.edges.map(e => ({ from: end(e.from), to: end(e.to) })) }
}

/** With a new node of a type, each input that it needs joined to the last output that fits. Returns [graph, name]. */
export function added(graph, types, kind) {
  const stem = kind.split('.').pop().toLowerCase().replace(/[^a-z0-9_-]/g, '') || 'node'
  let name = stem, n = 2
  while (graph.nodes.some(x => x.name === name)) name = stem + n++
  let next = { nodes: graph.nodes.concat({ name, kind, config: {} }), edges: graph.edges }
  for (const input of types[kind].inputs) if (!input.optional) {
    const last = offers(next, types, name, input).pop()
    if (last) next = joined(next, `${name}.${input.name}`, [last])
  }
  return [next, name]
}

/** A node one place up (-1) or down (1) in the order shown; null where it depends on its neighbour. */
export function moved(graph, name, by) {
  const names = order(graph), i = names.indexOf(name), other = names[i + by]
  const [first, second] = by < 0 ? [other, name] : [name, other]
  if (!other || graph.edges.some(e => nodeOf(e.from) === first && nodeOf(e.to) === second)) return null
  names[i] = other
  names[i + by] = name
  return { ...graph, nodes: names.map(n => graph.nodes.find(x => x.name === n)) }
}

/** Rows of node names: each node a row below the lowest that it takes from. */
export function rows(graph) {
  const row = {}, result = []
  for (const n of order(graph)) {
    row[n] = Math.max(-1, ...Object.values(graph.edges).filter(e => nodeOf(e.to) === n).map(e => row[nodeOf(e.from)] ?? -1)) + 1
    ;(result[row[n]] ??= []).push(n)
  }
  return result
}

/** The sentences of `errors` that speak of a node or of one of its slots. */
export const about = (errors, name) => errors.filter(e => e.includes(`"${name}"`) || e.split(/[\s:,()]+/).some(w => w.startsWith(name + '.')))
