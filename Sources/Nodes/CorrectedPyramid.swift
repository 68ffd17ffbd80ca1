import Codecs
import Foundation
import Pipeline
import Pyramid
import Raster
import Store

extension Plan {
    /// What the last correction of an image gives; nil when the pipeline corrects nothing of it.
    package func correctedEnd(of image: ImageRecord) -> Graph.End? {
        steps.last { $0.nodeClass.group == "correct" && $0.realm == image.realm }.flatMap { step in step.nodeClass.outputs.first.map { Graph.End(step.name, $0.name) } }
    }
}

extension ProjectPipeline {
    /// Place of the pyramid of an image as the pipeline corrects it, below the project folder. Another graph, another place.
    package func correctedPyramidPath(of image: ImageRecord, plan: Plan) -> String? {
        plan.correctedEnd(of: image).map { end in
            let drawn = (plan.usesArea(upTo: end) ? [image.area].compactMap(\.self) : []) + plan.preparedKeys(upTo: end, of: image)
            let state = plan.upstreamFingerprint(of: end).prefix(8) + (drawn.isEmpty ? "" : "-" + FileDigest.sha256(Array(drawn.joined().utf8)).prefix(8))
            return "\(end.node)/\(image.uid)-\(image.page)-\(state).tif"
        }
    }

    /// What a picture of a part of a slot's pixels depends on: of two equal keys the pictures are equal.
    package func pictureKey(of end: Graph.End, image: ImageRecord, plan: Plan, box: Rect, shift: Int) -> String {
        let drawn = plan.usesArea(upTo: end) ? image.area ?? "" : ""
        let parts = [plan.upstreamFingerprint(of: end), image.sha256, "\(image.page) \(image.orientation)", drawn, "\(box) \(shift)"] + plan.preparedKeys(upTo: end, of: image)
        return String(FileDigest.sha256(Array(parts.joined(separator: "\n").utf8)).prefix(16))
    }

    /// Corrects an image and writes the pyramid of the result. Such files can be deleted at any time.
    package func buildCorrectedPyramid(of image: ImageRecord, plan: Plan, context: NodeContext) throws {
        guard let end = plan.correctedEnd(of: image), let relative = correctedPyramidPath(of: image, plan: plan) else {
            throw GraphError(problems: ["the pipeline corrects nothing; add a Vignetting node"])
        }
        let pixels: AnyImage
        switch try values(of: image, wanted: [end], plan: plan, context: context)[end] {
        case let image as AnyImage: pixels = image
        case let gray as GrayImage: pixels = gray.anyImage
        default: preconditionFailure("\(end) holds no image")
        }
        try project.files.makeFolder(end.node)
        try project.files.writeAtPath(relative) { path in
            try PyramidBuilder.build(
                source: MemoryRowReader(pixels.eightBit(), format: .tiff), to: path, pixelSizeMicrometres: image.pixelSize)
        }
    }
}
