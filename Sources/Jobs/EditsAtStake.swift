import Foundation
import Nodes
import Pipeline
import Store

/// What people changed by hand on images that the next run would compute: what a run asks about before it touches them.
package struct EditsAtStake: Sendable {
    package struct Image: Sendable, Equatable {
        package let id: ObjectID
        package let name: String
        /// Objects made or changed by hand.
        package let edited: Int
        /// Objects of a run taken away by hand.
        package let removed: Int
    }

    /// By name.
    package let images: [Image]
    package var isEmpty: Bool { images.isEmpty }

    /// - Parameter chosen: only these images; nil for all.
    package init(project: Project, pipeline: ProjectPipeline, plan: Plan, images chosen: [ObjectID]?) async throws {
        let counts = try await project.editCounts()
        guard !counts.isEmpty else {
            images = []
            return
        }
        var all = try await project.allImages()
        var replaced: Set<ObjectID> = []
        // Groups that would be looked at anew, in the order of the steps, since one may feed the next.
        for step in plan.steps {
            if let node = step.node as? any PreparedNode {
                for (_, frames) in try await pipeline.groups(all, realm: step.realm, by: { node.group(of: $0) }) {
                    let key = pipeline.groupKey(frames, step: step, plan: plan, identity: { node.identity(of: $0) })
                    let ids = Set(frames.map(\.image.id))
                    for index in all.indices where ids.contains(all[index].id) { all[index].prepared[step.name] = key }
                }
            }
            if let node = step.node as? any GatheringNode {
                for (name, frames) in try await pipeline.groups(all, realm: step.realm, by: { node.group(of: $0) }) {
                    let key = pipeline.groupKey(frames, step: step, plan: plan, identity: { node.identity(of: $0) })
                    replaced.formUnion(all.filter { $0.node == step.name && $0.made?.group == name && $0.made?.key != key }.map(\.id))
                }
            }
        }
        var found: [Image] = []
        for image in all {
            guard let count = counts[image.id], count.edited + count.removed > 0, chosen?.contains(image.id) ?? true else { continue }
            let isComputed = try await !ImageWork(image, plan: plan, pipeline: pipeline, replacing: false).stale.isEmpty
            if replaced.contains(image.id) || isComputed { found.append(Image(id: image.id, name: image.name, edited: count.edited, removed: count.removed)) }
        }
        images = found.sorted { ($0.name, $0.id) < ($1.name, $1.id) }
    }

    /// Counts by image, the first few named.
    package var sentence: String {
        func objects(_ count: Int) -> String { count == 1 ? "1 object" : "\(count) objects" }
        let (edited, removed) = (images.reduce(0) { $0 + $1.edited }, images.reduce(0) { $0 + $1.removed })
        let what = [edited > 0 ? "\(objects(edited)) edited by hand" : nil, removed > 0 ? "\(objects(removed)) taken away by hand" : nil].compactMap(\.self)
            .joined(separator: " and ")
        let named = images.prefix(3).map { "\($0.name) (\($0.edited + $0.removed))" }.joined(separator: ", ") + (images.count > 3 ? " and \(images.count - 3) more" : "")
        return "this run computes \(images.count == 1 ? "an image" : "\(images.count) images") with \(what): \(named)"
    }
}
