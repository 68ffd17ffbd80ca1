// Small parts of which all screens are made.
import { h } from './vendor/vue.runtime.js'
import { icon } from './icons.js'
import { keyOf } from './commands.js'
import { keyLabel } from './lib/keys.js'

/** A button with text. `kind`: primary, quiet, danger or none. */
export const button = (text, onClick, { kind = '', iconName, disabled = false, command, title, type = 'button', ...rest } = {}) => h('button', {
  type, class: ['button', kind], disabled, onClick, title: command && keyOf(command) ? `${title ?? text} (${keyLabel(keyOf(command))})` : title,
  'aria-keyshortcuts': command ? keyOf(command).replace('Ctrl', 'Control') || undefined : undefined, ...rest
}, [iconName && icon(iconName, 16), h('span', text)])

/** A square button with a symbol only; its name is for tooltip and reader. */
export const iconButton = (name, label, onClick, { command, size = 18, pressed, disabled = false, corner = false, ...rest } = {}) => h('button', {
  type: 'button', class: ['icon-button', { pressed }], 'aria-label': label, 'aria-pressed': pressed === undefined ? undefined : String(pressed), disabled, onClick,
  title: command && keyOf(command) ? `${label} (${keyLabel(keyOf(command))})` : label, ...rest
}, [icon(name, size), corner && command && keyOf(command) ? h('span', { class: 'corner', 'aria-hidden': 'true' }, keyLabel(keyOf(command)).replace('Shift ', '⇧')) : null])

export const kbd = key => keyLabel(key).split(' ').map(k => h('kbd', k))

/** Slider with its name and value; `text` shows the value. */
export const slider = (label, value, onInput, { min = 0, max = 100, step = 1, text = String(value), disabled = false, onReset, ...rest } = {}) =>
  h('label', { class: 'slider', onDblclick: onReset }, [
    h('span', { class: 'name' }, label),
    h('input', { type: 'range', min, max, step, value, disabled, onInput: e => onInput(Number(e.target.value)), 'aria-valuetext': text, ...rest }),
    h('output', { 'aria-hidden': 'true' }, text)
  ])

export const checkbox = (label, checked, onChange, rest = {}) => h('label', { class: 'check' }, [
  h('input', { type: 'checkbox', checked, onChange: e => onChange(e.target.checked), ...rest }), h('span', label)
])

/** One of a few, as joined buttons. */
export const segmented = (label, options, value, onChange) => h('div', { class: 'segmented', role: 'radiogroup', 'aria-label': label }, options.map(o => h('button', {
  type: 'button', role: 'radio', 'aria-checked': String(o.value === value), tabindex: o.value === value ? 0 : -1, title: o.title ?? o.label, 'aria-label': o.label,
  onClick: () => onChange(o.value),
  onKeydown: e => {
    const d = { ArrowRight: 1, ArrowDown: 1, ArrowLeft: -1, ArrowUp: -1 }[e.key]
    if (!d) return
    e.preventDefault()
    const i = (options.findIndex(x => x.value === value) + d + options.length) % options.length
    onChange(options[i].value)
    e.currentTarget.parentElement.children[i].focus()
  }
}, o.icon ? icon(o.icon, 16) : o.label)))

export const progress = (done, total, label) => {
  const known = total > 0, part = known ? Math.min(1, done / total) : 0
  return h('div', {
    class: ['progress', { unknown: !known }], role: 'progressbar', 'aria-label': label, 'aria-valuemin': 0, 'aria-valuemax': 100,
    'aria-valuenow': known ? Math.round(part * 100) : undefined
  }, h('div', { style: { width: known ? `${part * 100}%` : '30%' } }))
}

/** What a screen says when there is nothing on it yet, and what to do next. */
export const empty = (iconName, title, text, actions = [], heading = 'h2') => h('div', { class: 'empty' },
  [icon(iconName, 40), h(heading, title), h('p', text), actions.length ? h('div', { class: 'row' }, actions) : null])

/** Said while the first answer is under way; shown only when that takes a while. */
export const loading = text => h('p', { class: 'loading', role: 'status' }, [progress(0, 0, text), text])

/** A problem where it arose, with its remedy and a retry. */
export const problem = (error, retry) => h('div', { class: 'problem', role: 'alert' }, [
  icon(error.offline ? 'offline' : 'error', 18), h('div', [h('p', error.message), error.errors?.length ? h('ul', error.errors.map(e => h('li', e))) : null]),
  retry ? button('Try again', retry, { iconName: 'retry' }) : null
])

/** A screen that has nothing but a problem to show. */
export const problemPage = (title, error, retry) => h('div', { class: 'page' }, [h('h1', { class: 'unseen' }, title), problem(error, retry)])

/** With `toggle` its head is a button that opens and closes it. */
export const section = (title, content, { aside = null, key, open = true, toggle } = {}) => h('section', { class: 'section', key }, [
  h('header', [h('h2', toggle ? h('button', { type: 'button', class: 'fold', 'aria-expanded': String(open), onClick: toggle }, [icon(open ? 'down' : 'chevron', 12), title])
    : title), aside]), open ? content : null
])

/** States of images and jobs as word with a mark; colour never alone. */
export const badge = (stateName, text) => h('span', { class: ['badge', stateName] }, [h('i', { 'aria-hidden': 'true' }), text ?? stateName])
