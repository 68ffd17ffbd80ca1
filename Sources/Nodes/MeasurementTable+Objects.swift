import Operations
import Pipeline
import Raster

extension MeasurementTable {
    /// One row for each object, in their order, between which the run can be cancelled.
    init(_ columns: [MeasureColumn], of objects: [Segment], _ context: NodeContext, _ measure: (Mask) -> [Double?]) throws {
        var rows: [[Double?]] = []
        rows.reserveCapacity(objects.count)
        for object in objects {
            try context.checkCancelled()
            rows.append(measure(object.mask))
        }
        self.init(columns: columns.map(MeasurementColumn.init), rows: rows)
    }
}
