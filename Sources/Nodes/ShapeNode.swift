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
        let objects = values[Self.regions].objects
        let empty = [Double?](repeating: nil, count: ShapeMeasures.columns.count)
        var rows: [[Double?]] = []
        rows.reserveCapacity(objects.count)
        for object in objects {
            try context.checkCancelled()
            rows.append(ShapeMeasures(object.mask)?.values(pixelSize: context.source.pixelSizeMicrometres) ?? empty)
        }
        values[Self.measurements] = MeasurementTable(columns: ShapeMeasures.columns.map(MeasurementColumn.init), rows: rows)
    }
}

extension MeasurementColumn {
    init(_ column: MeasureColumn) {
        self.init(
            name: column.name, unit: column.unit.rawValue, title: column.title, definition: column.definition, source: column.source)
    }
}
