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
    package static let parameters: [Parameter<Self>] = [
        .boolean(\.moments, "moments", label: "Moments too", help: "Adds inertia, central and normalised moments and Hu's invariants.")
    ]
    package var moments = false
    package init() {}

    package func run(_ values: inout SlotValues, context: NodeContext) throws {
        let columns = ShapeMeasures.columns + (moments ? MomentMeasures.columns : [])
        let empty = [Double?](repeating: nil, count: columns.count)
        values[Self.measurements] = try MeasurementTable(columns, of: values[Self.regions], ofPictures: false, context) { mask in
            guard let shape = ShapeMeasures(mask) else { return empty }
            return shape.values(pixelSize: context.source.pixelSizeMicrometres) + (moments ? MomentMeasures(shape.moments).values() : [])
        }
    }
}

extension MeasurementColumn {
    init(_ column: MeasureColumn) {
        self.init(
            name: column.name, unit: column.unit.rawValue, title: column.title, definition: column.definition, source: column.source)
    }
}
