// The screens, in the order of the tabs. One line each.
import projects from './projects/panel.js'
import images from './images/panel.js'
import pipeline from './pipeline/panel.js'
import viewer from './viewer/panel.js'
import gallery from './gallery/panel.js'
import plots from './plots/panel.js'
import jobs from './jobs/panel.js'
import exports from './export/panel.js'
import about from './about/panel.js'

export const panels = [projects, images, pipeline, viewer, gallery, plots, jobs, exports, about]
