import Codecs
import Nodes
import Pipeline
import Raster
import Store

/// What is drawn on objects' pictures on contact sheets, by the present pipeline.
struct VignetteState: Sendable {
    /// Changes when what is drawn does; empty where nothing is.
    let tag: String
    /// Those that keep the size of a cell's picture: a strip with a scale bar has no place there.
    let steps: [any VignetteStep]

    init(_ plan: Plan?) {
        // One sheet may show objects of frames and of mosaics; they are drawn alike.
        let drawn = plan.flatMap { plan in plan.steps.lazy.compactMap { VignetteSources(showing: plan, realm: $0.realm) }.first }
        steps = drawn?.steps(0).filter(\.keepsSize) ?? []
        // Sheets are cut from the originals' tiles: correcting every image of a project for one look at it would take long.
        tag = steps.isEmpty ? "" : Self.tag(drawn?.state(0) ?? "", isCorrected: false)
    }

    static func tag(_ state: String, isCorrected: Bool) -> String { String(FileDigest.sha256(Array("\(isCorrected)\(state)".utf8)).prefix(8)) }
}
