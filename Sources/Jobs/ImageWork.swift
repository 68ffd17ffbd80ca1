import Nodes
import Pipeline
import Store

/// What of one image's work is not done already.
struct ImageWork: Sendable {
    /// Slots that objects of the image come from.
    let ends: [Graph.End]
    /// Of these, those whose objects are to be sought again.
    let stale: [Graph.End]
    /// Measuring steps of the other slots whose values are to be measured again.
    let measures: Set<String>
    /// Steps that objects and measurements of the image depend on.
    let relevant: [String]
    /// Objects are sought again only to replace edited ones.
    let forced: Bool

    /// - Parameter replacing: edited objects are to be replaced: images that have some are sought again, whatever is known of them.
    init(_ image: ImageRecord, plan: Plan, pipeline: ProjectPipeline, replacing: Bool) async throws {
        ends = plan.regionEnds(of: image)
        var (stale, measures): ([Graph.End], Set<String>) = ([], [])
        let isEdited = replacing ? try await !pipeline.project.editFootprint(image: image.id).isEmpty : false
        let now = ends.isEmpty ? [:] : pipeline.states(of: image, plan: plan)
        for end in ends {
            let (known, wanted) = (try await pipeline.runKey(of: image, end: end, plan: plan), RunKey(of: image, end: end, plan: plan))
            if isEdited || known?.regions != wanted.regions {
                stale.append(end)
            } else if known != wanted {
                // Projects of before say only that something is measured otherwise.
                let changed = plan.measurementEnds(of: end).map(\.node).filter { image.states[$0] != now[$0] }
                measures.formUnion(changed.isEmpty ? plan.measurementEnds(of: end).map(\.node) : changed)
            }
        }
        // A step that measures objects of two slots is run with those that are sought.
        let measured = Set(stale.flatMap(plan.measurementEnds).map(\.node))
        (self.stale, self.measures, forced) = (stale, measures.subtracting(measured), isEdited)
        let all = Set(ends + ends.flatMap(plan.measurementEnds))
        relevant = plan.stepsNeeded(for: all, realm: image.realm)
    }
}
