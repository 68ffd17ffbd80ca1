import Operations
import Pipeline
import Raster

/// Measures the outline of every object.
package struct ShapeNode: Node {
    package static let kind = "measure.shape"
    package static let title = "Shape"
    package static let help = "Area, axes, perimeter and what follows from them, by scikit-image's definitions, in pixels and in µm."
    static let regions = Slot<RegionSet>("regions", help: "The objects.")
    package static let measurements = Slot<MeasurementTable>("measurements", help: "One row an object.")
    package static let inputs = [regions.schema]
    package static let outputs = [measurements.schema]
    package static let parameters: [Parameter<Self>] = []
    package init() {}

    package func run(_ values: inout SlotValues, context: NodeContext) throws {
        let empty = [Double?](repeating: nil, count: ShapeMeasures.columns.count)
        values[Self.measurements] = try MeasurementTable(ShapeMeasures.columns, of: values[Self.regions].objects, context) { mask in
            ShapeMeasures(mask)?.values(pixelSize: context.source.pixelSizeMicrometres) ?? empty
        }
    }
}

extension MeasurementColumn {
    init(_ column: MeasureColumn) {
        self.init(
            name: column.name, unit: column.unit.rawValue, title: column.title, definition: column.definition, source: column.source)
    }
}
