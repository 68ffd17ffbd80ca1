import Raster

/// Measures objects by chosen groups of measures and names the columns of all of them.
///
/// An object is measured in a crop of its own box, whatever image it comes from, so that the same object gives the same
/// numbers to the last bit from a whole image, from a strip and with more background around. Beside other groups ZooProcess's
/// columns have the names of ``MeasureGroup/distinctZooProcessColumns``.
public struct ObjectMeasurer: Sendable {
    /// Columns in the order of `values(...)`.
    public let columns: [MeasureColumn]
    /// Whether `values` asks for colour.
    public let needsColor: Bool
    private let parts: [Part]
    private let options: Options

    fileprivate struct Options {
        let brightObjects: Bool
        let legacyIntegers: Bool
    }

    /// - Parameters:
    ///   - groups: in the order of their columns, each once.
    ///   - brightObjects: ZooProcess, which knows dark objects only, gets the inverted picture.
    ///   - legacyIntegers: ZooProcess's ratios as its old tables hold them.
    public init(_ groups: [MeasureGroup], brightObjects: Bool = false, legacyIntegers: Bool = false) {
        precondition(Set(groups).count == groups.count, "a group is named twice in \(groups.map(\.rawValue))")
        parts = groups.flatMap { Part.of($0) }
        columns = groups.flatMap { $0 == .zooprocess && groups.count > 1 ? MeasureGroup.distinctZooProcessColumns : $0.columns }
        precondition(columns.count == parts.reduce(0) { $0 + $1.columns.count } && Set(columns.map(\.name)).count == columns.count, "columns are not one to one with values")
        options = Options(brightObjects: brightObjects, legacyIntegers: legacyIntegers)
        needsColor = groups.contains(.color)
    }

    /// - Parameters:
    ///   - mask: the object in image coordinates, not empty.
    ///   - gray: 8- or 16-bit gray levels of the image inside `window`. ZooProcess takes 16-bit levels / 257.
    ///   - color: 8- or 16-bit colours inside `window`; nil where the image is gray.
    ///   - window: part of the image that the pixels are; must hold the mask's box.
    ///   - limit: threshold in 8-bit levels (of the inverted picture for bright objects) for ZooProcess, which counts brighter pixels as holes;
    ///     nil takes the brightest pixel of the mask.
    ///   - pixelSize: side of a pixel in µm; without it the µm columns are empty.
    /// - Returns: a value for each of `columns`; nil where there is none. Never infinite or not a number.
    public func values(
        _ mask: Mask, gray: AnyImage, color: AnyImage? = nil, window: Rect, limit: UInt8? = nil, pixelSize: Double? = nil
    ) -> [Double?] {
        let box = mask.boundingBox
        precondition(!box.isEmpty && window.contains(box), "object \(box) is not inside \(window)")
        precondition(gray.width == window.width && gray.height == window.height, "gray picture is not of the size of \(window)")
        precondition(color == nil || color?.width == window.width && color?.height == window.height, "colour picture is not of the size of \(window)")
        let inWindow = Rect(x: box.x - window.x, y: box.y - window.y, width: box.width, height: box.height)
        let isTight = box == window
        let subject = Subject(
            mask: mask, box: box, gray: isTight ? gray : gray.cropped(to: inWindow), color: isTight ? color : color?.cropped(to: inWindow), limit: limit,
            pixelSize: pixelSize, options: options)
        var values: [Double?] = []
        values.reserveCapacity(columns.count)
        for part in parts { part.append(subject, to: &values) }
        return values
    }
}

extension ObjectMeasurer {
    /// The same for a large object, to the last bit; of its shape and gray levels only a band of rows is in memory at a time.
    ///
    /// Other groups take the object and its picture as a whole.
    /// - Parameter pictures: gray levels and colours inside a part of the mask's box, as `values(_:gray:...)` takes them.
    public func values(
        _ mask: LargeMask, limit: UInt8? = nil, pixelSize: Double? = nil,
        pictures: (Rect) throws -> (gray: AnyImage, color: AnyImage?)
    ) rethrows -> [Double?] {
        let box = mask.box
        precondition(!box.isEmpty, "a mask without foreground is no object")
        var sums: GraySums?
        if parts.contains(where: { $0.ofSums != nil }) {
            try mask.forEachBand { band in
                let gray = try pictures(band.bounds).gray
                if sums == nil { sums = GraySums(box: box, bitsPerSample: gray.bitsPerSample) }
                sums!.add(band, image: gray, window: band.bounds)
            }
        }
        var whole: Subject?
        var values: [Double?] = []
        values.reserveCapacity(columns.count)
        for part in parts {
            if let measure = part.ofLarge {
                part.append(measure(mask, pixelSize), box, to: &values)
            } else if let measure = part.ofSums, let sums {
                part.append(measure(sums), box, to: &values)
            } else {
                if whole == nil {
                    let pictures = try pictures(box)
                    whole = Subject(mask: mask.mask, box: box, gray: pictures.gray, color: pictures.color, limit: limit, pixelSize: pixelSize,
                        options: options)
                }
                part.append(whole!, to: &values)
            }
        }
        return values
    }
}

extension AnyImage {
    fileprivate var bitsPerSample: Int {
        switch self {
        case .gray8, .color8: 8
        case .gray16, .color16: 16
        }
    }
}

extension MeasureColumn {
    /// Columns, made from pixels, that hold places in the image: what is measured in a part of it is moved by the part's corner.
    package static let namesOfX: Set<String> = ["centroid_weighted_x", "x", "xm", "bx", "xstart"]
    package static let namesOfY: Set<String> = ["centroid_weighted_y", "y", "ym", "by", "ystart"]
}

/// What the measures of one object are made from.
private struct Subject {
    /// In image coordinates.
    let mask: Mask
    let box: Rect
    /// The same in coordinates of the box, as the pictures have them.
    let local: Mask
    let gray: AnyImage
    let gray8: Image<UInt8>
    let color: AnyImage?
    let limit: UInt8?
    let pixelSize: Double?
    let options: ObjectMeasurer.Options

    init(mask: Mask, box: Rect, gray: AnyImage, color: AnyImage?, limit: UInt8?, pixelSize: Double?, options: ObjectMeasurer.Options) {
        (self.mask, self.box, self.gray, self.color, self.limit, self.pixelSize, self.options) = (mask, box, gray, color, limit, pixelSize, options)
        let (dx, dy) = (Int32(box.x), Int32(box.y))
        let local = Mask(
            bounds: Rect(x: 0, y: 0, width: box.width, height: box.height),
            sortedRuns: mask.runs.map { Run(y: $0.y - dy, first: $0.first - dx, last: $0.last - dx) })
        self.local = local
        // Rounded level / 257.
        if case .gray16(let image) = gray { gray8 = image.mapped { UInt8(truncatingIfNeeded: (UInt32($0) &+ 128) / 257) } } else { gray8 = gray.gray8() }
    }

    /// As ZooProcess measures it: dark on bright.
    var zooProcess: ZooProcessMeasures? {
        let picture = options.brightObjects ? gray8.mapped { 255 &- $0 } : gray8
        return ZooProcessMeasures(local, image: picture, limit: limit ?? picture.brightest(under: local), pixelSize: pixelSize)
    }
}

/// Columns that one type of measures fills, and how.
private struct Part: Sendable {
    let columns: [MeasureColumn]
    private let columnsOfX: [Int]
    private let columnsOfY: [Int]
    private let measure: @Sendable (Subject) -> [Double?]?
    /// The same values of a large mask, or of the gray levels under it; nil where only the whole object will do.
    let ofLarge: (@Sendable (LargeMask, Double?) -> [Double?]?)?
    let ofSums: (@Sendable (GraySums) -> [Double?]?)?

    /// - Parameter isLocal: measured in coordinates of the box; positions are moved to the image's.
    init(
        _ columns: [MeasureColumn], isLocal: Bool, ofLarge: (@Sendable (LargeMask, Double?) -> [Double?]?)? = nil,
        ofSums: (@Sendable (GraySums) -> [Double?]?)? = nil, _ measure: @escaping @Sendable (Subject) -> [Double?]?
    ) {
        (self.columns, self.measure, self.ofLarge, self.ofSums) = (columns, measure, ofLarge, ofSums)
        columnsOfX = isLocal ? columns.indices.filter { MeasureColumn.namesOfX.contains(columns[$0].name) } : []
        columnsOfY = isLocal ? columns.indices.filter { MeasureColumn.namesOfY.contains(columns[$0].name) } : []
    }

    /// The table of groups: a line for each type of measures.
    static func of(_ group: MeasureGroup) -> [Part] {
        switch group {
        case .shape:
            [
                Part(
                    ShapeMeasures.columns + MomentMeasures.columns, isLocal: false,
                    ofLarge: { mask, pixelSize in ShapeMeasures(mask).map { values($0, pixelSize) } }
                ) { object in ShapeMeasures(object.mask).map { values($0, object.pixelSize) } }
            ]
        case .gray:
            [
                Part(GrayMeasures.columns, isLocal: true, ofSums: { GrayMeasures($0)?.values() }) { object in
                    if case .gray16(let image) = object.gray { return GrayMeasures(object.local, image: image)?.values() }
                    return GrayMeasures(object.local, image: object.gray8)?.values()
                },
                Part(GrayQuantiles.columns, isLocal: true, ofSums: { GrayQuantiles($0)?.values() }) { object in
                    if case .gray16(let image) = object.gray { return GrayQuantiles(object.local, image: image)?.values() }
                    return GrayQuantiles(object.local, image: object.gray8)?.values()
                },
                Part(WeightedMoments.columns, isLocal: true, ofSums: { WeightedMoments($0)?.values() }) { object in
                    if case .gray16(let image) = object.gray { return WeightedMoments(object.local, image: image)?.values() }
                    return WeightedMoments(object.local, image: object.gray8)?.values()
                },
            ]
        case .zooprocess:
            [
                Part(ZooProcessMeasures.columns, isLocal: true) { object in
                    object.zooProcess?.values(legacyIntegers: object.options.legacyIntegers)
                }
            ]
        case .color:
            [
                Part(ColorMeasures.columns, isLocal: true) { object in
                    // A gray image has three equal channels.
                    ColorMeasures(object.local, image: object.color ?? object.gray)?.values()
                },
                Part(FocusMeasures.columns, isLocal: true) { object in
                    if case .gray16(let image) = object.gray { return FocusMeasures(object.local, image: image)?.values() }
                    return FocusMeasures(object.local, image: object.gray8)?.values()
                },
            ]
        case .texture:
            [
                Part(Haralick.columns, isLocal: true) { object in
                    if case .gray16(let image) = object.gray { return Haralick(object.local, image: image)?.values() }
                    return Haralick(object.local, image: object.gray8)?.values()
                },
                Part(LocalBinaryPatterns.columns, isLocal: true) { object in
                    if case .gray16(let image) = object.gray { return LocalBinaryPatterns(object.local, image: image)?.values() }
                    return LocalBinaryPatterns(object.local, image: object.gray8)?.values()
                },
            ]
        }
    }

    private static func values(_ shape: ShapeMeasures, _ pixelSize: Double?) -> [Double?] {
        shape.values(pixelSize: pixelSize) + MomentMeasures(shape.moments).values()
    }

    func append(_ object: Subject, to values: inout [Double?]) { append(measure(object), object.box, to: &values) }

    func append(_ measured: [Double?]?, _ box: Rect, to values: inout [Double?]) {
        let start = values.count
        guard let measured else {
            values.append(contentsOf: repeatElement(nil, count: columns.count))
            return
        }
        precondition(measured.count == columns.count, "\(measured.count) values for \(columns.count) columns")
        values.append(contentsOf: measured)
        for index in columnsOfX { values[start + index] = values[start + index].map { $0 + Double(box.x) } }
        for index in columnsOfY { values[start + index] = values[start + index].map { $0 + Double(box.y) } }
    }
}

extension Image where Pixel == UInt8 {
    /// Brightest level of the pixels of a mask that lies inside the image.
    fileprivate func brightest(under mask: Mask) -> UInt8 {
        withBuffer { pixels in
            var brightest: UInt8 = 0
            for run in mask.runs {
                let row = Int(run.y) &* width
                for index in (row &+ Int(run.first))...(row &+ Int(run.last)) { brightest = max(brightest, pixels[index]) }
            }
            return brightest
        }
    }
}
