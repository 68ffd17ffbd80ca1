/// Name, unit and meaning of one measured column; tables, reference page and tooltips are made from it.
public struct MeasureColumn: Hashable, Sendable {
    public enum Unit: String, Sendable, Codable, CaseIterable {
        case pixels = "px"
        case squarePixels = "px²"
        case micrometres = "µm"
        case squareMicrometres = "µm²"
        /// Powers of a pixel's side that moments are counted in.
        case pixels3 = "px³"
        case pixels4 = "px⁴"
        case pixels5 = "px⁵"
        case degrees = "°"
        case radians = "rad"
        case gray = "gray level"
        case squareGray = "gray level²"
        case bits = "bit"
        case percent = "%"
        case ratio = ""
        case count = "count"
        /// Weighted moments: each pixel counts as its gray level, as in the integrated density.
        case graySquarePixels = "gray level·px²"
        case grayPixels3 = "gray level·px³"
        /// Steps that texture divides the gray scale into.
        case steps = "step"
        case squareSteps = "step²"
        case nats = "nat"
    }

    /// Column name in tables; never renamed.
    public let name: String
    public let unit: Unit
    public let title: String
    public let definition: String
    /// Where the definition comes from.
    public let source: String
    /// Tool, with the name it uses, whose number this one equals; nil when no tool gives the same.
    public let equals: String?

    public init(name: String, unit: Unit, title: String, definition: String, source: String, equals: String? = nil) {
        (self.name, self.unit, self.title, self.definition, self.source, self.equals) = (name, unit, title, definition, source, equals)
    }
}

/// Source of measures that follow scikit-image's definition.
let scikitImage = "scikit-image 0.26"

/// Its names, as `regionprops_table` writes them, where ours differ.
private let scikitImageNames = [
    "bbox_min_x": "bbox-1", "bbox_min_y": "bbox-0", "bbox_max_x": "bbox-3", "bbox_max_y": "bbox-2",
    "centroid_x": "centroid-1", "centroid_y": "centroid-0", "centroid_weighted_x": "centroid_weighted-1", "centroid_weighted_y": "centroid_weighted-0",
]

/// Columns of a group of measures, and how to get their values.
struct MeasureTable<Subject>: Sendable {
    private enum Scale: Sendable { case none, length, area }

    /// How to get a value; apart from the columns, so that filling a row touches no texts.
    private struct Cell: Sendable {
        let scale: Scale
        let value: @Sendable (Subject) -> Double?
    }

    private(set) var columns: [MeasureColumn] = []
    private var cells: [Cell] = []

    /// - Parameters:
    ///   - equals: of measures by scikit-image's definition, when left out, scikit-image with the same name.
    ///   - micrometreName: also adds a column of this name with the value in µm or µm².
    mutating func add(
        _ name: String, _ unit: MeasureColumn.Unit, _ title: String, _ definition: String, source: String = scikitImage,
        equals: String? = nil, micrometreName: String? = nil, _ value: @escaping @Sendable (Subject) -> Double?
    ) {
        let equals = equals ?? (source == scikitImage ? "scikit-image \(scikitImageNames[name] ?? name)" : nil)
        let column = MeasureColumn(name: name, unit: unit, title: title, definition: definition, source: source, equals: equals)
        columns.append(column)
        cells.append(Cell(scale: .none, value: value))
        guard let micrometreName else { return }
        let isArea = unit == .squarePixels
        let scaled = MeasureColumn(
            name: micrometreName, unit: isArea ? .squareMicrometres : .micrometres, title: title,
            definition: "\(definition); in \(isArea ? "µm²" : "µm") by the image's pixel size, empty without one", source: source,
            equals: equals.map { "\($0) × pixel size\(isArea ? "²" : "")" })
        columns.append(scaled)
        cells.append(Cell(scale: isArea ? .area : .length, value: value))
    }

    /// Values in column order; µm columns are nil without a pixel size, and nothing is ever infinite or not a number.
    func values(_ subject: Subject, pixelSize: Double?) -> [Double?] {
        let size = pixelSize.flatMap { $0 > 0 ? $0 : nil }
        return [Double?](unsafeUninitializedCapacity: cells.count) { values, count in
            cells.withUnsafeBufferPointer { cells in
                for index in 0..<cells.count { (values.baseAddress! + index).initialize(to: scaled(cells[index].value(subject), cells[index].scale, size)) }
            }
            count = cells.count
        }
    }

    @inline(__always) private func scaled(_ value: Double?, _ scale: Scale, _ pixelSize: Double?) -> Double? {
        guard let value, value.isFinite else { return nil }
        if scale == .none { return value }
        guard let pixelSize else { return nil }
        let scaled = scale == .area ? value * pixelSize * pixelSize : value * pixelSize
        return scaled.isFinite ? scaled : nil
    }
}
