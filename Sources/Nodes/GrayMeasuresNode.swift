import Operations
import Pipeline
import Raster

/// Measures the gray values under every object.
package struct GrayMeasuresNode: Node {
    package static let kind = "measure.gray"
    package static let title = "Gray levels"
    package static let help = "Mean, spread and distribution of the gray values under each object's mask."
    static let regions = Slot<RegionSet>("regions", help: "The objects.")
    static let gray = Slot<GrayImage>("gray", help: "The image whose values are measured.")
    package static let measurements = Slot<MeasurementTable>("measurements", help: "One row an object.")
    package static let inputs = [regions.schema, gray.schema]
    package static let outputs = [measurements.schema]
    package static let parameters: [Parameter<Self>] = []
    package init() {}

    package func run(_ values: inout SlotValues, context: NodeContext) throws {
        let image = values[Self.gray]
        let empty = [Double?](repeating: nil, count: GrayMeasures.columns.count)
        values[Self.measurements] = try MeasurementTable(GrayMeasures.columns, of: values[Self.regions].objects, context) { mask in
            let measures =
                switch image {
                case .bits8(let image): GrayMeasures(mask, image: image)
                case .bits16(let image): GrayMeasures(mask, image: image)
                }
            return measures?.values() ?? empty
        }
    }
}
