import Codecs
import Raster
import Store

/// Labelled objects that a run finds with another outline stay the same objects, so that what was said of them stays too.
///
/// Identities are made of the place of an object's first pixel, which another threshold moves. Only labelled objects are followed: the identities
/// of all others depend on nothing but image and pipeline, and are the same on every machine.
package enum FollowedLabels {
    /// Pixels of both by pixels of either, beyond which two masks are one object. From a half on no object can have two partners, as the
    /// objects of one result do not overlap.
    package static let overlap = 0.5

    /// A labelled object with its 1-bit PNG of its box.
    package struct Labelled: Sendable {
        let uid: String
        let box: Rect
        let png: [UInt8]

        package init(uid: String, box: Rect, png: [UInt8]) { (self.uid, self.box, self.png) = (uid, box, png) }
    }

    /// Gives regions of a result the identities of the labelled objects that they are now.
    ///
    /// - Parameters:
    ///   - labelled: labelled objects that the result replaces.
    ///   - known: identities of all objects that the result replaces: a region with one of these is that object.
    /// - Returns: the result, and how many labelled objects it does not have any more.
    package static func followed(in result: ImageResult, labelled: [Labelled], known: Set<String>) throws -> (result: ImageResult, lost: Int) {
        let present = Set(result.regions.map(\.uid))
        var result = result
        var lost = 0
        var free = result.regions.indices.filter { !known.contains(result.regions[$0].uid) }
        for object in labelled where !present.contains(object.uid) {
            let mask = try MaskPNG.decode(object.png, origin: (object.box.x, object.box.y))
            let heir = try free.first { index in
                let region = result.regions[index]
                // Boxes decide most cases without a look at pixels: no more can be common than the boxes share.
                let shared = region.box.intersection(object.box)
                guard Double(min(shared.area, region.area, mask.area)) > overlap * Double(max(region.area, mask.area)) else { return false }
                let common = try MaskPNG.decode(region.png, origin: (region.box.x, region.box.y)).intersection(mask).area
                return Double(common) > overlap * Double(region.area + mask.area - common)
            }
            guard let heir else {
                lost += 1
                continue
            }
            free.removeAll { $0 == heir }
            let own = result.regions[heir].uid
            result.regions[heir].uid = object.uid
            if let said = result.categories.removeValue(forKey: own) { result.categories[object.uid] = said }
        }
        return (result, lost)
    }
}
