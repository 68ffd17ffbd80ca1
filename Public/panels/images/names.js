// The pattern of file names: what it takes out of them, seen before it is applied.
import { defineComponent, h, reactive, watch } from '../../vendor/vue.runtime.js'
import { post, patch, at } from '../../api.js'
import { state, notify } from '../../state.js'
import { button, section } from '../../ui.js'
import { plural } from '../../lib/format.js'

export const namesSection = defineComponent({
  props: ['images'], emits: ['applied'],
  setup(props, { emit }) {
    const project = state.project
    const view = reactive({ pattern: project.settings?.pattern ?? '', result: null, error: null, busy: false })
    let number = 0, timer
    async function preview() {
      const mine = ++number
      if (!view.pattern.trim() || !props.images.length) { view.result = null; view.error = null; return }
      try {
        const result = await post(at(project, '/imports/preview'), { names: props.images.slice(0, 2000).map(i => i.name), pattern: view.pattern.trim() })
        if (mine === number) { view.result = result; view.error = null }
      } catch (error) { if (mine === number) { view.error = error.message; view.result = null } }
    }
    watch(() => [view.pattern, props.images.length], () => { clearTimeout(timer); timer = setTimeout(preview, 200) }, { immediate: true })

    async function apply(event) {
      event.preventDefault()
      view.busy = true
      try {
        await patch(at(project), { settings: { pattern: view.pattern.trim() || null } })
        state.project.settings = { ...state.project.settings, pattern: view.pattern.trim() }
        const answer = view.pattern.trim() ? await post(at(project, '/metadata/pattern'), { pattern: view.pattern.trim() }) : null
        const n = Array.isArray(answer?.matched) ? answer.matched.length : answer?.matched ?? 0
        notify(answer ? `${plural(n, 'name')} read. New images are read the same way.` : 'File names are not read any more.', { kind: 'done' })
        emit('applied')
      } catch (error) { view.error = error.message } finally { view.busy = false }
    }
    return () => section('File names', [h('form', { class: 'stack', onSubmit: apply }, [
      h('label', { class: 'field' }, [h('span', 'Pattern'), h('input', { class: 'mono', value: view.pattern, spellcheck: 'false', autocomplete: 'off', disabled: project.readOnly,
        placeholder: '{cruise}_{station:d}_{date:%Y%m%d}_{frame:d}', onInput: e => { view.pattern = e.target.value } })]),
      view.error ? h('p', { class: 'field-error', role: 'alert' }, view.error) : null,
      view.result ? h('div', { class: 'pattern-result' }, [
        h('p', { role: 'status' }, [h('strong', plural(view.result.matched.length, 'match', 'matches')), view.result.unmatched.length
          ? h('span', { class: 'bad' }, ` · ${view.result.unmatched.length} without`) : null]),
        view.result.matched.slice(0, 3).map(m => h('div', { class: 'match' }, [h('div', { class: 'mono name' }, m.name),
          h('dl', Object.entries(m.fields).map(([k, v]) => h('div', [h('dt', k), h('dd', v)])))])),
        view.result.unmatched.length ? h('details', [h('summary', `${plural(view.result.unmatched.length, 'name')} that do not match`),
          h('ul', { class: 'mono names' }, view.result.unmatched.slice(0, 200).map(n => h('li', n)))]) : null
      ]) : h('p', { class: 'muted small' }, ['Words in braces become columns; ', h('code', ':d'), ' is a number, ', h('code', ':%Y%m%d'), ' a date.']),
      h('div', { class: 'row' }, [button('Apply', null, { type: 'submit', disabled: project.readOnly || view.busy || (!view.pattern.trim() && !project.settings?.pattern) })])
    ])])
  }
})
