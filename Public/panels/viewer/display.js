// Display section: how the stored values are shown. Nothing here touches what is measured or exported.
import { h, ref } from '../../vendor/vue.runtime.js'
import { button, slider, checkbox, segmented, section } from '../../ui.js'
import { get } from '../../api.js'
import { later, memory } from '../../state.js'
import { count } from '../../lib/format.js'
import { neutralOf, topOf, bandsOf, isNeutral, decode, contrastOf, brightnessOf, withContrast, withBrightness, bandColors, withBand, axisOf, curve } from '../../lib/display.js'

const signed = n => (n > 0 ? '+' : '') + String(Math.round(n)).replace('-', '\u2212')

const keyOfKind = image => `viewer.display.${image.bits}.${bandsOf(image)}`
/** Settings of this image: from the address, else as last used for images of the same depth and bands. `auto`: window of its plain tiles, where that is not all values. */
export function settingsFor(image, text, auto) {
  const top = topOf(image), read = t => decode(t, top, bandsOf(image))
  return { ...neutralOf(top, auto?.min, auto?.max), ...read(text) ?? read(memory.load(keyOfKind(image), null)) }
}
export const keepSettings = (image, text) => memory.save(keyOfKind(image), text)

/** `host`: { view, display, visible() → box in view, P, change(settings), saveScreen(), screen } */
export function createDisplay(host) {
  const histogram = ref(null)
  const all = ref(false)
  let asked = '', data = null  // { low, high } of the whole image
  /** The histogram of what is in view. */
  async function look() {
    const b = host.visible(), address = b && `?x=${b.x}&y=${b.y}&width=${b.width}&height=${b.height}`
    if (!b || asked === address) return
    asked = address
    try {
      const answer = await get(host.P(`/blobs/${host.view.image.id}/histogram${address}`))
      if (asked === address) histogram.value = answer
    } catch { asked = '' }
  }
  /** Window of the plain tiles of an image of 16 bits. */
  async function range() {
    try {
      const { channels } = await get(host.P(`/blobs/${host.view.image.id}/histogram`)), found = channels.map(c => c.auto)
      data = { low: Math.min(...channels.map(c => c.low)), high: Math.max(...channels.map(c => c.high)) }
      return { min: Math.min(...found.map(a => a.min)), max: Math.max(...found.map(a => a.max)) }
    } catch { return null }
  }
  // Once the view rests, and only while somebody sees it.
  const rest = () => later('histogram', () => { if (host.view.sideOpen && host.screen.open) look() }, 250)
  async function auto() {
    await look()
    const found = histogram.value?.channels.map(c => c.auto) ?? []
    const min = Math.min(...found.map(a => a.min)), max = Math.max(...found.map(a => a.max))
    if (max > min) host.change({ min, max })
  }

  function windowOf(d) {
    const channels = histogram.value?.channels ?? [], most = Math.max(1, ...channels.flatMap(c => c.counts)), { low: first, high: last } = axisOf(d, data, all.value)
    const x = v => Math.min(256, Math.max(0, (v - first) / (last + 1 - first) * 256)), part = c => (d.top > 255 ? [x(c.low), x(c.high + 1)] : [0, 256])
    const point = (name, label, low, high) => h('input', { type: 'range', min: first, max: last, value: d[name], 'aria-label': label, 'aria-valuetext': String(d[name]),
      onInput: e => host.change({ [name]: Math.min(high, Math.max(low, Number(e.target.value))) }) })
    const typed = (name, label) => h('input', { type: 'number', class: 'number', step: 'any', value: d[name], 'aria-label': `${label}, value`,
      onChange: e => { const v = Number(e.target.value); if (isFinite(v) && (name === 'min' ? v < d.max : v > d.min)) host.change({ [name]: v }); else e.target.value = d[name] } })
    return h('div', { class: 'window' }, [
      h('svg', { viewBox: '0 0 256 64', preserveAspectRatio: 'none', role: 'img', 'aria-label': 'Histogram of the part in view, logarithmic' }, [
        ...channels.map((c, i) => h('polygon', { class: ['curve', channels.length > 1 ? `band-${i}` : ''], points: curve(c.counts, most, ...part(c)) })),
        h('path', { class: 'cut', d: `M0,0H${x(d.min)}V64H0ZM${x(d.max)},0H256V64H${x(d.max)}Z` }), h('path', { class: 'edge', d: `M${x(d.min)},0V64M${x(d.max)},0V64` })
      ]),
      h('div', { class: 'points' }, [point('min', 'Black point', -Infinity, d.max - 1), point('max', 'White point', d.min + 1, Infinity)]),
      h('div', { class: 'row between' }, [typed('min', 'Black point'), button('Auto', auto, { kind: 'quiet', command: 'viewer.auto', title: 'Window to the values in view' }),
        typed('max', 'White point')]),
      d.top > 255 ? h('div', { class: 'row between' }, [checkbox('All values', all.value, on => { all.value = on }),
        h('span', { class: 'muted small' }, `${count(first)} to ${count(last)}`)]) : null
    ])
  }
  function bands(d) {
    const n = bandsOf(host.view.image), own = bandColors(n), names = histogram.value?.channels.map(c => c.name) ?? []
    return n < 2 ? null : h('div', { class: 'bands', role: 'group', 'aria-label': 'Bands' }, own.map((o, i) => {
      const color = d.channels?.[i] ?? o, name = names[i] ?? (n === 3 ? ['Red', 'Green', 'Blue'][i] : `Band ${i + 1}`),
        to = c => host.change({ channels: withBand(d.channels, n, i, c) })
      return h('span', { class: 'row' }, [checkbox(name, color !== '-', on => to(on ? o : '-')),
        h('input', { type: 'color', value: `#${color === '-' ? o : color}`, disabled: color === '-', 'aria-label': `Colour of ${name}`,
        onChange: e => to(e.target.value.slice(1).toUpperCase()) })])
    }))
  }
  function toggle(open = !host.screen.open) {
    host.screen.open = open
    host.saveScreen()
    rest()
  }
  return {
    look: rest, auto, range, toggle,
    section() {
      const d = host.display, { screen } = host, contrast = contrastOf(d), brightness = brightnessOf(d)
      const range = (label, value, text, min, max, set, neutral) => slider(label, value, n => host.change(set(n)),
        { min, max, step: 1, text, onReset: () => host.change(set(neutral)) })
      return section('Display', !screen.open ? null : [
        windowOf(d),
        range('Brightness', brightness, signed(brightness), -100, 100, n => withBrightness(d, n), 0),
        range('Contrast', Math.round(100 * Math.log10(contrast)), contrast.toFixed(2), -100, 150, n => withContrast(d, 10 ** (n / 100)), 0),
        range('Gamma', Math.round(100 * Math.log10(d.gamma)), d.gamma.toFixed(2), -70, 70, n => ({ gamma: +(10 ** (n / 100)).toFixed(3) }), 0),
        bands(d),
        h('div', { class: 'row wrap' }, [checkbox('Invert', d.invert, invert => host.change({ invert })),
          checkbox('Sharp pixels', screen.pixelated, on => { screen.pixelated = on; host.saveScreen() })]),
        h('div', { class: 'around' }, [h('span', 'Around'), segmented('Around the image', ['Calm', 'Black', 'Gray', 'White',
          'Checks'].map(label => ({ value: label.toLowerCase(), label })), screen.canvas, c => { screen.canvas = c; host.saveScreen() })])
      ], { key: 'display', open: screen.open, toggle: () => toggle(), aside: isNeutral(d) ? null
        : button('Not neutral · reset', () => host.change(neutralOf(d.top, d.low, d.high)),
        { kind: 'tag', title: 'Changed on screen only; measurements and exports are not touched' }) })
    }
  }
}
