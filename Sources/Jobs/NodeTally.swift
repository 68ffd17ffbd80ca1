import Nodes
import Operations
import Pipeline
import Raster

/// What one node of the pipeline has done in a run: over how many images, in how long, and what came out of it.
package struct NodeTally: Codable, Sendable, Equatable {
    package var name: String
    /// Images done.
    package var done = 0
    /// Of these, images on which only its pixels were needed again: what it makes is as before.
    package var again: Int?
    /// Images on which it did not run, because its result is as before.
    package var kept: Int?
    /// Seconds of all threads together.
    package var seconds = 0.0
    /// To the end of this node's work at its pace so far, all threads working; nil until it has done something, and when all is done.
    package var secondsLeft: Double?
    /// Of masks: pixels that are true, of how many.
    package var pixels: Int?
    package var framePixels: Int?
    /// Of nodes that make objects.
    package var objects: Int?
    package var rejects: [String: Int]?
    /// Of nodes that measure: columns.
    package var columns: Int?

    package init(name: String) { self.name = name }

    /// Counts in what came out for one more image.
    mutating func add(_ value: any SlotValue) {
        switch value {
        case let mask as Mask:
            pixels = (pixels ?? 0) + mask.area
            framePixels = (framePixels ?? 0) + mask.bounds.area
        case let set as RegionSet:
            var counts = rejects ?? [:]
            for segment in set.segments { if let rule = segment.rejectedBy { counts[rule, default: 0] += 1 } else { objects = (objects ?? 0) + 1 } }
            (objects, rejects) = (objects ?? 0, counts)
        case let table as MeasurementTable: columns = table.columns.count
        default: break
        }
    }

    /// For the log.
    var sentence: String {
        var parts: [String] = []
        let pixels = (again ?? 0) > 0 ? " (on \(again ?? 0) only for its pixels, its result is as before)" : ""
        if done > 0 { parts.append("ran on \(done) image\(done == 1 ? "" : "s") in \((seconds * 1000).rounded() / 1000) s\(pixels)") }
        if let kept, kept > 0 { parts.append("kept on \(kept)") }
        return "\(name): \(parts.isEmpty ? "nothing to do" : parts.joined(separator: ", "))"
    }
}
