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
