import Operations
import Pipeline
import Raster

/// Measures every object as ZooProcess does.
package struct ZooProcessNode: Node {
    package static let kind = "measure.zooprocess"
    package static let title = "ZooProcess"
    package static let help = """
        ZooProcess's measures under its own names, for dark objects on a bright background. Names that scikit-image uses for \
        something else get zooprocess_ before them.
        """
    static let regions = Slot<RegionSet>("regions", help: "The objects.")
    static let gray = Slot<GrayImage>("gray", help: "The image whose values are measured; 16 bits are taken as 8.")
    package static let measurements = Slot<MeasurementTable>("measurements", help: "One row an object.")
    package static let inputs = [regions.schema, gray.schema]
    package static let outputs = [measurements.schema]
    package static let parameters: [Parameter<Self>] = [
        .boolean(
            \.legacyIntegers, "legacyIntegers", label: "Whole numbers as in old tables",
            help: "Ratios are made from printed values rounded to whole numbers, as ZooProcess's macro did; off: from the values themselves.")
    ]
    package var legacyIntegers = false
    package init() {}

    package func run(_ values: inout SlotValues, context: NodeContext) throws {
        let image = values[Self.gray].anyImage.gray8()
        let columns = MeasureGroup.distinctZooProcessColumns
        let empty = [Double?](repeating: nil, count: columns.count)
        values[Self.measurements] = try MeasurementTable(columns, of: values[Self.regions], context) { mask in
            // All of an object's own pixels are darker than the threshold that found it, so its brightest is as good a limit.
            guard let limit = image.brightest(under: mask) else { return empty }
            return ZooProcessMeasures(mask, image: image, limit: limit, pixelSize: context.source.pixelSizeMicrometres)?.values(legacyIntegers: legacyIntegers) ?? empty
        }
    }
}

extension Image where Pixel == UInt8 {
    /// Brightest level under a mask; nil when none of its pixels lies inside the image.
    fileprivate func brightest(under mask: Mask) -> UInt8? {
        let inside = bounds.contains(mask.bounds) ? mask : mask.clipped(to: bounds)
        if inside.runs.isEmpty { return nil }
        return withBuffer { pixels in
            var most: UInt8 = 0
            for run in inside.runs {
                let row = pixels.baseAddress! + (Int(run.y) &* width &+ Int(run.first))
                for x in 0..<run.count { most = max(most, row[x]) }
            }
            return most
        }
    }
}
