import Operations
import Pipeline
import Raster

/// Measures the texture of every object.
package struct TextureNode: Node {
    package static let kind = "measure.texture"
    package static let title = "Texture"
    package static let help = "Haralick's features, mean of four directions, and local binary patterns of the gray values under each object's mask."
    static let regions = Slot<RegionSet>("regions", help: "The objects.")
    static let gray = Slot<GrayImage>("gray", help: "The image whose values are measured.")
    package static let measurements = Slot<MeasurementTable>("measurements", help: "One row an object.")
    package static let inputs = [regions.schema, gray.schema]
    package static let outputs = [measurements.schema]
    package static let parameters: [Parameter<Self>] = [
        .integer(\.distance, "distance", label: "Distance", unit: "px", range: 1...64, help: "From one pixel to the other of each pair that Haralick's features compare."),
        .integer(
            \.levels, "levels", label: "Steps", range: Haralick.Parameters.allowedLevels,
            help: "Steps that the gray scale is divided into for Haralick's features; fewer are less sensitive to noise."),
    ]
    package var distance = 1
    package var levels = 32
    package init() {}

    package func run(_ values: inout SlotValues, context: NodeContext) throws {
        let image = values[Self.gray]
        let parameters = Haralick.Parameters(distance: distance, levels: levels)
        let columns = Haralick.columns(parameters) + LocalBinaryPatterns.columns
        let noPairs = [Double?](repeating: nil, count: Haralick.columns.count)
        let noPatterns = [Double?](repeating: nil, count: LocalBinaryPatterns.columns.count)
        values[Self.measurements] = try MeasurementTable(columns, of: values[Self.regions], context) { mask in
            let (haralick, patterns) =
                switch image {
                case .bits8(let image): (Haralick(mask, image: image, parameters: parameters), LocalBinaryPatterns(mask, image: image))
                case .bits16(let image): (Haralick(mask, image: image, parameters: parameters), LocalBinaryPatterns(mask, image: image))
                }
            return (haralick?.values() ?? noPairs) + (patterns?.values() ?? noPatterns)
        }
    }
}
