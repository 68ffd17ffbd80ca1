import Pipeline
import Store

/// Of what an image's stored objects and their measurements were made; equal parts need not be computed again.
package struct RunKey: Equatable, Sendable {
    /// Everything that decides where objects are: the nodes up to them, the image, and its pixel size where one of these nodes asks for it.
    package let regions: String
    /// Everything that decides what is measured of them, the pixel size too.
    package let measures: String

    package init(of image: ImageRecord, end: Graph.End, plan: Plan) {
        let pixelSize = image.pixelSize.map { "\($0)" } ?? ""
        let parts = [plan.upstreamFingerprint(of: end), image.sha256, "\(image.page)", "\(image.orientation)", plan.usesPixelSize(upTo: end) ? pixelSize : ""]
            + (plan.usesArea(upTo: end) ? [image.area ?? ""].filter { !$0.isEmpty } : []) + plan.preparedKeys(upTo: end, of: image)
            + (plan.usesCompanions(upTo: end) ? [image.companionDigest] : [])
        regions = Self.digest(parts)
        measures = Self.digest([plan.fingerprint(of: end), pixelSize])
    }

    /// - Parameter text: as stored; nil where something else was stored.
    package init?(_ text: String) {
        let parts = text.split(separator: ":", omittingEmptySubsequences: false)
        guard parts.count == 2 else { return nil }
        (regions, measures) = (String(parts[0]), String(parts[1]))
    }

    /// As it is stored.
    package var text: String { regions + ":" + measures }

    private static func digest(_ parts: [String]) -> String { FileDigest.sha256(Array(parts.joined(separator: "\n").utf8)) }
}
