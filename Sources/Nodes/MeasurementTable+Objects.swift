import Operations
import Pipeline
import Raster

extension MeasurementTable {
    /// One row for each object, in their order, between which the run can be cancelled.
    ///
    /// - Parameters:
    ///   - ofPictures: true for nodes that look at pixels: they get masks in the coordinates of the pictures' window, and positions among
    ///     what they return are moved back to those of the frame.
    init(
        _ columns: [MeasureColumn], of regions: RegionSet, ofPictures: Bool = true, _ context: NodeContext, _ measure: (Mask) -> [Double?]
    ) throws {
        let (dx, dy) = ofPictures ? (regions.window.x, regions.window.y) : (0, 0)
        let objects = regions.objects
        var rows: [[Double?]] = []
        rows.reserveCapacity(objects.count)
        for object in objects {
            try context.checkCancelled()
            rows.append(measure(dx == 0 && dy == 0 ? object.mask : object.mask.translated(x: -dx, y: -dy)))
        }
        for (names, offset) in [(MeasureColumn.namesOfX, dx), (MeasureColumn.namesOfY, dy)] where offset != 0 {
            for column in columns.indices where names.contains(columns[column].name) {
                for row in rows.indices { rows[row][column] = rows[row][column].map { $0 + Double(offset) } }
            }
        }
        self.init(columns: columns.map(MeasurementColumn.init), rows: rows)
        segments = regions.objectIndices
    }
}
